"""Which tags were purged in this process while fetches were under way."""

from collections import OrderedDict
from collections.abc import Iterable


class Purges:
    """Numbers the purges, so that a fetch can tell whether one of its tags was purged since it began."""

    def __init__(self) -> None:
        self.latest = 0
        self._last: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._last)

    def note(self, tags: Iterable[str]) -> None:
        """These tags are purged now."""
        self.latest += 1
        for tag in tags:
            self._last[tag] = self.latest
            self._last.move_to_end(tag)

    def any_since(self, began: int, tags: Iterable[str]) -> bool:
        """Whether one of the tags was purged after the purge numbered `began`."""
        return self.latest > began and any(self._last.get(tag, 0) > began for tag in tags)

    def forget_until(self, began: int) -> None:
        """No fetch that began before the purge numbered `began` is under way any more."""
        while self._last:
            tag, number = next(iter(self._last.items()))
            if number > began:
                return
            del self._last[tag]
