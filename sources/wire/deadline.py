"""The deadline of the request that is being served, known all the way down."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType

from sources.faults import Timeout

UNHURRIED_SECONDS = 60.0  # for work that no request waits for, such as a backfill: nothing may wait for ever


class Deadline:
    """A moment on the monotonic clock. May be extended by a later caller who waits for the same work."""

    __slots__ = ("_bounds", "at")

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self._bounds: list[Bound] = []

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())

    def extend_to(self, other: "Deadline") -> None:
        """Live as long as the other, where that is longer; what runs inside `bound` lives on as well."""
        if other.at <= self.at:
            return
        self.at = other.at
        for bound in self._bounds:
            bound.follow()

    def bound(self) -> "Bound":
        """End what runs inside with TimeoutError when the deadline, as it is then, has passed."""
        return Bound(self, float("inf"))


class Bound:
    """A scope that ends by a deadline, wherever that moves, or at `latest`."""

    __slots__ = ("_deadline", "_latest", "_scope")

    def __init__(self, deadline: Deadline, latest: float) -> None:
        self._deadline = deadline
        self._latest = latest

    def follow(self) -> None:
        """The deadline has moved."""
        if not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time() + self._remaining())

    async def __aenter__(self) -> None:
        self._scope = asyncio.timeout(self._remaining())
        await self._scope.__aenter__()
        self._deadline._bounds.append(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadline._bounds.remove(self)
        await self._scope.__aexit__(kind, error, trace)

    def _remaining(self) -> float:
        return max(0.0, min(self._deadline.at, self._latest) - time.monotonic())


class Limit:
    """The end of one try: the source's own time limit, or the caller's deadline where that comes before.

    Who waits by a timer asks `remaining` when it fires, and waits on where the deadline was extended meanwhile.
    """

    __slots__ = ("_deadline", "_own", "seconds")

    def __init__(self, seconds: float, deadline: Deadline | None = None) -> None:
        self.seconds = seconds
        self._own = time.monotonic() + seconds
        self._deadline = deadline or Deadline(seconds)

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, min(self._own, self._deadline.at) - time.monotonic())

    def bound(self) -> Bound:
        """End what runs inside with TimeoutError when the time is over."""
        return Bound(self._deadline, self._own)

    def fault(self, asked: str, *, sent: bool = True) -> Timeout:
        """Why what was asked had to end, and whether anything of it was sent by then."""
        if self._deadline.at < self._own:
            return DeadlinePassed(f"{asked}: no answer by the deadline", sent=sent)
        return Timeout(f"{asked}: no answer within {self.seconds:.1f} s", sent=sent)


class DeadlinePassed(Timeout):
    """The caller's deadline ended the try, not the source's own time limit."""


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
