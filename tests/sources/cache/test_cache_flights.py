"""Who waits for a fetch, and how long it lives."""

import asyncio
import time
from typing import Any

import pytest

from sources.faults import Timeout
from sources.wire import deadline as deadlines
from sources.wire.deadline import Deadline, within


async def until(deadline: Deadline, asking: Any) -> Any:
    with within(deadline):
        return await asking


async def test_a_waiter_whose_deadline_passes_gets_a_timeout_while_the_others_go_on(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    hurried = asyncio.create_task(until(Deadline(0.05), ask(cache, "a")))
    patient = asyncio.create_task(until(Deadline(5), ask(cache, "a")))
    answer = await hurried
    assert isinstance(answer["a"], Timeout)
    assert not patient.done()
    source.gate.set()
    assert await patient == {"a": "value of a"}
    assert source.calls == [("a",)]
    assert source.cancelled == 0


async def test_a_fetch_runs_under_the_longest_deadline_of_its_waiters(open_cache: Any, ask: Any) -> None:
    cache = open_cache()
    seen: list[float] = []
    joined = asyncio.Event()

    async def fetch(keys: Any) -> Any:
        await joined.wait()
        in_force = deadlines.current()
        assert in_force is not None
        seen.append(in_force.remaining())
        return dict.fromkeys(keys, "x")

    first = asyncio.create_task(until(Deadline(1), ask(cache, "a", fetch=fetch)))
    await asyncio.sleep(0)
    second = asyncio.create_task(until(Deadline(50), ask(cache, "a", fetch=fetch)))
    await asyncio.sleep(0.01)
    joined.set()
    await asyncio.gather(first, second)
    assert 49 < seen[0] <= 50


async def test_a_try_that_is_under_way_lives_on_when_a_more_patient_waiter_joins(open_cache: Any, ask: Any) -> None:
    cache = open_cache()

    async def fetch(keys: Any) -> Any:
        in_force = deadlines.current()
        assert in_force is not None
        async with in_force.bound():
            await asyncio.sleep(0.1)
        return dict.fromkeys(keys, "x")

    first = asyncio.create_task(until(Deadline(0.03), ask(cache, "a", fetch=fetch)))
    await asyncio.sleep(0)
    second = asyncio.create_task(until(Deadline(5), ask(cache, "a", fetch=fetch)))
    assert isinstance((await first)["a"], Timeout)
    assert await second == {"a": "x"}


async def test_a_fetch_that_nobody_waits_for_any_more_is_cancelled(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    waiters = [asyncio.create_task(ask(cache, "a")) for _ in range(3)]
    await source.started.wait()
    for waiter in waiters[:2]:
        waiter.cancel()
    await asyncio.sleep(0.01)
    assert source.cancelled == 0
    waiters[2].cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert source.cancelled == 1
    source.gate = None
    assert await ask(cache, "a") == {"a": "value of a"}


async def test_one_waiter_cancelled_leaves_the_others_their_answer(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    starter = asyncio.create_task(ask(cache, "a"))
    await source.started.wait()
    joiner = asyncio.create_task(ask(cache, "a"))
    await asyncio.sleep(0)
    starter.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await joiner == {"a": "value of a"}
    assert source.calls == [("a",)]


async def test_a_fetch_that_ignores_the_deadline_is_ended(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    began = time.monotonic()
    answer = await until(Deadline(0.05), ask(cache, "a"))
    assert isinstance(answer["a"], Timeout)
    assert time.monotonic() - began < 0.2
    await asyncio.sleep(0.4)
    assert source.cancelled == 1


async def test_a_fetch_whose_last_patient_waiter_leaves_does_not_live_on_for_its_deadline(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    patient = asyncio.create_task(until(Deadline(50), ask(cache, "a")))
    await source.started.wait()
    hurried = asyncio.create_task(until(Deadline(0.05), ask(cache, "a")))
    await asyncio.sleep(0)
    patient.cancel()
    await hurried
    await asyncio.sleep(0.01)
    assert source.cancelled == 1


async def test_closing_ends_what_is_under_way_and_waiters_get_a_fault(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    waiter = asyncio.create_task(ask(cache, "a"))
    await source.started.wait()
    await cache.close()
    assert (await waiter)["a"].code == "SOURCE_UNAVAILABLE"
    assert source.cancelled == 1
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("seconds", [0.0])
async def test_with_the_deadline_passed_what_is_fresh_is_still_served(
    open_cache: Any, ask: Any, source: Any, seconds: float
) -> None:
    cache = open_cache()
    await ask(cache, "a")
    assert await until(Deadline(seconds), ask(cache, "a")) == {"a": "value of a"}
