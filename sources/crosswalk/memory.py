"""Customers that were read, each kept until a change of it is told."""

from collections.abc import Iterable, Mapping

from cachetools import LRUCache

from sources.crosswalk.changes import Changes
from sources.crosswalk.reading import Entry

KEPT = 4096  # customers, of some 8 kB each


class Memory:
    """As it was at `revision`. Who takes entries out asks what changed since then before it uses them."""

    def __init__(self) -> None:
        self.revision: int | None = None
        self._kept: LRUCache[str, Entry] = LRUCache(KEPT)

    def of(self, uids: Iterable[str]) -> dict[str, Entry]:
        """Those that are kept, by uid."""
        return {uid: entry for uid in uids if (entry := self._kept.get(uid)) is not None}

    def take_in(self, changes: Changes, loaded: Mapping[str, Entry]) -> None:
        """Drop what changed, keep what was read after that was asked; a merged customer only as its survivor."""
        if changes.uids is None:
            self._kept.clear()
        self._move_on(changes)
        for uid in changes.uids or ():
            self._kept.pop(uid, None)
        if changes.revision == self.revision:  # else more was told meanwhile, of which this may be the old form
            self._kept.update({uid: entry for uid, entry in loaded.items() if entry.customer.uid == uid})

    def _move_on(self, changes: Changes) -> None:
        """Never back: who is on its way with changes since a later one would leave out those between."""
        if changes.revision is None:
            self.revision = None
        elif self.revision is not None:
            self.revision = max(self.revision, changes.revision)
        elif changes.uids is None:
            self.revision = changes.revision

    def forget(self, uids: Iterable[str]) -> None:
        """Read these anew."""
        for uid in uids:
            self._kept.pop(uid, None)

    def forget_all(self) -> None:
        """Read everything anew."""
        self._kept.clear()
