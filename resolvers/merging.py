"""One list out of several systems: newest first, ties by id, with a position for each of them.

Each part gives its own newest records. They are merged as far as it is certain that no part has something newer
left: a part that read on without finding enough (its filter matched little) sets the horizon, and the page ends
there, short, saying that there is more. A part that fails keeps its position, so that what it missed comes with
a later page.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from resolvers import cursors
from resolvers.connections import Connection, Edge
from resolvers.loaders import settled
from sources.canonical.provenance import Position
from sources.capabilities import Page
from sources.faults import SourceFault
from sources.systems import System


class Part(NamedTuple):
    """One list to merge: the key of its position in the cursor, whose it is, and how to read it."""

    key: str
    system: System
    read: Callable[[Position | None], Awaitable[Page[Any]]]


class Entry(NamedTuple):
    """A record with the place that orders it, and the part that it came from."""

    position: Position
    record: Any
    part: Part


class Merged(NamedTuple):
    """A merged page: the connection, and the parts that failed."""

    connection: Connection[Any]
    faults: Sequence[tuple[Part, SourceFault]]
    entries: Sequence[Entry]


async def merge(parts: Sequence[Part], first: int, after: str | None) -> Merged:
    """The next `first` records of all parts after a cursor. Raises NotACursor."""
    start = cursors.decode(after)
    pages = await settled([part.read(start.get(part.key)) for part in parts])
    faults = [(part, page) for part, page in zip(parts, pages, strict=True) if isinstance(page, SourceFault)]
    answered = [(part, page) for part, page in zip(parts, pages, strict=True) if not isinstance(page, SourceFault)]

    horizon = max((page.next for _, page in answered if page.next is not None), default=None)
    known = _newest_first(answered, horizon)
    shown = known[:first]
    cut = len(known) > first
    edges, positions = _edges(shown, start)
    if not cut and horizon is not None:
        positions |= {part.key: horizon for part, _ in answered}
    end = cursors.encode(positions) if shown or horizon else after
    if edges:
        edges[-1].cursor = end or edges[-1].cursor
    connection = Connection(edges, has_next=cut or horizon is not None, after=after, end_cursor=end)
    return Merged(connection, faults, shown)


def _newest_first(answered: Sequence[tuple[Part, Page[Any]]], horizon: Position | None) -> list[Entry]:
    entries = [Entry(_position(record), record, part) for part, page in answered for record in page.records]
    if horizon is not None:
        entries = [entry for entry in entries if entry.position >= horizon]
    entries.sort(key=lambda entry: entry.position, reverse=True)
    return entries


def _edges(shown: Sequence[Entry], start: Mapping[str, Position]) -> tuple[list[Edge[Any]], dict[str, Position]]:
    positions = dict(start)
    edges = []
    for entry in shown:
        positions[entry.part.key] = entry.position
        edges.append(Edge(entry.record, cursors.encode(positions)))
    return edges, positions


def _position(record: Any) -> Position:
    return record.position if hasattr(record, "position") else Position(record.at, record.record_id)
