"""What one operation spends on calls to sources: counted at the wire, and held to a limit there.

A fetch that several operations share is spent by the one that began it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sources.faults import Overspent


class Spending:
    """The calls of one operation. Retries are counted apart: the wire bounds them by itself (see retry.py)."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        """How many calls it may make; None: as many as it needs."""
        self.calls: Counter[str] = Counter()
        """By the name of the system."""
        self.retries: Counter[str] = Counter()

    def call(self, system: str) -> None:
        """A call is about to be made. Raises Overspent where the limit is reached."""
        if self.limit is not None and self.calls.total() >= self.limit:
            raise Overspent(f"not asked: the operation has made the {self.limit} calls that one may make")
        self.calls[system] += 1

    def not_made(self, system: str) -> None:
        """The call was not made after all."""
        self.calls[system] -= 1

    def retry(self, system: str) -> None:
        """A call is made again."""
        self.retries[system] += 1


_current: ContextVar[Spending | None] = ContextVar("spending", default=None)


def in_force() -> Spending:
    """What the work at hand is counted in; where nobody counts, a new one without a limit."""
    return _current.get() or Spending()


@contextmanager
def counted(spending: Spending) -> Iterator[Spending]:
    """Count what is called meanwhile, by tasks that are started meanwhile too."""
    token = _current.set(spending)
    try:
        yield spending
    finally:
        _current.reset(token)
