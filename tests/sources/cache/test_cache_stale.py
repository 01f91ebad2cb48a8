"""Stale-if-error: what was last known stands in for a source that fails."""

import asyncio
from typing import Any

import pytest

from sources.faults import CircuitOpen, Malformed, NotOffered, Refused, Throttled, Timeout, Unavailable
from sources.wire.deadline import Deadline, within

STOOD_IN_FOR = [Unavailable, Timeout, CircuitOpen, Throttled, Malformed]


@pytest.mark.parametrize("kind", STOOD_IN_FOR)
async def test_what_was_last_known_is_served_unchanged_when_the_source_fails(
    open_cache: Any, ask: Any, source: Any, clock: Any, kind: Any
) -> None:
    cache = open_cache()
    await ask(cache, "a")
    clock.now += 600
    source.fault = kind("broken")
    answer = await ask(cache, "a", "b")
    assert answer["a"] == "value of a"
    assert isinstance(answer["b"], kind)
    assert cache.counts.stale == 1


@pytest.mark.parametrize("kind", [Refused, NotOffered])
async def test_a_refusal_is_not_papered_over(open_cache: Any, ask: Any, source: Any, clock: Any, kind: Any) -> None:
    cache = open_cache()
    await ask(cache, "a")
    clock.now += 600
    source.fault = kind("no")
    assert isinstance((await ask(cache, "a"))["a"], kind)


async def test_a_fault_at_one_key_is_stood_in_for_too(open_cache: Any, ask: Any, source: Any, clock: Any) -> None:
    cache = open_cache()
    await ask(cache, "a", "b")
    clock.now += 600
    source.values = {"a": Unavailable("down"), "b": "new"}
    assert await ask(cache, "a", "b") == {"a": "value of a", "b": "new"}


async def test_what_is_older_than_both_times_is_not_served(open_cache: Any, ask: Any, source: Any, clock: Any) -> None:
    cache = open_cache()
    await ask(cache, "a", ttl=30, stale=100)
    source.fault = Unavailable("down")
    clock.now += 129
    assert await ask(cache, "a", ttl=30, stale=100) == {"a": "value of a"}
    clock.now += 2
    assert isinstance((await ask(cache, "a", ttl=30, stale=100))["a"], Unavailable)


async def test_an_old_not_known_is_never_served(open_cache: Any, ask: Any, source: Any, clock: Any) -> None:
    cache = open_cache()
    source.values["a"] = None
    await ask(cache, "a")
    clock.now += 6
    source.fault = Unavailable("down")
    assert isinstance((await ask(cache, "a"))["a"], Unavailable)


async def test_the_source_is_asked_each_time_until_it_answers_again(
    open_cache: Any, ask: Any, source: Any, clock: Any
) -> None:
    cache = open_cache()
    await ask(cache, "a")
    clock.now += 600
    source.fault = Unavailable("down")
    await ask(cache, "a")
    source.fault = None
    source.values["a"] = "new"
    assert await ask(cache, "a") == {"a": "new"}
    assert len(source.calls) == 3


async def test_a_waiter_whose_deadline_passes_gets_what_was_last_known(
    open_cache: Any, ask: Any, source: Any, clock: Any
) -> None:
    cache = open_cache()
    await ask(cache, "a")
    clock.now += 600
    source.gate = asyncio.Event()
    with within(Deadline(0.05)):
        answer = await ask(cache, "a", "b")
    assert answer["a"] == "value of a"
    assert isinstance(answer["b"], Timeout)


async def test_what_was_purged_is_not_served_even_when_the_source_fails(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    await ask(cache, "a")
    await cache.purge(["tag:a"])
    source.fault = Unavailable("down")
    assert isinstance((await ask(cache, "a"))["a"], Unavailable)
