"""Whether a consumer may ask now: how often in a minute, and how much at the same time.

A consumer is who a token names (issuer and subject). Requests are counted in minutes of the clock: in Redis for all
processes together, and while Redis gives no answer each process keeps to its part, so a lost Redis refuses nobody.
What runs at the same time is counted in each process, which is where it takes memory and turns.
"""

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis

from gateway.configuration.limits import LimitsSection
from gateway.edge.refusals import Refusal
from resolvers.errors import ErrorCode
from sources.canonical.actor import Actor
from sources.redis_guard import RedisGuard

WINDOW_SECONDS = 60
BUSY_RETRY_SECONDS = 1  # an operation takes a second or less, so a place is free by then
KEPT_CONSUMERS = 10_000  # as many as tokens are remembered
POLICY = "consumer"  # the name of the policy in the headers


class Minute:
    """Counts of this minute, in this process; those of the last one are forgotten.

    limits' own store in memory looks through all its keys at every hit: 0.8 ms with a thousand consumers.
    """

    def __init__(self) -> None:
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def hit(self, consumer: str, minute: int) -> int:
        """Count one more; gives how many there are."""
        if minute != self._minute:
            self._minute, self._counts = minute, Counter()
        self._counts[consumer] += 1
        return self._counts[consumer]


class Slot:
    """A place among the operations of a consumer that run at the same time; free again at the end of its block."""

    def __init__(self, running: Counter[str], consumer: str) -> None:
        self._running = running
        self._consumer = consumer

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def take(self) -> None:
        self._running[self._consumer] += 1

    def leave(self) -> None:
        self._running[self._consumer] -= 1
        if not self._running[self._consumer]:
            del self._running[self._consumer]

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Others may have it meanwhile. It is taken back in any case: what came back is nearly done."""
        self.leave()
        try:
            yield
        finally:
            self.take()


class Admission:
    """The bounds of each consumer."""

    def __init__(
        self,
        limits: LimitsSection,
        *,
        workers: int = 1,
        redis: Redis | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._per_minute = limits.requests_per_minute
        self._alone = math.ceil(limits.requests_per_minute / workers)
        self._at_once = math.ceil(limits.concurrent_operations / workers)
        self._clock = clock
        self._minute = Minute()
        self._running: Counter[str] = Counter()
        self._guard = RedisGuard()
        self._shared = None if redis is None else _storage(redis)

    async def count(self, actor: Actor) -> Mapping[str, str]:
        """Count a request; gives the headers that tell what is left. Raises Refusal 429 where nothing is.

        Source: IETF draft-ietf-httpapi-ratelimit-headers, RateLimit and RateLimit-Policy.
        """
        now = self._clock()
        minute, reset = int(now // WINDOW_SECONDS), math.ceil(WINDOW_SECONDS - now % WINDOW_SECONDS)
        count, allowed = await self._hit(consumer_of(actor), minute)
        headers = {
            "ratelimit-policy": f'"{POLICY}";q={allowed};w={WINDOW_SECONDS}',
            "ratelimit": f'"{POLICY}";r={max(0, allowed - count)};t={reset}',
        }
        if count > allowed:
            message = f"more than {allowed} requests in this minute: ask again in {reset} seconds"
            headers["retry-after"] = str(reset)
            raise Refusal(429, ErrorCode.TOO_MANY_REQUESTS, message, headers=headers, retryable=True)
        return headers

    def running(self, actor: Actor) -> Slot:
        """A place among the operations of the consumer; it is to be left. Raises Refusal 429."""
        consumer = consumer_of(actor)
        if self._running[consumer] >= self._at_once:
            message = f"more than {self._at_once} operations at the same time: ask again when one has ended"
            headers = {"retry-after": str(BUSY_RETRY_SECONDS)}
            raise Refusal(429, ErrorCode.TOO_MANY_OPERATIONS, message, headers=headers, retryable=True)
        slot = Slot(self._running, consumer)
        slot.take()
        return slot

    @property
    def consumers(self) -> int:
        """How many have operations under way here."""
        return len(self._running)

    async def _hit(self, consumer: str, minute: int) -> tuple[int, int]:
        alone = self._minute.hit(consumer, minute)  # also while Redis answers: its loss must not begin a new minute
        shared = self._shared
        if shared is not None:
            key = f"{consumer}:{minute}"
            count = await self._guard.ask(lambda: shared.incr(key, WINDOW_SECONDS))
            if count is not None:
                return count, self._per_minute
        return alone, self._alone


def consumer_of(actor: Actor) -> str:
    """Who asks, as a key that says nothing about them."""
    return _consumer(actor.issuer, actor.subject)


@lru_cache(KEPT_CONSUMERS)
def _consumer(issuer: str, subject: str) -> str:
    return hashlib.blake2b(f"{issuer}\n{subject}".encode(), digest_size=16).hexdigest()


def _storage(redis: Redis) -> RedisStorage:
    """limits over the gateway's own connections: their time limits and credentials stay as configured."""
    pool: Any = redis.connection_pool  # of a type that limits does not name
    return RedisStorage("async+redis://", implementation="redispy", key_prefix="c360:limits", connection_pool=pool)
