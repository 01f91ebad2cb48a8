"""The second level: what processes share through Redis.

A purge is a stamp. Redis keeps the newest stamp (COUNTER) and the stamp of each recently purged tag (PURGES); each
process holds a copy. A value is written together with the stamp that was newest when its fetch began, so it is
good where none of its tags has a later one: a fill that a purge overtook is void wherever it is read, and a purge
costs one round trip whatever it touches. Purges are also published, for the first levels of the other processes;
a process that hears no publications trusts nothing in its first level (`hearing`), and one that missed some
catches up from PURGES. A Redis that came back empty is told by its stamp going back.

The stamp is Redis's clock in microseconds, or one more than the last: a fetch that began before Redis lost its
memory does not look newer than the purges after it.
"""

import struct
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

import msgspec
from redis.asyncio import Redis

from sources.redis_guard import RedisGuard

PREFIX = "c360:"
COUNTER, PURGES, FLOOR, CHANNEL = PREFIX + "purged", PREFIX + "purges", PREFIX + "purge-floor", PREFIX + "purge"
PURGES_KEPT = 20_000  # tags; five a second for an hour. What was fetched before the oldest of them counts as unknown
MAX_VALUE_BYTES = 1024 * 1024  # a larger value costs Redis more than it saves here
OWED_PURGES = 10_000  # remembered while Redis is away; beyond, the time to live of an entry is the bound

_HEAD = struct.Struct(">dqH")  # filled_at, stamp, number of tags
_TAG_CHARS = 16

# KEYS: counter, purges, floor. ARGV: channel, sender, how many are kept, the tags. Gives (stamp before, stamp).
_PURGE = """
local time = redis.call('TIME')
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local stamp = math.max(time[1] * 1000000 + time[2], before + 1)
local text = string.format('%.0f', stamp)
redis.call('SET', KEYS[1], text)
local tags = {}
for i = 4, #ARGV do
  redis.call('ZADD', KEYS[2], text, ARGV[i])
  tags[#tags + 1] = ARGV[i]
end
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[3])
if over > 0 then
  redis.call('SET', KEYS[3], redis.call('ZRANGE', KEYS[2], over - 1, over - 1, 'WITHSCORES')[2])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
end
local was = string.format('%.0f', before)
redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' ' .. was .. ' ' .. text .. ' ' .. table.concat(tags, ' '))
return {was, text}
"""


class Kept(msgspec.Struct, frozen=True):
    """A value as it lies in Redis."""

    filled_at: float
    data: bytes


