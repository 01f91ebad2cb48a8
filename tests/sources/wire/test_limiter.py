"""How many at a time, how many a second, and what becomes of those that cannot wait."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.faults import Throttled
from sources.wire.deadline import Deadline
from sources.wire.limiter import Limiter, LocalRate


async def hold(limiter: Limiter, deadline: Deadline, until: asyncio.Event) -> None:
    await limiter.enter(deadline)
    try:
        await until.wait()
    finally:
        limiter.leave()


async def test_no_more_than_the_limit_are_under_way() -> None:
    limiter = Limiter("x", concurrency=3)
    now = most = 0

    async def call() -> None:
        nonlocal now, most
        await limiter.enter(Deadline(5))
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        limiter.leave()

    await asyncio.gather(*(call() for _ in range(50)))
    assert most == 3


async def test_who_finds_no_place_by_the_deadline_is_throttled_and_the_place_is_not_lost() -> None:
    limiter = Limiter("x", concurrency=1)
    done = asyncio.Event()
    holder = asyncio.create_task(hold(limiter, Deadline(5), done))
    await asyncio.sleep(0)
    with pytest.raises(Throttled, match="1 calls to x were under way"):
        await limiter.enter(Deadline(0.02))
    done.set()
    await holder
    await limiter.enter(Deadline(0.02))
    limiter.leave()


async def test_who_is_cancelled_while_waiting_leaves_no_place_behind() -> None:
    limiter = Limiter("x", concurrency=1)
    done = asyncio.Event()
    holder = asyncio.create_task(hold(limiter, Deadline(5), done))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(hold(limiter, Deadline(5), done))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    done.set()
    await holder
    await limiter.enter(Deadline(0.02))


async def test_the_turns_of_a_second_come_at_once_after_a_pause_and_then_one_by_one() -> None:
    now = 0.0
    rate = LocalRate(10, clock=lambda: now)
    waits = [await rate.reserve(60) for _ in range(13)]
    assert waits[:10] == [0.0] * 10
    assert waits[10:] == pytest.approx([0.1, 0.2, 0.3])


async def test_a_turn_beyond_the_longest_wait_is_not_taken() -> None:
    now = 0.0
    rate = LocalRate(1, clock=lambda: now)
    assert await rate.reserve(0.5) == 0
    assert await rate.reserve(0.5) == 1.0
    now = 1.0
    assert await rate.reserve(0.5) == 0


@given(st.floats(0.5, 50), st.lists(st.floats(0, 2), min_size=1, max_size=80))
def test_never_more_turns_than_the_rate_allows(per_second: float, pauses: list[float]) -> None:
    now = 0.0
    rate = LocalRate(per_second, clock=lambda: now)

    async def turns() -> list[float]:
        nonlocal now
        at = []
        for pause in pauses:
            now += pause
            at.append(now + await rate.reserve(1e9))
        return at

    at = asyncio.run(turns())
    for first in range(len(at)):
        for last in range(first, len(at)):
            assert last - first <= (at[last] - at[first]) * per_second + max(1.0, per_second) + 1e-6


async def test_who_would_wait_beyond_the_deadline_is_told_when_to_come_back_at_once() -> None:
    limiter = Limiter("x", concurrency=2, rate=LocalRate(0.5))
    await limiter.enter(Deadline(5))
    began = time.monotonic()
    with pytest.raises(Throttled) as caught:
        await limiter.enter(Deadline(1))
    assert time.monotonic() - began < 0.2
    assert caught.value.retry_after_seconds == pytest.approx(2, abs=0.2)
    assert not limiter._slots.locked()


async def test_a_turn_is_waited_for() -> None:
    limiter = Limiter("x", concurrency=30, rate=LocalRate(20))
    began = time.monotonic()
    await asyncio.gather(*(limiter.enter(Deadline(5)) for _ in range(22)))
    assert 0.09 < time.monotonic() - began < 0.5
