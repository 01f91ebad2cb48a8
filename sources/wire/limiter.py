"""How many calls a source gets at a time and in a second. Waiting is bounded by the deadline.

A call that cannot start in time is Throttled: the source was not asked, so the breaker does not count it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from sources.faults import Throttled
from sources.wire.deadline import Deadline

BURST_SECONDS = 1.0  # what may come at once after a pause: vendors count by the minute, so a second's worth is safe


class Rate(Protocol):
    """Gives out turns."""

    async def reserve(self, longest_wait_seconds: float) -> float:
        """Seconds to wait for one's turn. Where that would be longer than the longest, no turn was taken."""
        ...


class LocalRate:
    """The turns of this process: a generic cell rate algorithm, one number of state.

    Source: ITU-T I.371; the same as a leaky bucket that is told the time.
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / per_second
        self._burst = max(0.0, BURST_SECONDS - self._interval)
        self._clock = clock
        self._next = 0.0  # when the bucket would be empty if nobody came

    async def reserve(self, longest_wait_seconds: float) -> float:
        now = self._clock()
        turn = max(self._next, now)
        wait = turn - now - self._burst
        if wait <= longest_wait_seconds:
            self._next = turn + self._interval
        return max(0.0, wait)


class Limiter:
    """The limits of one source."""

    def __init__(self, name: str, *, concurrency: int, rate: Rate | None = None) -> None:
        self._name = name
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._rate = rate

    async def enter(self, deadline: Deadline) -> None:
        """Wait for a place among the calls under way and for one's turn; `leave` afterwards. Raises Throttled."""
        if self._slots.locked():
            await self._place(deadline)
        else:
            await self._slots.acquire()
        if self._rate is not None:
            try:
                await self._turn(self._rate, deadline)
            except BaseException:
                self._slots.release()
                raise

    def leave(self) -> None:
        """Give the place to the next."""
        self._slots.release()

    async def _place(self, deadline: Deadline) -> None:
        try:
            async with deadline.bound():
                await self._slots.acquire()
        except TimeoutError:
            message = f"{self._concurrency} calls to {self._name} were under way until the deadline"
            raise Throttled(message, sent=False) from None

    async def _turn(self, rate: Rate, deadline: Deadline) -> None:
        longest = deadline.remaining()
        wait = await rate.reserve(longest)
        if wait > longest:
            raise Throttled(f"the rate set for {self._name} is used up", retry_after_seconds=wait, sent=False)
        if wait > 0:
            await asyncio.sleep(wait)
