"""Word of changes, from the process that polls to the streams of every process.

Through Redis where one is configured; without one only the streams of the polling process hear of changes. Where
word may have gone missing, the streams here are interrupted, so that their clients read anew.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sources.announcements import Announced, Announcements
from sources.capabilities import Change
from sources.redis_guard import RedisGuard
from sources.systems import System, Systems

CHANNEL = "c360:changes"
HEARTBEAT_SECONDS = 1.0  # a Redis that hangs without closing is noticed within two of these
RETURN_SECONDS = 0.5  # between tries to come back
OWED_WORDS = 1000  # kept while Redis is away; streams elsewhere are interrupted when it is back in any case

log = structlog.get_logger(__name__)


class _Word(msgspec.Struct, frozen=True):
    sender: str
    change: Announced


class Announcer:
    """Takes what the polling found: purges it from the caches, then tells of it, in this order."""

    def __init__(self, systems: Systems, announcements: Announcements, redis: Redis | None) -> None:
        self._systems = systems
        self._announcements = announcements
        self._redis = redis
        self._guard = RedisGuard()
        self._me = uuid.uuid4().hex
        self._owed: deque[bytes] = deque(maxlen=OWED_WORDS)
        self._decoder = msgspec.json.Decoder(_Word)

    async def on_change(self, system: System, change: Change, customer_uid: str | None) -> None:
        """A change at a source, with its customer where that is known."""
        await self._systems.forget(system.uid, customer=change.customer_ref, record_id=change.record_id)
        if customer_uid is None:
            return
        told = Announced(
            customer_uid=customer_uid,
            source_uid=system.uid,
            kind=change.kind,
            record_id=change.record_id,
            at=change.at,
            customer_ref=change.customer_ref,
        )
        self._announcements.tell(told)
        if self._redis is not None:
            self._owed.append(msgspec.json.encode(_Word(self._me, told)))
            await self._pay(self._redis)

    async def _pay(self, redis: Redis) -> None:
        """Publish what is owed, in order, as far as Redis answers."""
        while self._owed:
            word = self._owed[0]
            if await self._guard.ask(lambda word=word: redis.publish(CHANNEL, word)) is None:  # type: ignore[misc]
                return
            if self._owed and self._owed[0] is word:
                self._owed.popleft()

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[None]:
        """Hear meanwhile what other processes tell."""
        if self._redis is None:
            yield
            return
        pool = self._redis.connection_pool
        # Its own connection without redis-py's silent reconnecting: a gap in hearing must be seen as one.
        own = ConnectionPool(
            connection_class=pool.connection_class,
            **{**pool.connection_kwargs, "retry": Retry(NoBackoff(), 0), "health_check_interval": 0},
        )
        task = asyncio.create_task(self._listen(self._redis, own))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await own.disconnect()

    async def _listen(self, redis: Redis, pool: ConnectionPool) -> None:
        while True:
            channel = PubSub(pool)
            try:
                async with asyncio.timeout(2 * HEARTBEAT_SECONDS):
                    await channel.subscribe(CHANNEL)
                self._announcements.interrupt()  # what was told before this moment was not heard
                while True:
                    await self._pay(redis)
                    await self._hear(channel)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("changes_unheard", error=type(error).__name__)
            finally:
                await channel.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(RETURN_SECONDS)

    async def _hear(self, channel: PubSub) -> None:
        message = await channel.get_message(timeout=HEARTBEAT_SECONDS)
        if message is None:
            await channel.ping()
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                while (message := await channel.get_message(timeout=HEARTBEAT_SECONDS)) is None:
                    pass
        if message["type"] == "message":
            self._heard(message["data"])

    def _heard(self, data: bytes) -> None:
        try:
            word = self._decoder.decode(data)
        except msgspec.MsgspecError:  # of a process of another version
            self._announcements.interrupt()
            return
        if word.sender == self._me:
            return
        change = word.change
        self._systems.forget_here(change.source_uid, customer=change.customer_ref, record_id=change.record_id)
        self._announcements.tell(change)
