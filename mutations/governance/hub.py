"""Word of workflows that changed, for those who wait for it in this process. Each listener has a queue with a bound.

A listener that does not keep up is cut off with `Interrupted`: it reads anew and listens again.
"""

from collections import defaultdict

from sources.announcements import Listening

QUEUED = 100  # for one listener; who is further behind reads anew faster
ANY = "*"


class Hub:
    """The listeners of one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._listening: defaultdict[str, set[Listening[str]]] = defaultdict(set)

    def listen(self, uid: str = ANY) -> Listening[str]:
        """Hear of a workflow's changes, or of every one's, from now on, until it is closed."""

        def closed(one: Listening[str]) -> None:
            self._listening[uid].discard(one)
            if not self._listening[uid]:
                self._listening.pop(uid)

        one = Listening[str](QUEUED, closed)
        self._listening[uid].add(one)
        return one

    def tell(self, uid: str) -> None:
        """A workflow changed; never waits."""
        for one in (*self._listening.get(uid, ()), *self._listening.get(ANY, ())):
            if uid not in one:
                one.put(uid)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(map(len, self._listening.values()))
