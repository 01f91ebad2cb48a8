"""What changed since a watermark, by SystemModstamp, which automated changes move too; deletions by queryAll.

A row is seen only when its transaction commits, after the moment that is its SystemModstamp. So what is younger than
OVERLAP by the vendor's clock is told, and read again the next time; the watermark itself remembers what was told, so
that a caller who asks twice with the same watermark gets the same answer.
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
    """Where to read on in one object: after the id `last` of the moment `at`.

    `told`: ids of younger rows with their moments, which are not told again.
    """

    at: datetime = BEGINNING
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
        parts = await asyncio.gather(*(self._of(entity, marks.get(entity, _Mark())) for entity in KINDS))
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
        return self._following(_Mark(), rows[::-1], full=len(rows) == REMEMBERED)

    async def _of(self, entity: str, mark: _Mark) -> _Part:
        at = soql.moment(mark.at)
        where = BETWEEN.format(at=at, last=soql.quoted(mark.last)) if mark.last else f"SystemModstamp > {at}"
        rows, more = await self._rows(entity, f"WHERE {where} ORDER BY SystemModstamp, Id LIMIT {ROWS}")
        changes = [_change(entity, row, at) for row, at in rows if mark.told.get(row.Id) != at]
        return _Part(changes, self._following(mark, rows, full=more), more)

    def _following(self, mark: _Mark, rows: _Stamped, *, full: bool) -> _Mark:
        """The mark after these rows, oldest first: behind those that are old enough for nothing to come before them.

        Where all of a full page is younger, behind the whole page: reading must get on.
        """
        if not rows:
            return mark
        date = self._client.server_date
        present = parsedate_to_datetime(date) if date else rows[-1][1]
        settled = sum(at <= present - OVERLAP for _, at in rows) or (len(rows) if full else 0)
        if settled:
            last, at = rows[settled - 1]
            mark = _Mark(at, last.Id)
        # what has the vendor's present second can change again within it, and is told again
        told = {row.Id: at for row, at in rows[settled:] if at < present}
        return _Mark(mark.at, mark.last, told if len(told) <= REMEMBERED else {})

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
