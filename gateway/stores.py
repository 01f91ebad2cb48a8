"""The stores beside the sources: the gateway's database, and a Redis where one is configured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from sources.database import Database

CONNECT_SECONDS = 2.0
POOL_CONNECTIONS = 64  # the most that wait for Redis at once; each question is a millisecond


class SharedRedis:
    """The Redis of the deployment, or none."""

    def __init__(self, client: Redis | None) -> None:
        self.client = client

    async def check(self) -> str | None:
        """None where it answers, or where none is configured; else why it does not."""
        if self.client is None:
            return None
        try:
            await self.client.ping()
        except (RedisError, OSError) as error:
            return f"does not answer ({type(error).__name__})"
        return None


@asynccontextmanager
async def open_redis(url: str | None) -> AsyncIterator[SharedRedis]:
    """The Redis at that URL; connects on first use, and gives bytes."""
    if url is None:
        yield SharedRedis(None)
        return
    client = Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
        max_connections=POOL_CONNECTIONS,
    )
    try:
        yield SharedRedis(client)
    finally:
        await client.aclose()


async def database_answers(database: Database) -> str | None:
    """None; raises where the database does not answer."""
    async with database.reading() as connection:
        await connection.execute(text("SELECT 1"))
    return None
