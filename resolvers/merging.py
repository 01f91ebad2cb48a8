"""One list out of several systems: newest first, ties by id, with a position for each of them.

Each part gives its own newest records. They are merged as far as it is certain that no part has something newer
left: where a part ends before the page is full, though it has more, it is read on, MAX_READS times at most. Then the
page ends there, short, saying that there is more. A part that fails keeps its position, so that what it missed comes
with a later page.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from resolvers import cursors
from resolvers.connections import Connection, Edge
from resolvers.loaders import settled
from sources.canonical.provenance import Position
from sources.capabilities import MAX_UPSTREAM_PAGES, Page
from sources.faults import SourceFault
from sources.systems import System

MAX_READS = MAX_UPSTREAM_PAGES  # further windows of a part for one page of ours


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


class _Reading:
    """A part as far as it was read."""

    def __init__(self, part: Part, after: Position | None) -> None:
        self.part = part
        self.place = after  # where to read on
        self.entries: list[Entry] = []
        self.more = True
        self.fault: SourceFault | None = None

    async def on(self) -> None:
        """Read another window."""
        try:
            page = await self.part.read(self.place)
        except SourceFault as fault:
            self.fault = fault
            return
        self.entries += [Entry(_position(record), record, self.part) for record in page.records]
        self.more = page.next is not None
        self.place = page.next or self.place


async def merge(parts: Sequence[Part], first: int, after: str | None) -> Merged:
    """The next `first` records of all parts after a cursor. Raises NotACursor."""
    start = cursors.decode(after)
    readings = [_Reading(part, start.get(part.key)) for part in parts]
    await settled([reading.on() for reading in readings])
    for _ in range(MAX_READS):
        horizon = _horizon(readings)
        known = _newest_first(readings, horizon)
        if horizon is None or len(known) >= first:
            break
        behind = [reading for reading in readings if _open(reading) and reading.place == horizon]
        await settled([reading.on() for reading in behind])
        if any(reading.fault for reading in behind):
            break
    return _merged(readings, first, start, after)


def _merged(readings: Sequence[_Reading], first: int, start: Mapping[str, Position], after: str | None) -> Merged:
    horizon = _horizon(readings)
    known = _newest_first(readings, horizon)
    shown = known[:first]
    cut = len(known) > first
    edges, positions = _edges(shown, start)
    if not cut and horizon is not None:
        positions |= {reading.part.key: horizon for reading in readings if reading.entries or reading.fault is None}
    end = cursors.encode(positions) if shown or horizon else after
    if edges:
        edges[-1].cursor = end or edges[-1].cursor
    connection = Connection(edges, has_next=cut or horizon is not None, after=after, end_cursor=end)
    return Merged(connection, [(each.part, each.fault) for each in readings if each.fault is not None], shown)


def _open(reading: _Reading) -> bool:
    """Whether a part has more, as far as it answered; one that never did holds nothing up."""
    return reading.more and (reading.fault is None or bool(reading.entries))


def _horizon(readings: Sequence[_Reading]) -> Position | None:
    """Beyond this place a part may still have something newer than what others gave."""
    return max((each.place for each in readings if _open(each) and each.place is not None), default=None)


def _newest_first(readings: Sequence[_Reading], horizon: Position | None) -> list[Entry]:
    entries = [entry for reading in readings for entry in reading.entries]
    if horizon is not None:
        entries = [entry for entry in entries if entry.position >= horizon]
    return sorted(entries, key=lambda entry: entry.position, reverse=True)


def _edges(shown: Sequence[Entry], start: Mapping[str, Position]) -> tuple[list[Edge[Any]], dict[str, Position]]:
    positions = dict(start)
    edges = []
    for entry in shown:
        positions[entry.part.key] = entry.position
        edges.append(Edge(entry.record, cursors.encode(positions)))
    return edges, positions


def _position(record: Any) -> Position:
    return record.position if hasattr(record, "position") else Position(record.at, record.record_id)
