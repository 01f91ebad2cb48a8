"""Asks again where that may help and is paid for: safe requests only, at most three times, within the deadline.

Own code instead of stamina's loop: each wait hangs on the deadline, on the source's Retry-After and on a budget,
of which stamina knows none; what would be left of it is the one line of the backoff.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sources.faults import SourceFault
from sources.wire.deadline import Deadline

TRIES = 3  # the second mends a lost connection, the third a restart behind a load balancer; a fourth mends nothing
FIRST_BACKOFF_SECONDS = (
    0.1  # upper bound of the first wait; doubles; full jitter, so that callers do not return in step
)
BUDGET_SHARE = 0.15  # retries for each call: a source that is down is hit 1.15 times as often, not three times
BUDGET_RESERVE = 10.0  # retries that a quiet source may have before its calls have paid for any

R = TypeVar("R")


class RetryBudget:
    """A bucket into which each call pays a part of a retry."""

    def __init__(self, share: float = BUDGET_SHARE, reserve: float = BUDGET_RESERVE) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve

    def pay_in(self) -> None:
        """One call was made."""
        self._left = min(self._reserve, self._left + self._share)

    def take(self) -> bool:
        """True where one retry was left, which is then spent."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Retry:
    """The retries of one source."""

    def __init__(
        self,
        budget: RetryBudget | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._budget = budget or RetryBudget()
        self._sleep = sleep
        self._jitter = jitter

    async def run(
        self,
        once: Callable[[], Awaitable[R]],
        *,
        tries: int,
        deadline: Deadline,
        again: Callable[[], None] = lambda: None,
    ) -> R:
        """What `once` gives; `again` is told of each retry. Raises the last fault where no try is left or in time."""
        self._budget.pay_in()
        tried = 1
        while True:
            try:
                return await once()
            except SourceFault as fault:
                wait = self._wait(fault, tried, deadline) if tried < tries else None
                if wait is None:
                    raise
            await self._sleep(wait)
            tried += 1
            again()

    def _wait(self, fault: SourceFault, tried: int, deadline: Deadline) -> float | None:
        if not fault.retryable:
            return None
        wait = fault.retry_after_seconds
        if wait is None:
            wait = self._jitter() * FIRST_BACKOFF_SECONDS * 2 ** (tried - 1)
        return wait if wait < deadline.remaining() and self._budget.take() else None
