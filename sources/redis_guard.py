"""Asks Redis without ever waiting long for it: it makes things faster, so it must not make them slower."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError

REDIS_SECONDS = 0.25  # a Redis near by answers in a millisecond; later than this a source has often answered itself
PAUSE_SECONDS = 1.0  # after a failure nobody asks for so long, so that a hanging Redis costs one request a second

log = logging.getLogger(__name__)
T = TypeVar("T")


class RedisGuard:
    """A time limit and a pause after failures. Says once that Redis is lost, and once that it is back."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ask_again_at = 0.0
        self._lost = False
        self.failures = 0
        """How many questions got no answer."""

    async def ask(self, question: Callable[[], Awaitable[T]], *, always: bool = False) -> T | None:
        """The answer, or None where Redis gives none. `always`: also during the pause."""
        now = self._clock()
        if self._lost and not always:
            if now < self._ask_again_at:
                return None
            self._ask_again_at = now + PAUSE_SECONDS  # the others wait for what this one finds out
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                answer = await question()
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        if self._lost:
            self._lost = False
            log.warning("redis is back")
        return answer

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self._ask_again_at = self._clock() + PAUSE_SECONDS
        if not self._lost:
            self._lost = True
            log.warning("redis gives no answer (%s): going on without it", type(error).__name__)
