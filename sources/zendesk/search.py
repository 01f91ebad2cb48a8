"""Rows of many customers out of few searches, newest first, back to a position.

Source: Zendesk, Search, Export search results: ordered by creation, a cursor that lives one hour, the index minutes
behind. That a keyword given twice means "either" is relied on widely but not documented for organizations. So it is
believed once an answer was seen to hold two different customers; until then, an answer that holds fewer leads to two
more calls that try it on the account's newest records.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from sources.canonical.provenance import Position
from sources.capabilities import MAX_UPSTREAM_PAGES, PAGE_SIZE
from sources.faults import NotOffered
from sources.zendesk.client import ROWS, Client, QueryRefused
from sources.zendesk.shapes import Meta

CHUNK = 25  # customers in one query: half of what was seen to fit; the longest accepted query is not documented

ENOUGH = PAGE_SIZE // 2  # records for each customer; reading on for the quietest one costs the busiest one's pages

DISPROVED_SECONDS = 600.0  # then it is tried again: an account with one customer's tickets proves nothing

AFTER_EVERY_ID = "~"  # sorts after digits: a position at which a second has not been read yet


class Row(Protocol):
    """What any found record has."""

    @property
    def id(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...


F = TypeVar("F", bound=Row)
F_co = TypeVar("F_co", bound=Row, covariant=True)


class Found(Protocol[F_co]):
    """A page of found records."""

    @property
    def results(self) -> tuple[F_co, ...]: ...
    @property
    def meta(self) -> Meta: ...


class NotObeyed(Exception):
    """The search did not do what a repeated keyword is relied on to do."""


class Rows(msgspec.Struct, Generic[F], frozen=True):
    """What was read, and up to where; `scanned_to` is None where that was all."""

    records: tuple[F, ...]
    scanned_to: Position | None
    fetched_at: datetime


class Search(Generic[F]):
    """Searches for one type of record by one keyword, e.g. tickets by organization."""

    def __init__(
        self, client: Client, type: str, keyword: str, shape: type[Found[F]], owner: Callable[[F], int | None]
    ) -> None:
        self._client = client
        self._type = type
        self._keyword = keyword
        self._decoder = msgspec.json.Decoder(shape)
        self._owner = owner
        self._proven = False
        self._disproved_until = 0.0  # monotonic seconds
        self._proving = asyncio.Lock()

    async def rows(self, ids: Sequence[str], terms: Sequence[str], after: Position | None) -> Rows[F]:
        """What the customers with these ids have, at most MAX_UPSTREAM_PAGES pages of it.

        Raises NotObeyed where several ids were asked for and the answer cannot be relied on.
        """
        several = len(ids) > 1
        if several and self._disproved_until > time.monotonic():
            raise NotObeyed
        try:
            rows = await self._read(self._query(ids, terms, after), ids, after)
        except (QueryRefused, NotOffered):
            if several:
                raise self._disproved() from None
            raise
        asked = {int(id) for id in ids}
        owners = set(map(self._owner, rows.records))
        if several and (owners - asked or not (len(owners) > 1 or await self._is_proven())):
            raise self._disproved()
        self._proven = self._proven or (several and len(owners) > 1)
        if owners <= asked:
            return rows
        kept = tuple([row for row in rows.records if self._owner(row) in asked])
        return Rows(kept, rows.scanned_to, rows.fetched_at)

    async def _is_proven(self) -> bool:
        """Whether a repeated keyword gives two customers' records, tried on the newest two. Two calls, once."""
        async with self._proving:
            if self._proven:
                return True
            newest = await self._owners([f"created<={_written(datetime.now(UTC))}"])
            pair = [str(owner) for owner in newest[:2]]
            self._proven = len(pair) == 2 and len(await self._owners([f"{self._keyword}:{id}" for id in pair])) == 2
            return self._proven

    def _disproved(self) -> NotObeyed:
        self._disproved_until = time.monotonic() + DISPROVED_SECONDS
        return NotObeyed()

    async def _owners(self, terms: Sequence[str]) -> list[int]:
        params: dict[str, str | int] = {"query": " ".join(terms), "filter[type]": self._type, "page[size]": ROWS}
        try:
            page, _ = await self._client.get("search/export", self._decoder, params)
        except (QueryRefused, NotOffered):
            return []
        return list(dict.fromkeys(owner for row in page.results if (owner := self._owner(row)) is not None))

    def _query(self, ids: Sequence[str], terms: Sequence[str], after: Position | None) -> str:
        until = [f"created<={_written(after.at)}"] if after else []
        return " ".join([*[f"{self._keyword}:{id}" for id in ids], *terms, *until])

    async def _read(self, query: str, ids: Sequence[str], after: Position | None) -> Rows[F]:
        params: dict[str, str | int] = {"query": query, "filter[type]": self._type, "page[size]": ROWS}
        records: dict[int, F] = {}
        for _ in range(MAX_UPSTREAM_PAGES):
            page, fetched_at = await self._client.get("search/export", self._decoder, params)
            records.update([(row.id, row) for row in page.results])
            if not page.meta.has_more or page.meta.after_cursor is None:
                return Rows(tuple(records.values()), None, fetched_at)
            params["page[after]"] = page.meta.after_cursor
            if self._enough(records.values(), ids, after):
                break
        oldest = min((row.created_at for row in records.values()), default=None)
        end = Position(oldest, AFTER_EVERY_ID) if oldest else after
        return Rows(tuple(records.values()), end, fetched_at)

    def _enough(self, records: Collection[F], ids: Sequence[str], after: Position | None) -> bool:
        newer = [row for row in records if after is None or row.created_at < after.at]
        counts = Counter(self._owner(row) for row in newer)
        return bool(newer) and all(counts[int(id)] >= ENOUGH for id in ids)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
