"""Room for answers: what runs never exceeds it, the line is served in order, and whoever leaves makes room."""

import asyncio
import random

import pytest

from gateway.edge.pacing import Pace
from gateway.edge.refusals import Refusal


async def waiting(pace, fields):
    task = asyncio.create_task(pace.place(fields))
    await asyncio.sleep(0)
    return task


async def test_what_has_room_begins_at_once():
    pace = Pace(100, 1.0)
    for _ in range(10):
        await pace.place(10)


async def test_the_next_begins_when_one_is_over_in_the_order_in_which_they_came():
    pace = Pace(100, 1.0)
    first = await pace.place(80)
    large, small = await waiting(pace, 90), await waiting(pace, 10)
    await asyncio.sleep(0.01)
    assert not large.done()
    assert not small.done(), "a small one must not overtake for ever"
    first.leave()
    await asyncio.wait_for(asyncio.gather(large, small), 1)


async def test_one_that_is_larger_than_everything_runs_alone():
    pace = Pace(100, 1.0)
    small = await pace.place(1)
    huge = await waiting(pace, 10_000)
    assert not huge.done()
    small.leave()
    (await huge).leave()
    await pace.place(100)


async def test_leaving_twice_gives_room_once():
    pace = Pace(10, 0.05)
    place = await pace.place(10)
    place.leave()
    place.leave()
    await pace.place(10)
    with pytest.raises(Refusal):
        await pace.place(1)


async def test_who_waits_too_long_is_told_when_to_come_again():
    pace = Pace(10, 0.05)
    held = await pace.place(10)
    with pytest.raises(Refusal) as refused:
        await pace.place(5)
    assert (refused.value.status, refused.value.code.value) == (503, "OVERLOADED")
    assert refused.value.headers["retry-after"]
    held.leave()
    await pace.place(10)


async def test_whoever_comes_goes_or_is_cancelled_there_is_never_too_much_and_at_the_end_nothing():
    chance = random.Random(3)
    pace, running, most = Pace(50, 5.0), 0, 0

    async def operation(fields):
        nonlocal running, most
        place = await pace.place(fields)
        running += fields
        most = max(most, running)
        try:
            await asyncio.sleep(chance.random() / 1000)
        finally:
            running -= fields
            place.leave()

    tasks = [asyncio.create_task(operation(chance.randint(1, 50))) for _ in range(400)]
    for task in tasks[::3]:
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert 0 < most <= 50
    await asyncio.wait_for(pace.place(50), 1)
