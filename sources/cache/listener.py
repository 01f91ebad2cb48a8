"""Hears what other processes purge."""

import asyncio
from contextlib import suppress

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sources.cache.shared import CHANNEL, SharedLevel

HEARTBEAT_SECONDS = 1.0  # a Redis that hangs without closing is noticed within two of these
RETURN_SECONDS = 0.5  # between tries to come back


class Listener:
    """One subscription in the background, renewed for ever. `hearing` is False while purges may go unheard."""

    def __init__(self, redis: Redis, shared: SharedLevel) -> None:
        pool = redis.connection_pool
        # Its own connection without redis-py's silent reconnecting: a gap in hearing must be seen as one.
        self._pool = ConnectionPool(
            connection_class=pool.connection_class,
            **{**pool.connection_kwargs, "retry": Retry(NoBackoff(), 0), "health_check_interval": 0},
        )
        self._shared = shared
        self._task: asyncio.Task[None] | None = None
        self.hearing = False

    def start(self) -> None:
        """Begin to listen, in the running event loop. Again: nothing happens."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        self.hearing = False
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._pool.disconnect()

    async def _listen(self) -> None:
        while True:
            channel = PubSub(self._pool)
            try:
                async with asyncio.timeout(2 * HEARTBEAT_SECONDS):
                    await self._begin(channel)
                self.hearing = True
                while True:
                    await self._hear(channel)
            except (RedisError, OSError, TimeoutError):
                self.hearing = False
            finally:
                await channel.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(RETURN_SECONDS)

    async def _begin(self, channel: PubSub) -> None:
        await channel.subscribe(CHANNEL)
        while (message := await channel.get_message(timeout=HEARTBEAT_SECONDS)) is None:
            pass
        if message["type"] != "subscribe" or not await self._shared.pay_owed(always=True):
            raise ConnectionError
        if not await self._shared.catch_up():
            raise ConnectionError

    async def _hear(self, channel: PubSub) -> None:
        message = await channel.get_message(timeout=HEARTBEAT_SECONDS)
        if message is None:
            await channel.ping()
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                while (message := await channel.get_message(timeout=HEARTBEAT_SECONDS)) is None:
                    pass
        if message["type"] == "message":
            await self._shared.heard(message["data"])
