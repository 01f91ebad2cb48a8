"""Tells who listens that something changed for a customer. Each listener has a queue with a bound.

A listener that does not keep up is cut off with `Interrupted` rather than served with gaps: what it missed cannot be
told, so it has to read anew and listen again.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from sources.canonical.provenance import CustomerRef

QUEUED_CHANGES = 100  # for one listener: minutes of a busy customer; who is further behind reads anew faster

T = TypeVar("T")


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a customer's record, as the polling found it. May come twice."""

    customer_uid: str
    source_uid: str
    kind: str  # "customer", or the canonical record's name, e.g. "Invoice"
    record_id: str
    at: datetime
    customer_ref: CustomerRef | None = None


class Interrupted(Exception):
    """Changes may have been missed: read anew, and listen again."""


class Listening(Generic[T]):
    """What one listener has not taken yet, as an iterator. Close it at the end."""

    def __init__(self, bound: int, closed: Callable[["Listening[T]"], None]) -> None:
        self._bound = bound
        self._closed = closed
        self._waiting: deque[T] = deque()
        self._woken = asyncio.Event()
        self._cut = False

    def __aiter__(self) -> "Listening[T]":
        return self

    async def __anext__(self) -> T:
        """The next change, when it comes. Raises Interrupted."""
        while not self._waiting:
            if self._cut:
                raise Interrupted
            self._woken.clear()
            await self._woken.wait()
        return self._waiting.popleft()

    def __contains__(self, change: T) -> bool:
        """Whether it waits to be taken."""
        return change in self._waiting

    def put(self, change: T) -> None:
        """Queue a change; a queue that is full is let go of, and the listener cut off."""
        if len(self._waiting) >= self._bound:
            self.cut()
        elif not self._cut:
            self._waiting.append(change)
            self._woken.set()

    def cut(self) -> None:
        """No more changes: what was missed cannot be told."""
        self._cut = True
        self._waiting.clear()
        self._woken.set()

    def close(self) -> None:
        """Hear nothing more."""
        self._closed(self)


class Announcements:
    """The listeners of one process, by customer. Belongs to one event loop."""

    def __init__(self, queued_changes: int = QUEUED_CHANGES) -> None:
        self._queued_changes = queued_changes
        self._listening: defaultdict[str, set[Listening[Announced]]] = defaultdict(set)

    def listen(self, customer_uid: str) -> Listening[Announced]:
        """Hear of a customer's changes from now on, until it is closed."""

        def closed(one: Listening[Announced]) -> None:
            self._listening[customer_uid].discard(one)
            if not self._listening[customer_uid]:
                del self._listening[customer_uid]

        one = Listening[Announced](self._queued_changes, closed)
        self._listening[customer_uid].add(one)
        return one

    def tell(self, change: Announced) -> None:
        """Something changed; never waits."""
        for one in self._listening.get(change.customer_uid, ()):
            one.put(change)

    def interrupt(self) -> None:
        """Changes may have gone unheard: every listener is cut off."""
        for listeners in self._listening.values():
            for one in listeners:
                one.cut()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(map(len, self._listening.values()))
