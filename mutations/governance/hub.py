"""Word of workflows that changed, for those who wait for it in this process. Each listener has a queue with a bound.

A listener that does not keep up is cut off with `Interrupted`: it reads anew and listens again.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from sources.announcements import Interrupted

QUEUED = 100  # for one listener; who is further behind reads anew faster
ANY = "*"


class Listening:
    """The uids of workflows that changed, as an iterator. Close it at the end."""

    def __init__(self, closed: Callable[["Listening"], None]) -> None:
        self._closed = closed
        self._waiting: deque[str] = deque()
        self._woken = asyncio.Event()
        self._cut = False

    def __aiter__(self) -> "Listening":
        return self

    async def __anext__(self) -> str:
        """The next one, when it comes. Raises Interrupted."""
        while not self._waiting:
            if self._cut:
                raise Interrupted
            self._woken.clear()
            await self._woken.wait()
        return self._waiting.popleft()

    def put(self, uid: str) -> None:
        """Queue one that is not queued yet; a queue that is full is let go of, and the listener cut off."""
        if self._cut or uid in self._waiting:
            return
        if len(self._waiting) >= QUEUED:
            self._cut = True
            self._waiting.clear()
        else:
            self._waiting.append(uid)
        self._woken.set()

    def close(self) -> None:
        """Hear nothing more."""
        self._closed(self)


class Hub:
    """The listeners of one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._listening: defaultdict[str, set[Listening]] = defaultdict(set)

    def listen(self, uid: str = ANY) -> Listening:
        """Hear of a workflow's changes, or of every one's, from now on, until it is closed."""

        def closed(one: Listening) -> None:
            self._listening[uid].discard(one)
            if not self._listening[uid]:
                self._listening.pop(uid)

        one = Listening(closed)
        self._listening[uid].add(one)
        return one

    def tell(self, uid: str) -> None:
        """A workflow changed; never waits."""
        for one in (*self._listening.get(uid, ()), *self._listening.get(ANY, ())):
            one.put(uid)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(map(len, self._listening.values()))
