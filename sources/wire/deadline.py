"""The deadline of the request that is being served, known all the way down."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

UNHURRIED_SECONDS = 60.0  # for work that no request waits for, such as a backfill: nothing may wait for ever


class Deadline:
    """A moment on the monotonic clock. May be extended by a later caller who waits for the same work."""

    __slots__ = ("_scopes", "at")

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self._scopes: list[tuple[asyncio.Timeout, float]] = []

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())

    def extend_to(self, other: "Deadline") -> None:
        """Live as long as the other, where that is longer; what runs inside `bound` lives on as well."""
        if other.at <= self.at:
            return
        self.at = other.at
        for scope, grace in self._scopes:
            if not scope.expired():
                scope.reschedule(asyncio.get_running_loop().time() + self.remaining() + grace)

    @asynccontextmanager
    async def bound(self, grace_seconds: float = 0.0) -> AsyncIterator[None]:
        """End what runs inside with TimeoutError when the deadline, as it is then, has passed by the grace."""
        async with asyncio.timeout(self.remaining() + grace_seconds) as scope:
            self._scopes.append((scope, grace_seconds))
            try:
                yield
            finally:
                self._scopes.remove((scope, grace_seconds))


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def current() -> Deadline | None:
    """The deadline in force; None outside a request."""
    return _current.get()


def in_force() -> Deadline:
    """The deadline in force; outside a request a generous one of its own."""
    return _current.get() or Deadline(UNHURRIED_SECONDS)


@contextmanager
def within(deadline: Deadline) -> Iterator[Deadline]:
    """Put a deadline in force for everything called inside."""
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)
