"""The first level: what this process holds, bounded by records, indexed by tag."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any, TypeAlias

import msgspec

from sources.capabilities import Page

Place: TypeAlias = tuple[str, Hashable]  # (space, key)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A value and when the source gave it."""

    value: Any
    filled_at: float
    """Seconds since 1970, by the clock of the process that fetched it."""
    tags: tuple[str, ...]
    epoch: int = 0
    """How often purges may have been missed when the fetch began; an entry of an older epoch is not fresh."""

    @property
    def negative(self) -> bool:
        """The source does not know the key."""
        return self.value is None


class Memory:
    """Least recently used entries go first when there are more than `capacity` records.

    A list counts as its records and one, so that few long lists weigh as much as many single records.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[Place, Entry] = OrderedDict()
        self._tagged: dict[str, set[Place]] = {}
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """How much of the capacity is taken."""
        return self._weight

    def get(self, place: Place) -> Entry | None:
        """The entry, now the most recently used."""
        entry = self._entries.get(place)
        if entry is not None:
            self._entries.move_to_end(place)
        return entry

    def peek(self, place: Place) -> Entry | None:
        """The entry, without counting as use."""
        return self._entries.get(place)

    def put(self, place: Place, entry: Entry) -> None:
        """Keep an entry in place of what was there."""
        known = self._entries.get(place)
        if known is not None and known.tags == entry.tags:  # refreshed, as most are
            self._weight -= _weight(known)
            self._entries.move_to_end(place)
        else:
            self.drop(place)
            for tag in entry.tags:
                places = self._tagged.get(tag)
                if places is None:
                    self._tagged[tag] = {place}
                else:
                    places.add(place)
        self._entries[place] = entry
        self._weight += _weight(entry)
        while self._weight > self._capacity and self._entries:
            self.drop(next(iter(self._entries)))

    def drop(self, place: Place) -> None:
        """Forget an entry, if there is one."""
        entry = self._entries.pop(place, None)
        if entry is None:
            return
        self._weight -= _weight(entry)
        for tag in entry.tags:
            places = self._tagged[tag]
            places.discard(place)
            if not places:
                del self._tagged[tag]

    def drop_tagged(self, tags: Iterable[str]) -> None:
        """Forget every entry that has one of the tags."""
        for tag in tags:
            for place in tuple(self._tagged.get(tag, ())):
                self.drop(place)

    def last_filled(self, tag: str) -> float | None:
        """When the newest entry with this tag was filled."""
        return max((self._entries[place].filled_at for place in self._tagged.get(tag, ())), default=None)


def _weight(entry: Entry) -> int:
    value = entry.value
    kind = type(value)
    if kind is Page:
        return 1 + len(value.records)
    return 1 + len(value) if kind is tuple else 1
