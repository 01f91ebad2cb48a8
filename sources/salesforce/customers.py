"""Accounts as the records that stand for customers: by id, by number, all of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence

import msgspec

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Answer, CustomerBatch
from sources.faults import SourceFault
from sources.salesforce import shapes, soql
from sources.salesforce.client import Rows, SalesforceClient
from sources.salesforce.mapping import ACCOUNT
from sources.salesforce.reader import Entity, Reader, in_parts

SCAN_ROWS = 2_000  # of a batch: one page of a query result
NUMBER_CHARACTERS = 255  # the longest text field that can be filtered


async def by_refs(
    reader: Reader, account: Entity[shapes.Account, CustomerRecord], refs: Sequence[CustomerRef]
) -> Answer[CustomerRef, CustomerRecord | None]:
    """Each account, those in the recycle bin too, with `deleted`."""
    ids = {ref: soql.full_id(ref.id) if ref.type == ACCOUNT else None for ref in refs}

    async def ask(part: tuple[str, ...], text: str) -> dict[str, CustomerRecord | SourceFault | None]:
        rows = await reader.whole(account, f"WHERE Id IN {text}", deleted=True)
        found: dict[str, CustomerRecord | SourceFault | None] = dict.fromkeys(part)
        found.update((row.Id, record) for row, record in reader.records(account, rows))
        return found

    found = await in_parts([known for known in ids.values() if known], soql.WHERE_CHARACTERS - len("Id IN "), ask)
    return {ref: found.get(known) if known else None for ref, known in ids.items()}


async def by_numbers(
    reader: Reader, account: Entity[shapes.Account, CustomerRecord], key: str, numbers: Sequence[str]
) -> Answer[str, tuple[CustomerRecord, ...]]:
    """The accounts that carry each number exactly; the field is not unique, and Salesforce ignores case where we do
    not: a number of another case is no explicit link."""

    async def ask(part: tuple[str, ...], text: str) -> dict[str, tuple[CustomerRecord, ...] | SourceFault]:
        rows = await reader.whole(account, f"WHERE {key} IN {text} ORDER BY Id")
        found: dict[str, tuple[CustomerRecord, ...]] = dict.fromkeys(part, ())
        for _, record in reader.records(account, rows):
            if isinstance(record, SourceFault):
                raise record  # whose number it carries is what could not be read
            if record.number in found:
                found[record.number] += (record,)
        return dict(found)

    asked = [number for number in numbers if 0 < len(number) <= NUMBER_CHARACTERS]
    found = await in_parts(asked, soql.WHERE_CHARACTERS - len(f"{key} IN "), ask)
    return {number: found.get(number, ()) for number in numbers}


class _Counted(msgspec.Struct, frozen=True):
    """COUNT() gives no rows, only totalSize."""


async def scan(
    reader: Reader,
    client: SalesforceClient,
    account: Entity[shapes.Account, CustomerRecord],
    resume: str | None,
) -> AsyncIterator[CustomerBatch]:
    """All accounts in the order of their ids, from after the id `resume`. A row that cannot be read ends the scan."""

    def batch_after(last: str | None) -> Awaitable[Rows[shapes.Account]]:
        where = f"WHERE Id > {soql.quoted(last)} " if last else ""
        return reader.page(account, f"{where}ORDER BY Id LIMIT {SCAN_ROWS}")

    counted, page = await asyncio.gather(client.query("SELECT COUNT() FROM Account", _Counted), batch_after(resume))
    while True:
        records = []
        for _, record in reader.records(account, page.rows):
            if isinstance(record, SourceFault):
                raise record
            records.append(record)
        if page.next is None and len(records) < SCAN_ROWS:
            break
        resume = page.rows[-1].Id if page.rows else resume
        yield CustomerBatch(tuple(records), resume, counted.total)
        page = await batch_after(resume)
    yield CustomerBatch(tuple(records), None, counted.total)
