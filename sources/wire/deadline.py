"""The deadline of the request that is being served, known all the way down."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Deadline:
    """A moment on the monotonic clock. May be extended by a later caller who waits for the same work."""

    __slots__ = ("at",)

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())

    def extend_to(self, other: "Deadline") -> None:
        """Live as long as the other, where that is longer."""
        self.at = max(self.at, other.at)


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def current() -> Deadline | None:
    """The deadline in force; None outside a request."""
    return _current.get()


@contextmanager
def within(deadline: Deadline) -> Iterator[Deadline]:
    """Put a deadline in force for everything called inside."""
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)
