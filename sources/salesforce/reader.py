"""Rows of an object as canonical records: the columns it has here, its pages, and what could not be read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec

from sources.canonical.provenance import Origin
from sources.faults import Malformed, NotOffered, SourceFault
from sources.salesforce import soql
from sources.salesforce.classify import UnknownField
from sources.salesforce.client import Rows, SalesforceClient
from sources.salesforce.columns import Columns
from sources.salesforce.mapping import Reading
from sources.salesforce.settings import SalesforceSettings
from sources.salesforce.shapes import Row, Spoiled

ROUNDS = 50  # pages of a list that is read whole; its keys fit one WHERE clause, so a few hundred rows are usual
S = TypeVar("S", bound=Row)
R = TypeVar("R")
V = TypeVar("V")


class Entity(msgspec.Struct, Generic[S, R], frozen=True):
    """An object of Salesforce: its name, the shape of its rows, the record that a row becomes."""

    name: str
    shape: type[S]
    read: Callable[[S, Reading], R]


class Reader:
    """Reads one organization."""

    def __init__(
        self, settings: SalesforceSettings, origin: Origin, client: SalesforceClient, columns: Columns
    ) -> None:
        self._client = client
        self._columns = columns
        self._reading = Reading(
            origin=origin,
            fetched_at=datetime.fromtimestamp(0, UTC),
            web=settings.web_origin(),
            currency=settings.currency,
            contract_statuses=settings.contract_statuses,
        )

    async def page(self, entity: Entity[S, R], rest: str, *, deleted: bool = False) -> Rows[S]:
        """The first page of `SELECT … FROM entity` and `rest`; `deleted`: with the recycle bin."""
        columns = await self._columns.of(entity.name)
        try:
            return await self._ask(entity, columns, rest, deleted)
        except UnknownField:
            fewer = await self._columns.narrowed(entity.name, columns)
            if fewer is None:
                raise
            return await self._ask(entity, fewer, rest, deleted)

    async def more(self, entity: Entity[S, R], page_url: str) -> Rows[S]:
        """The page to which `next` leads."""
        return await self._client.more(page_url, entity.shape)

    async def whole(self, entity: Entity[S, R], rest: str, *, deleted: bool = False) -> list[S | Spoiled]:
        """All rows of a list that is known to be small; raises NotOffered above ROUNDS pages."""
        page = await self.page(entity, rest, deleted=deleted)
        rows = page.rows
        for _ in range(ROUNDS):
            if page.next is None:
                return rows
            page = await self.more(entity, page.next)
            rows = rows + page.rows
        raise NotOffered("the answer has more pages than are read")

    def records(
        self, entity: Entity[S, R], rows: Sequence[S | Spoiled]
    ) -> Iterator[tuple[S | Spoiled, R | SourceFault]]:
        """Each row with the record that it becomes, or with Malformed."""
        reading = msgspec.structs.replace(self._reading, fetched_at=datetime.now(UTC))
        for row in rows:
            record: R | SourceFault = self._record(entity, row, reading)
            yield row, record

    @staticmethod
    def _record(entity: Entity[S, R], row: S | Spoiled, reading: Reading) -> R | SourceFault:
        if not isinstance(row, Spoiled):
            try:
                return entity.read(row, reading)
            except ValueError:
                pass  # falls to the fault below, without the value in its text
        return Malformed(f"a row of {entity.name} did not fit its shape")

    async def _ask(self, entity: Entity[S, R], columns: Sequence[str], rest: str, deleted: bool) -> Rows[S]:
        return await self._client.query(soql.select(columns, entity.name, rest), entity.shape, deleted=deleted)


async def in_parts(
    values: Sequence[str],
    room: int,
    ask: Callable[[tuple[str, ...], str], Awaitable[Mapping[str, V | SourceFault]]],
) -> dict[str, V | SourceFault]:
    """What `ask` gives for parts of the values whose list fits into `room` characters.

    A fault of one part becomes the answer of its values; the fault is raised where every part failed.
    """
    parts = list(soql.lists(list(dict.fromkeys(values)), room))
    if len(parts) == 1:  # nothing runs beside it, so it needs no task of its own
        return dict(await ask(*parts[0]))
    answers = await asyncio.gather(*[_or_fault(ask(part, text)) for part, text in parts])
    faults = [answer for answer in answers if isinstance(answer, SourceFault)]
    if faults and len(faults) == len(parts):
        raise faults[0]
    merged: dict[str, V | SourceFault] = {}
    for (part, _), answer in zip(parts, answers, strict=True):
        merged.update(dict.fromkeys(part, answer) if isinstance(answer, SourceFault) else answer)
    return merged


async def _or_fault(asked: Awaitable[Mapping[str, V | SourceFault]]) -> Mapping[str, V | SourceFault] | SourceFault:
    try:
        return await asked
    except SourceFault as fault:
        return fault
