"""Automatic persisted queries: texts that clients registered under their hash, in memory and in a shared Redis.

Both are bounded. In Redis a text lies in one of SHARED_SLOTS slots that its hash picks, so that nobody fills it by
registering; two texts in one slot displace each other, which costs their clients a repetition and nothing else.
"""

from cachetools import LRUCache
from redis.asyncio import Redis

from gateway.edge.trusted import sha256_of
from sources.redis_guard import RedisGuard

KEPT_CHARACTERS = 2_000_000  # in memory: some two thousand documents of the size that applications have
LONGEST_KEPT = 20_000  # characters; a longer one is served and not kept
SHARED_SLOTS = 8192  # with the longest text in each, 160 MB of Redis at the very most
SHARED_SECONDS = 7 * 24 * 3600  # a client that comes back after a week registers again
SHARED_KEY = "c360:persisted:"


class PersistedQueries:
    """Texts by their SHA-256."""

    def __init__(self, redis: Redis | None = None) -> None:
        self._kept: LRUCache[str, str] = LRUCache(KEPT_CHARACTERS, getsizeof=len)
        self._redis = redis
        self._guard = RedisGuard()

    async def get(self, sha256: str) -> str | None:
        """The text with that hash; None where it is not known, here or in Redis."""
        text = self._kept.get(sha256)
        if text is None and self._redis is not None:
            text = await self._shared(self._redis, sha256)
            if text is not None:
                self._kept[sha256] = text
        return text

    async def put(self, sha256: str, text: str) -> None:
        """Keep a text that was found valid, under its hash."""
        if len(text) > LONGEST_KEPT or sha256 in self._kept:
            return
        self._kept[sha256] = text
        redis = self._redis
        if redis is not None:
            await self._guard.ask(lambda: redis.set(_slot(sha256), text.encode(), ex=SHARED_SECONDS))

    async def _shared(self, redis: Redis, sha256: str) -> str | None:
        if not _is_hash(sha256):
            return None
        found = await self._guard.ask(lambda: redis.get(_slot(sha256)))
        text = found.decode("utf-8", "replace") if isinstance(found, bytes) else None
        return text if text is not None and sha256_of(text) == sha256 else None


def _slot(sha256: str) -> str:
    return SHARED_KEY + str(int(sha256[:8], 16) % SHARED_SLOTS)


def _is_hash(text: str) -> bool:
    return len(text) == len(sha256_of("")) and all(each in "0123456789abcdef" for each in text)
