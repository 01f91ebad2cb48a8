"""The newest documents of many parties in one call, and where to go on.

One search serves all parties of a batch, newest first; a limit for each party does not exist. What was read without a
gap is given: where the rows end in the middle of a day, that day is left to the next window.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from sources.canonical.provenance import CustomerRef, Listed, Position
from sources.capabilities import MAX_UPSTREAM_PAGES, PAGE_SIZE, Page, Window
from sources.faults import Malformed, NotOffered, SourceFault
from sources.paging import page_of
from sources.tryton.client import Client, Rows
from sources.tryton.mapping import PARTY
from sources.tryton.values import Domain, day_value, id_of, midnight, moment_value

PARTIES = 100  # parties whose lists are read in one search
ROWS = 1000  # in one answer: an open invoice costs the server about 1.6 ms, and half its time limit is enough

S = TypeVar("S", bound=Any)
R = TypeVar("R", bound=Listed)


class Book(msgspec.Struct, Generic[S, R], frozen=True, kw_only=True):
    """A model whose records are listed: what is read of it, and how it becomes a record (None: not of this list)."""

    model: str
    day_field: str
    domain: Domain
    shape: type[S]
    fields: tuple[str, ...]
    record: Callable[[S, datetime], R | None]


async def pages_of(
    client: Client, book: Book[S, R], refs: Sequence[CustomerRef], window: Window, narrowing: Domain
) -> dict[CustomerRef, Page[R] | SourceFault]:
    """A page for each party. `narrowing` is what of the window's filter the server can apply."""
    parties = {number: ref for ref in refs if ref.type == PARTY and (number := id_of(ref.id)) is not None}
    answer: dict[CustomerRef, Page[R] | SourceFault] = {ref: Page(()) for ref in refs}
    if not parties:
        return answer
    domain = [["party", "in", list(parties)], *book.domain, *narrowing, *_after(book, window.after)]
    reading = await _read(client, book, domain, min(PAGE_SIZE * len(parties) + 1, ROWS), window)
    by_party = _by_party(reading.rows, book)
    spoilt = {row.party for rows in reading.rows for row in rows.spoilt}
    if None in spoilt:
        raise Malformed(f"a record of {book.model} did not fit its shape and does not say whose it is")
    for number, ref in parties.items():
        if number in spoilt:
            answer[ref] = Malformed(f"a record of {book.model} did not fit its shape")
            continue
        found = by_party.get(number, [])
        answer[ref] = next((r for r in found if isinstance(r, SourceFault)), None) or page_of(
            [r for r in found if not isinstance(r, SourceFault)],
            window,
            exhausted=reading.end is None,
            scanned_to=reading.end,
        )
    return answer


class _Reading(msgspec.Struct, Generic[S], frozen=True):
    rows: tuple[Rows[S], ...]
    end: Position | None  # up to where the list was read without a gap; None: to its end


def _after(book: Book[S, R], after: Position | None) -> Domain:
    if after is None:
        return []
    whole_day = not after.record_id and after.at == midnight(after.at.date())
    day = [book.day_field, "<" if whole_day else "<=", day_value(after.at.date())]
    return [["OR", [day], [[book.day_field, "=", None], ["create_date", "<=", moment_value(after.at)]]]]


async def _read(client: Client, book: Book[S, R], domain: Domain, limit: int, window: Window) -> _Reading[S]:
    """Read on until at least one whole day (or the end) has come, for at most MAX_UPSTREAM_PAGES."""
    order = [(book.day_field, "DESC NULLS FIRST"), ("id", "DESC")]
    pages: list[Rows[S]] = []
    while len(pages) < MAX_UPSTREAM_PAGES:
        rows = await client.search(
            book.model, domain, book.shape, book.fields, order=order, limit=limit, offset=limit * len(pages)
        )
        pages.append(rows)
        if len(rows.records) + len(rows.spoilt) < limit:
            return _Reading(tuple(pages), None)
        end = _end(book, rows)
        if end and (window.after is None or end < window.after) and any(_is_beyond(book, page, end) for page in pages):
            return _Reading(tuple(pages), end)
    raise NotOffered(f"one day has more of {book.model} for these customers than can be read at once")


def _end(book: Book[S, R], rows: Rows[S]) -> Position | None:
    """The end of the last whole day: everything newer is read, of all parties. None where only drafts have come."""
    days = [day.midnight for row in rows.records if (day := getattr(row, book.day_field))]
    return Position(min(days) + timedelta(days=1), "") if days else None


def _is_beyond(book: Book[S, R], rows: Rows[S], end: Position) -> bool:
    days = (getattr(row, book.day_field) for row in rows.records)
    return any(day and day.midnight >= end.at for day in days)


def _by_party(pages: Sequence[Rows[S]], book: Book[S, R]) -> Mapping[int, list[R | SourceFault]]:
    found: dict[int, list[R | SourceFault]] = {}
    for rows in pages:
        for row in rows.records:
            try:
                record = book.record(row, rows.fetched_at)
            except Malformed as fault:
                found.setdefault(row.party, []).append(fault)
                continue
            if record is not None:
                found.setdefault(row.party, []).append(record)
    return found
