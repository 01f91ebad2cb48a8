"""Offset and cursor pages. Which of the two it is, `page[size]` alone decides."""

import base64
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from sources.zendesk.simulator.errors import coded

Json = dict[str, Any]
T = TypeVar("T")

LARGEST = 100
DEPTH = 10_000  # records that offset paging reaches


def cursor_of(place: Any) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str) -> Any:
    """What a cursor of ours stands for; raises the 400 where it is none."""
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise coded(400, "InvalidPaginationParameter", "page[after] is not valid") from None
    return tuple(place) if isinstance(place, list) else place


def number(params: Mapping[str, str], name: str, default: int) -> int:
    """A whole number among the parameters; raises the 400 where it is none."""
    try:
        return int(params.get(name, default))
    except ValueError:
        raise coded(400, "InvalidPaginationParameter", f"{name} must be an integer") from None


def is_cursor(params: Mapping[str, str]) -> bool:
    return "page[size]" in params


def cursor_page(
    rows: Sequence[T], params: Mapping[str, str], url: str, key: Callable[[T], Any], largest: int = LARGEST
) -> tuple[Sequence[T], Json]:
    """Rows that are sorted by `key`, behind the cursor. On the last page the cursor and the link are still there."""
    size = number(params, "page[size]", largest)
    if not 1 <= size <= largest:
        raise coded(400, "InvalidPaginationParameter", f"page[size] must be between 1 and {largest}")
    after = params.get("page[after]")
    start = bisect_right(rows, place_of(after), key=lambda row: key(row)) if after else 0
    page = rows[start : start + size]
    last = cursor_of(key(page[-1])) if page else after
    meta = {
        "has_more": start + size < len(rows),
        "after_cursor": last,
        "before_cursor": cursor_of(key(page[0])) if page else None,
    }
    links = {"next": f"{url}?page[size]={size}&page[after]={last}" if last else None, "prev": None}
    return page, {"meta": meta, "links": links}


def offset_page(rows: Sequence[T], params: Mapping[str, str], url: str) -> tuple[Sequence[T], Json]:
    """A page by its number, as far as offset paging reaches."""
    page, size = max(1, number(params, "page", 1)), min(LARGEST, max(1, number(params, "per_page", LARGEST)))
    if page * size > DEPTH:
        raise coded(400, "InvalidPaginationDepth", f"Requested response size was greater than {DEPTH}")
    start = (page - 1) * size
    following = f"{url}?page={page + 1}&per_page={size}" if start + size < len(rows) else None
    previous = f"{url}?page={page - 1}&per_page={size}" if page > 1 else None
    return rows[start : start + size], {"count": len(rows), "next_page": following, "previous_page": previous}
