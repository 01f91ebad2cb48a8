"""What a batch costs and what it answers."""

import asyncio
from typing import Any

import pytest

from sources.cache import Codec, Question
from sources.canonical.provenance import CustomerRef
from sources.faults import Malformed, SourceFault, Throttled


async def test_fresh_keys_cost_nothing_and_the_rest_costs_one_call(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    await ask(cache, "a", "b")
    answer = await ask(cache, "a", "b", "c", "d")
    assert source.calls == [("a", "b"), ("c", "d")]
    assert answer == {key: f"value of {key}" for key in "abcd"}


async def test_duplicate_keys_are_asked_for_once(open_cache: Any, ask: Any, source: Any) -> None:
    answer = await ask(open_cache(), "a", "a", "b", "a")
    assert source.calls == [("a", "b")]
    assert list(answer) == ["a", "b"]


async def test_one_hundred_callers_cost_one_call(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    callers = [asyncio.create_task(ask(cache, "a", "b")) for _ in range(100)]
    await source.started.wait()
    source.gate.set()
    answers = await asyncio.gather(*callers)
    assert source.calls == [("a", "b")]
    assert all(answer == {"a": "value of a", "b": "value of b"} for answer in answers)


async def test_a_key_that_another_request_fetches_is_waited_for_and_only_the_rest_is_fetched(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    first = asyncio.create_task(ask(cache, "a", "b"))
    await source.started.wait()
    second = asyncio.create_task(ask(cache, "b", "c"))
    await asyncio.sleep(0)
    source.gate.set()
    await asyncio.gather(first, second)
    assert source.calls == [("a", "b"), ("c",)]


async def test_the_same_key_of_another_space_is_another_question(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    await ask(cache, "a", space="one")
    await ask(cache, "a", space="two")
    assert source.calls == [("a",), ("a",)]


async def test_an_answer_older_than_its_time_is_fetched_anew(
    open_cache: Any, ask: Any, source: Any, clock: Any
) -> None:
    cache = open_cache()
    await ask(cache, "a")
    clock.now += 29.9
    await ask(cache, "a")
    assert len(source.calls) == 1
    clock.now += 0.2
    await ask(cache, "a")
    assert len(source.calls) == 2


async def test_without_a_time_to_live_every_question_is_asked_and_callers_still_share(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()
    await ask(cache, "a", ttl=0)
    await asyncio.gather(ask(cache, "a", ttl=0), ask(cache, "a", ttl=0))
    assert source.calls == [("a",), ("a",)]


async def test_what_the_source_does_not_know_is_kept_for_seconds_only(
    open_cache: Any, ask: Any, source: Any, clock: Any
) -> None:
    cache = open_cache()
    source.values["a"] = None
    assert await ask(cache, "a") == {"a": None}
    clock.now += 4.9
    assert await ask(cache, "a") == {"a": None}
    assert len(source.calls) == 1
    clock.now += 0.2
    await ask(cache, "a")
    assert len(source.calls) == 2


async def test_a_fault_at_a_key_leaves_the_others_alone_and_is_not_kept(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.values["bad"] = Malformed("did not fit")
    answer = await ask(cache, "good", "bad")
    assert answer["good"] == "value of good"
    assert isinstance(answer["bad"], Malformed)
    source.values["bad"] = "mended"
    assert await ask(cache, "good", "bad") == {"good": "value of good", "bad": "mended"}
    assert source.calls == [("good", "bad"), ("bad",)]


async def test_a_fault_that_is_raised_stands_at_every_key_and_is_not_kept(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()
    source.fault = Throttled("slow down")
    answer = await ask(cache, "a", "b")
    assert all(isinstance(value, SourceFault) for value in answer.values())
    source.fault = None
    assert await ask(cache, "a", "b") == {"a": "value of a", "b": "value of b"}


async def test_a_key_that_the_answer_leaves_out_is_malformed(open_cache: Any, ask: Any) -> None:
    async def forgetful(keys: Any) -> dict[str, str]:
        return {}

    answer = await ask(open_cache(), "a", fetch=forgetful)
    assert isinstance(answer["a"], Malformed)


async def test_a_fault_of_our_own_reaches_every_waiter_and_nothing_is_kept(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()

    async def broken(keys: Any) -> Any:
        await asyncio.sleep(0)
        raise LookupError("a bug")

    results = await asyncio.gather(*(ask(cache, "a", fetch=broken) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    assert await ask(cache, "a") == {"a": "value of a"}


async def test_peek_tells_what_was_last_known_without_a_call(
    open_cache: Any, ask: Any, source: Any, clock: Any
) -> None:
    cache = open_cache()
    assert cache.peek("s", "a") is None
    assert cache.last_filled("tag:a") is None
    await ask(cache, "a")
    filled_at = clock.now
    clock.now += 10_000
    entry = cache.peek("s", "a")
    assert (entry.value, entry.filled_at) == ("value of a", filled_at)
    assert cache.last_filled("tag:a") == filled_at
    assert len(source.calls) == 1


async def test_keys_may_be_named_tuples(open_cache: Any) -> None:
    cache = open_cache()
    asked = []

    async def fetch(keys: Any) -> Any:
        asked.append(tuple(keys))
        return dict.fromkeys(keys, "x")

    keys = (CustomerRef("organization", "1"), CustomerRef("party", "1"))
    question: Question[Any] = Question(space="s", ttl=9, stale=9, codec=Codec(str), tags=lambda k, v: (), fetch=fetch)
    await cache.batch(question, keys)
    await cache.batch(question, keys)
    assert asked == [keys]


async def test_after_close_nothing_is_asked(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    await cache.close()
    answer = await ask(cache, "a")
    assert isinstance(answer["a"], SourceFault)
    assert source.calls == []


@pytest.mark.parametrize("entries", [10])
async def test_memory_is_bounded_and_the_least_recently_used_goes_first(
    open_cache: Any, ask: Any, source: Any, entries: int
) -> None:
    cache = open_cache(entries=entries)
    await ask(cache, *"abcdefghij")
    await ask(cache, "a")
    await ask(cache, "k")
    source.calls.clear()
    await ask(cache, "a", "b")
    assert source.calls == [("b",)]