class SharedLevel:
    """One process's view of the shared level. `on_purge` is told of tags that others purged, `on_gap` that purges
    may have been missed."""

    def __init__(self, redis: Redis, *, on_purge: Callable[[Sequence[str]], None], on_gap: Callable[[], None]) -> None:
        self._redis = redis
        self._on_purge = on_purge
        self._on_gap = on_gap
        self._guard = RedisGuard()
        self._me = uuid.uuid4().hex
        self._stamps: OrderedDict[str, int] = OrderedDict()
        self._floor = 0
        self._newest = 0  # the newest stamp that this process knows of
        self._owed: OrderedDict[str, None] = OrderedDict()

    @property
    def failures(self) -> int:
        """How many questions to Redis got no answer."""
        return self._guard.failures

    async def read(self, names: Sequence[str]) -> tuple[int, list[Kept | None]] | None:
        """The newest stamp, and for each name its value or None; None where Redis gives no answer."""
        if not await self.pay_owed():
            return None
        known = self._newest
        found = await self._guard.ask(lambda: self._redis.mget([COUNTER, *names]))
        if found is None:
            return None
        stamp = int(found[0] or 0)
        if (stamp > self._newest or stamp < known) and not await self.catch_up():
            return None
        return stamp, [self._opened(data) if isinstance(data, bytes) else None for data in found[1:]]

    async def write(self, stamp: int, values: Iterable[tuple[str, float, float, Sequence[str], bytes]]) -> None:
        """Keep values: (name, lifetime in seconds, filled_at, tags, data), all fetched after `stamp`."""
        pipeline = self._redis.pipeline(transaction=False)
        for name, lifetime, filled_at, tags, data in values:
            if len(data) <= MAX_VALUE_BYTES and lifetime > 0:
                head = _HEAD.pack(filled_at, stamp, len(tags)) + "".join(tags).encode()
                pipeline.set(name, head + data, px=max(1, int(lifetime * 1000)))
        if len(pipeline):
            await self._guard.ask(pipeline.execute)

    async def purge(self, tags: Sequence[str]) -> None:
        """Make what is kept under these tags void for everybody. Owed where Redis gives no answer, paid later."""
        for tag in tags:
            self._owed[tag] = None
            self._owed.move_to_end(tag)
        while len(self._owed) > OWED_PURGES:
            self._owed.popitem(last=False)
        await self.pay_owed(always=True)

    async def pay_owed(self, *, always: bool = False) -> bool:
        """Carry out the purges that Redis has not heard of. False where it gives no answer."""
        tags = tuple(self._owed)
        if not tags:
            return True
        args: list[str | int] = [COUNTER, PURGES, FLOOR, CHANNEL, self._me, PURGES_KEPT, *tags]
        told = await self._guard.ask(lambda: self._redis.eval(_PURGE, 3, *args), always=always)
        if told is None:
            return False
        before, stamp = int(told[0]), int(told[1])
        for tag in tags:
            self._owed.pop(tag, None)
        self._note(stamp, tags)
        if before == self._newest:
            self._newest = stamp
        return True

    async def catch_up(self) -> bool:
        """Learn of the purges since the newest known. False where Redis gives no answer."""
        known = self._newest

        async def question() -> tuple[bytes | None, bytes | None, list[tuple[bytes, float]]]:
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.get(COUNTER)
            pipeline.get(FLOOR)
            pipeline.zrangebyscore(PURGES, f"({known}", "+inf", withscores=True)
            counter, floor, purges = await pipeline.execute()
            return counter, floor, purges

        told = await self._guard.ask(question)
        if told is None:
            return False
        newest, floor = int(told[0] or 0), int(float(told[1] or 0))
        if newest < known:  # another Redis, or one that lost its memory
            self._stamps.clear()
            self._newest = self._floor = 0
            self._on_gap()
            return await self.catch_up()
        if known < floor:
            self._on_gap()
        self._floor = max(self._floor, floor)
        for tag, stamp in told[2]:
            self._learn(int(stamp), (tag.decode(),))
        self._newest = max(self._newest, newest)
        return True

    async def heard(self, publication: bytes) -> None:
        """A purge was published: "sender before stamp tag…"."""
        sender, before, stamp, *tags = publication.decode().split(" ")
        if sender == self._me:
            return
        self._learn(int(stamp), tags)
        if int(before) == self._newest:
            self._newest = int(stamp)
        else:
            await self.catch_up()

    def _learn(self, stamp: int, tags: Sequence[str]) -> None:
        self._note(stamp, tags)
        self._on_purge(tags)

    def _note(self, stamp: int, tags: Sequence[str]) -> None:
        for tag in tags:
            self._stamps[tag] = max(stamp, self._stamps.get(tag, 0))
            self._stamps.move_to_end(tag)
        while len(self._stamps) > PURGES_KEPT:
            _, dropped = self._stamps.popitem(last=False)
            self._floor = max(self._floor, dropped)

    def _opened(self, data: bytes) -> Kept | None:
        filled_at, stamp, count = _HEAD.unpack_from(data)
        end = _HEAD.size + count * _TAG_CHARS
        if stamp < self._floor:
            return None
        text = data[_HEAD.size : end].decode()
        for start in range(0, len(text), _TAG_CHARS):
            tag = text[start : start + _TAG_CHARS]
            if self._stamps.get(tag, 0) > stamp:
                return None
        return Kept(filled_at, data[end:])


def name_of(space: str, key: object) -> str:
    """The Redis key of a place: a hash, so that it holds nothing of a person and has a bounded length."""
    return f"{PREFIX}v:" + blake2b(f"{space}\0{key!r}".encode(), digest_size=16).hexdigest()


def tag_of(tag: str) -> str:
    """The hash under which a tag is known: 16 characters. Two tags with the same one are purged together."""
    return blake2b(tag.encode(), digest_size=_TAG_CHARS // 2).hexdigest()
