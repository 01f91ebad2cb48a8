"""The turns of a whole deployment, counted in Redis."""

from redis.asyncio import Redis

from sources.redis_guard import RedisGuard
from sources.wire.limiter import BURST_SECONDS, Rate

# The cell rate algorithm of limiter.LocalRate by the clock of Redis, in microseconds.
# KEYS: the bucket. ARGV: interval, burst, the longest wait. Gives the wait; a turn is taken where it is not too long.
_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local turn = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = math.max(0, turn - now - tonumber(ARGV[2]))
if wait <= tonumber(ARGV[3]) then
  local next = turn + interval
  redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
end
return string.format('%.0f', wait)
"""


class SharedRate:
    """One rate for all processes; while Redis gives no answer, each keeps to its own share of it."""

    def __init__(self, name: str, per_second: float, redis: Redis, *, alone: Rate) -> None:
        self._bucket = f"c360:rate:{name}"
        self._interval = 1_000_000 / per_second
        self._burst = max(0.0, BURST_SECONDS * 1_000_000 - self._interval)
        self._redis = redis
        self._alone = alone
        self._guard = RedisGuard()

    async def reserve(self, longest_wait_seconds: float) -> float:
        """As limiter.Rate."""
        args = (self._interval, self._burst, longest_wait_seconds * 1_000_000)
        told = await self._guard.ask(lambda: self._redis.eval(_RESERVE, 1, self._bucket, *args))
        return await self._alone.reserve(longest_wait_seconds) if told is None else int(told) / 1_000_000
