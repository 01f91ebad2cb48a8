"""Records by their ids, and the lists of customers: newest first, many customers in one query.

CreatedDate is a record's moment in its customer's lists, of contacts, contracts and opportunities alike: it never
changes, so a position stays where it is. It is exact to the second; ties are in the order of the ids, of which
Salesforce and we think alike: digits, capitals, small letters.
"""

from collections.abc import Sequence
from typing import TypeVar

from sources.canonical.provenance import CustomerRef, Listed, Position
from sources.capabilities import MAX_UPSTREAM_PAGES, PAGE_SIZE, Answer, Page, Window
from sources.faults import SourceFault
from sources.paging import page_of
from sources.salesforce import soql
from sources.salesforce.mapping import ACCOUNT
from sources.salesforce.reader import Entity, Reader, in_parts
from sources.salesforce.shapes import Child, Spoiled

C = TypeVar("C", bound=Child)
L = TypeVar("L", bound=Listed)
ROWS_PER_PAGE = 2_000  # of a query result, at most; a hint only, so pages are followed until the last one
MOST_ROWS = MAX_UPSTREAM_PAGES * ROWS_PER_PAGE


async def by_ids(reader: Reader, entity: Entity[C, L], ids: Sequence[str]) -> Answer[str, L | None]:
    """Each record by its id of 15 or 18 characters; None where there is none, or the user does not see it."""
    full = {record_id: soql.full_id(record_id) for record_id in ids}

    async def ask(part: tuple[str, ...], text: str) -> dict[str, L | SourceFault | None]:
        rows = await reader.whole(entity, f"WHERE Id IN {text}")
        found: dict[str, L | SourceFault | None] = dict.fromkeys(part)
        found.update((row.Id, record) for row, record in reader.records(entity, rows))
        return found

    found = await in_parts([known for known in full.values() if known], soql.WHERE_CHARACTERS - len("Id IN "), ask)
    return {record_id: found.get(known) if known else None for record_id, known in full.items()}


async def of_customers(
    reader: Reader, entity: Entity[C, L], customers: Sequence[CustomerRef], window: Window
) -> Answer[CustomerRef, Page[L]]:
    """The window of each customer's list."""
    ids = {ref: soql.full_id(ref.id) if ref.type == ACCOUNT else None for ref in customers}
    after = _after(window.after)

    async def ask(part: tuple[str, ...], text: str) -> dict[str, Page[L] | SourceFault]:
        where = f"WHERE AccountId IN {text}{after} ORDER BY CreatedDate DESC, Id DESC"
        return await _windows(reader, entity, part, where, window)

    room = soql.WHERE_CHARACTERS - len("AccountId IN ") - len(after)
    found = await in_parts([known for known in ids.values() if known], room, ask)
    return {ref: found[known] if known else Page(()) for ref, known in ids.items()}


def _after(position: Position | None) -> str:
    if position is None:
        return ""
    at = soql.moment(position.at)
    if not _exact(position):
        return f" AND CreatedDate <= {at}"
    return f" AND CreatedDate <= {at} AND (CreatedDate < {at} OR Id < {soql.quoted(position.record_id)})"


def _exact(position: Position) -> bool:
    """Whether a query can begin right after the position, not only with its second."""
    return soql.full_id(position.record_id) is not None and not position.at.microsecond


async def _windows(
    reader: Reader, entity: Entity[C, L], ids: tuple[str, ...], where: str, window: Window
) -> dict[str, Page[L] | SourceFault]:
    """Reads pages until every customer has a full one, the list ends, or MAX_UPSTREAM_PAGES were read."""
    begins_exactly = window.after is None or _exact(window.after)
    limit = PAGE_SIZE + 1 if len(ids) == 1 and begins_exactly else MOST_ROWS
    page = await reader.page(entity, f"{where} LIMIT {limit}")
    rows = _Found[L](ids)
    for pages in range(1, MAX_UPSTREAM_PAGES + 1):
        for row, record in reader.records(entity, page.rows):
            rows.add(row, record)
        if page.next is None or rows.enough() or pages == MAX_UPSTREAM_PAGES:
            break
        page = await reader.more(entity, page.next)
    return rows.pages(window, exhausted=page.next is None and rows.count < limit)


class _Found(dict[str, list[L] | SourceFault]):
    """What was read for each customer so far, in the order of the query."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__((customer, []) for customer in ids)
        self.count = 0
        self._last: Position | None = None

    def add(self, row: Child | Spoiled, record: L | SourceFault) -> None:
        self.count += 1
        customer = row.AccountId or ""
        records = self.get(customer)
        if not isinstance(record, SourceFault):
            self._last = record.position
            if isinstance(records, list):
                records.append(record)
        elif records is not None:
            self[customer] = record

    def enough(self) -> bool:
        return all(isinstance(records, SourceFault) or len(records) > PAGE_SIZE for records in self.values())

    def pages(self, window: Window, *, exhausted: bool) -> dict[str, Page[L] | SourceFault]:
        return {customer: self._page(records, window, exhausted) for customer, records in self.items()}

    def _page(self, records: list[L] | SourceFault, window: Window, exhausted: bool) -> Page[L] | SourceFault:
        if isinstance(records, SourceFault):
            return records
        try:
            return page_of(records, window, exhausted=exhausted, scanned_to=None if exhausted else self._last)
        except SourceFault as fault:
            return fault
