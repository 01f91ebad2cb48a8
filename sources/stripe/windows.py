"""A window of a customer's list, read by time.

Stripe lists the newest first and leaves the order within a second open, so a page that ends inside a second is given
without that second; the next window begins at its position's time (`created[lte]`), which needs no record to be there
still. An older server lists in any order: there everything is read and sorted.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeVar

from sources.canonical.provenance import Listed
from sources.capabilities import MAX_UPSTREAM_PAGES, Page, Window
from sources.faults import NotOffered
from sources.paging import fits, page_of
from sources.stripe.client import PAGE_LIMIT, CursorGone
from sources.stripe.dialect import Dialect, Params
from sources.stripe.shapes import Listing

ENOUGH = 50  # records: half of Stripe's largest page; to fill up the rest is not worth another call


class Stamped(Protocol):
    """What stands in a list of Stripe's."""

    @property
    def id(self) -> str: ...
    @property
    def created(self) -> int: ...


S = TypeVar("S", bound=Stamped)
R = TypeVar("R", bound=Listed)
Fetch = Callable[[Params], Awaitable[Listing[S] | None]]


async def read_window(
    fetch: Fetch[S], to_records: Callable[[Sequence[S]], list[R]], window: Window, dialect: Dialect
) -> Page[R]:
    """The page of the window. `fetch` gets cursor and limit, None where the list's owner is not there.

    Usually one call; up to MAX_UPSTREAM_PAGES while too little of what was read fits the filter. After the first call
    the server's dialect is known. `to_records` is called as soon as an answer came. Raises SourceFaults.
    """
    read: dict[str, R] = {}
    since: Params = (("created[lte]", str(int(window.after.at.timestamp()))),) if window.after else ()
    cursor: Params = ()
    for _ in range(MAX_UPSTREAM_PAGES):
        try:
            listing = await fetch((("limit", PAGE_LIMIT), *since, *cursor))
        except CursorGone:
            since, cursor = (("created[lte]", str(_oldest(read.values()))),), ()
            continue
        if listing is None:
            return Page(())
        read |= {record.provenance.record_id: record for record in to_records(listing.data)}
        if not listing.has_more:
            return page_of(list(read.values()), window, exhausted=True)
        if listing.data:
            cursor = (("starting_after", listing.data[-1].id),)
        if not dialect.older and len(_fitting(read.values(), window)) >= ENOUGH:
            break
    if dialect.older:
        raise NotOffered(f"this server lists in no order of time, and more than {MAX_UPSTREAM_PAGES} pages")
    return page_of(_whole_seconds(read.values()), window, exhausted=False)


def _oldest(records: Iterable[R]) -> int:
    return int(min(record.at for record in records).timestamp())


def _whole_seconds(records: Collection[R]) -> list[R]:
    """The records without those of the oldest second, of which more may follow."""
    last = min((record.at for record in records), default=None)
    return [record for record in records if record.at != last]


def _fitting(records: Collection[R], window: Window) -> list[R]:
    return [
        record
        for record in _whole_seconds(records)
        if (window.after is None or record.position < window.after) and fits(record, window.filter)
    ]
