"""What changed since a watermark, by SystemModstamp, which automated changes move too; deletions by queryAll.

A row is seen only when its transaction commits, after the moment that is its SystemModstamp. So each poll begins
OVERLAP before the newest moment that was seen, and what was told already is left out by the watermark itself: a
caller who asks twice with the same watermark gets the same answer.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeAlias

import msgspec

from sources.capabilities import Change, Changes
from sources.faults import Malformed, Refused
from sources.salesforce import soql
from sources.salesforce.client import SalesforceClient
from sources.salesforce.mapping import ACCOUNT, account_ref, instant
from sources.salesforce.shapes import Changed, Spoiled

OVERLAP = timedelta(seconds=60)  # longer than the transactions of interactive users and triggers
ROWS = 2_000  # of an object in one answer: one page of a query result
REMEMBERED = 200  # ids in a watermark, of an object; in a denser minute changes come twice instead
KINDS = {ACCOUNT: "customer", "Contact": "Contact", "Contract": "Contract", "Opportunity": "Opportunity"}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
BETWEEN = "SystemModstamp >= {at} AND (SystemModstamp > {at} OR Id > {last})"


class _Mark(msgspec.Struct, frozen=True):
    """How far one object was read: up to the moment `at`, in it up to the id `last` where reading stopped midway.

    `told`: ids of the overlap with their moments, which are not told again.
    """

    at: datetime
    last: str | None = None
    told: dict[str, datetime] = {}


class _Part(NamedTuple):
    changes: list[Change]
    mark: _Mark
    more: bool


_Watermark: TypeAlias = dict[str, _Mark]
_Stamped: TypeAlias = list[tuple[Changed, datetime]]
_watermark = msgspec.json.Decoder(_Watermark)


class ChangeReader:
    """Asks for the four objects in one call."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    async def since(self, watermark: str | None) -> Changes:
        """See ChangeReads.changes. Raises Refused for a watermark that is none of ours."""
        marks = self._marks(watermark)
        if marks is None:
            newest = await asyncio.gather(*(self._newest(entity) for entity in KINDS))
            return Changes((), _written(dict(zip(KINDS, newest, strict=True))))
        parts = await asyncio.gather(*(self._of(entity, marks.get(entity, _Mark(BEGINNING))) for entity in KINDS))
        changes = sorted((change for part in parts for change in part.changes), key=lambda change: change.at)
        following = {entity: part.mark for entity, part in zip(KINDS, parts, strict=True)}
        return Changes(tuple(changes), _written(following), more=any(part.more for part in parts))

    def _marks(self, watermark: str | None) -> _Watermark | None:
        try:
            return None if watermark is None else _watermark.decode(watermark)
        except msgspec.MsgspecError:
            raise Refused("the watermark is none of this source's") from None

    async def _newest(self, entity: str) -> _Mark:
        rows, _ = await self._rows(entity, f"ORDER BY SystemModstamp DESC, Id DESC LIMIT {REMEMBERED}")
        if not rows:
            return _Mark(BEGINNING)
        (last, newest), (_, oldest) = rows[0], rows[-1]
        if len(rows) == REMEMBERED and oldest > newest - OVERLAP:
            return _Mark(newest, last=last.Id)  # a load is running: begin exactly here
        return _Mark(newest, told=self._told(rows, newest))

    async def _of(self, entity: str, mark: _Mark) -> _Part:
        if mark.last is None:
            where = f"SystemModstamp > {soql.moment(mark.at - OVERLAP)}"
        else:
            where = BETWEEN.format(at=soql.moment(mark.at), last=soql.quoted(mark.last))
        rows, more = await self._rows(entity, f"WHERE {where} ORDER BY SystemModstamp, Id LIMIT {ROWS}")
        if not rows:
            return _Part([], mark, False)
        changes = [_change(entity, row, at) for row, at in rows if mark.told.get(row.Id) != at]
        last, newest = rows[-1]
        if more:
            return _Part(changes, _Mark(newest, last=last.Id), True)
        return _Part(changes, _Mark(newest, told=self._told(rows, newest)), False)

    def _told(self, rows: _Stamped, newest: datetime) -> dict[str, datetime]:
        """The rows of the overlap, less those of the vendor's present second: they can still change within it."""
        date = self._client.server_date
        present = parsedate_to_datetime(date) if date else newest
        told = {row.Id: at for row, at in rows if newest - OVERLAP < at < present}
        return told if len(told) <= REMEMBERED else {}

    async def _rows(self, entity: str, rest: str) -> tuple[_Stamped, bool]:
        """Rows with their moments, and whether there are more."""
        columns = ("Id", "SystemModstamp") if entity == ACCOUNT else ("Id", "SystemModstamp", "AccountId")
        page = await self._client.query(soql.select(columns, entity, rest), Changed, deleted=True)
        try:
            stamped = [(row, instant(row.SystemModstamp)) for row in page.rows if not isinstance(row, Spoiled)]
        except ValueError:
            raise Malformed("a moment of change did not fit its shape") from None
        if len(stamped) < len(page.rows):
            raise Malformed("a row of changes did not fit its shape")
        return stamped, page.next is not None or len(stamped) == ROWS


def _change(entity: str, row: Changed, at: datetime) -> Change:
    return Change(KINDS[entity], row.Id, account_ref(row.Id if entity == ACCOUNT else row.AccountId), at)


def _written(marks: _Watermark) -> str:
    return msgspec.json.encode(marks).decode()
