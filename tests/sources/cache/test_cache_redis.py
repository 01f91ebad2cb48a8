"""Two processes and a real server between them, which comes and goes. Each Cache stands for a process."""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

from sources.faults import Unavailable


async def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        await asyncio.sleep(0.01)


async def listening(*caches: Any, ask: Any) -> None:
    """Until the caches hear of one another's purges; asking starts them."""
    for cache in caches:
        await ask(cache, "warm up", space="warm up")
    await eventually(lambda: all(cache._listener.hearing for cache in caches))


async def test_what_one_process_fetched_another_finds(open_cache: Any, connect: Any, ask: Any, source: Any) -> None:
    one, two = open_cache(connect()), open_cache(connect())
    source.values["b"] = None
    first = await ask(one, "a", "b")
    assert await ask(two, "a", "b") == first == {"a": "value of a", "b": None}
    assert source.calls == [("a", "b")]
    assert two.counts.shared_hits == 2


async def test_a_hit_in_the_shared_level_fills_memory(open_cache: Any, connect: Any, ask: Any, source: Any) -> None:
    one, two = open_cache(connect()), open_cache(connect())
    await listening(one, two, ask=ask)
    await ask(one, "a")
    await ask(two, "a")
    await ask(two, "a")
    assert two.counts.memory_hits == 1


async def test_a_purge_reaches_the_other_process(open_cache: Any, connect: Any, ask: Any, source: Any) -> None:
    one, two = open_cache(connect()), open_cache(connect())
    await listening(one, two, ask=ask)
    for cache in (one, two):
        await ask(cache, "a", "b")
    source.calls.clear()
    source.values["a"] = "after the write"
    await two.purge(["tag:a"])
    await eventually(lambda: one.peek("s", "a") is None)
    assert one.peek("s", "b") is not None
    assert await ask(one, "a", "b") == {"a": "after the write", "b": "value of b"}
    assert await ask(two, "a", "b") == {"a": "after the write", "b": "value of b"}
    assert source.calls == [("a",)]


async def test_a_fill_that_a_purge_in_another_process_overtook_is_void_everywhere(
    open_cache: Any, connect: Any, ask: Any, source: Any
) -> None:
    one, two, three = (open_cache(connect()) for _ in range(3))
    await listening(one, two, ask=ask)
    source.gate = asyncio.Event()
    source.started.clear()
    source.values["a"] = "before the write"
    early = asyncio.create_task(ask(one, "a"))
    await source.started.wait()
    source.values["a"] = "after the write"
    await two.purge(["tag:a"])
    source.gate.set()
    await early
    for cache in (three, two, one):
        await eventually(lambda: one.peek("s", "a") is None or one.peek("s", "a").value == "after the write")
        assert await ask(cache, "a") == {"a": "after the write"}


async def test_a_process_that_starts_later_knows_the_purges_before_it(
    open_cache: Any, connect: Any, ask: Any, source: Any
) -> None:
    one = open_cache(connect())
    await ask(one, "a", "b")
    await one.purge(["tag:a"])
    source.calls.clear()
    await ask(open_cache(connect()), "a", "b")
    assert source.calls == [("a",)]


async def test_a_process_that_hears_nothing_trusts_nothing_in_its_memory(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    one = open_cache(connect())
    await listening(one, ask=ask)
    await ask(one, "a")
    valkey.kill()
    await eventually(lambda: not one._listener.hearing)
    source.calls.clear()
    await ask(one, "a")
    assert source.calls == [("a",)]
    source.fault = Unavailable("down")
    assert await ask(one, "a") == {"a": "value of a"}


async def test_a_server_killed_in_mid_flight_costs_no_answer_and_comes_back_by_itself(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    one, two = open_cache(connect()), open_cache(connect())
    await listening(one, two, ask=ask)
    source.gate = asyncio.Event()
    source.started.clear()
    under_way = asyncio.create_task(ask(one, "a"))
    await source.started.wait()
    valkey.kill()
    source.gate.set()
    assert await under_way == {"a": "value of a"}
    began = time.monotonic()
    for number in range(50):
        await ask(one, f"k{number}", ttl=0)
    assert time.monotonic() - began < 1.0
    valkey.start()
    await eventually(lambda: one._listener.hearing and two._listener.hearing)
    await asyncio.sleep(1.1)
    await ask(one, "b")
    source.calls.clear()
    assert await ask(two, "b") == {"b": "value of b"}
    assert source.calls == []


async def test_what_was_known_before_the_server_lost_its_memory_is_not_fresh(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    one = open_cache(connect())
    await ask(one, "b")
    await one.purge(["tag:x"])
    await listening(one, ask=ask)
    await ask(one, "a")
    valkey.kill()
    await eventually(lambda: not one._listener.hearing)
    valkey.start()
    await eventually(lambda: one._listener.hearing)
    source.calls.clear()
    await ask(one, "a")
    assert source.calls == [("a",)]


async def test_a_purge_while_the_server_was_away_is_made_up_for(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    one, two = open_cache(connect()), open_cache(connect())
    await listening(one, two, ask=ask)
    await ask(one, "a")
    await ask(two, "a")
    valkey.signal(signal.SIGSTOP)
    source.values["a"] = "after the write"
    await one.purge(["tag:a"])
    assert await ask(one, "a") == {"a": "after the write"}
    valkey.signal(signal.SIGCONT)
    await eventually(lambda: two.peek("s", "a") is None)
    assert await ask(two, "a") == {"a": "after the write"}


async def test_a_purge_while_the_server_was_down_is_made_up_for_without_anybody_asking(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    valkey.kill()
    valkey.start(durable=True)
    one, two = open_cache(connect()), open_cache(connect())
    await listening(one, two, ask=ask)
    await one.purge(["tag:x"])
    await ask(two, "a")
    valkey.kill()
    source.values["a"] = "after the write"
    await one.purge(["tag:a"])
    assert two.peek("s", "a") is not None
    valkey.start(durable=True)
    await eventually(lambda: two.peek("s", "a") is None)
    assert await ask(two, "a") == {"a": "after the write"}


async def test_a_server_that_hangs_is_noticed_without_anybody_asking(
    open_cache: Any, connect: Any, ask: Any, valkey: Any
) -> None:
    one = open_cache(connect())
    await listening(one, ask=ask)
    valkey.signal(signal.SIGSTOP)
    await eventually(lambda: not one._listener.hearing)
    valkey.signal(signal.SIGCONT)
    await eventually(lambda: one._listener.hearing)


async def test_an_older_value_in_the_server_does_not_replace_what_memory_knows(
    open_cache: Any, connect: Any, ask: Any, source: Any, clock: Any
) -> None:
    one, redis = open_cache(connect()), connect()
    await ask(one, "a")
    [name] = await redis.keys("c360:v:*")
    older = await redis.get(name)
    clock.now += 60
    source.values["a"] = "newer"
    await ask(one, "a")
    await redis.set(name, older)
    clock.now += 60
    source.fault = Unavailable("down")
    assert await ask(one, "a") == {"a": "newer"}


async def test_a_server_that_hangs_costs_one_time_limit_and_not_one_for_each_request(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    one = open_cache(connect())
    await listening(one, ask=ask)
    valkey.signal(signal.SIGSTOP)
    began = time.monotonic()
    for number in range(20):
        assert await ask(one, f"k{number}") == {f"k{number}": f"value of k{number}"}
    assert time.monotonic() - began < 0.8


async def test_a_question_given_up_half_way_does_not_answer_the_next_one(
    open_cache: Any, connect: Any, ask: Any, source: Any, valkey: Any
) -> None:
    one = open_cache(connect())
    source.values |= {"a": "A", "b": "B"}
    await ask(one, "a")
    await ask(one, "b")
    for number in range(30):
        two = open_cache(one._shared._redis)
        given_up = asyncio.create_task(ask(two, "a"))
        await asyncio.sleep(number * 0.0001)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert await ask(two, "b") == {"b": "B"}


async def test_keys_in_the_server_hold_nothing_of_a_person(
    open_cache: Any, connect: Any, ask: Any, source: Any
) -> None:
    one, redis = open_cache(connect()), connect()
    await ask(one, "anna@example.com", space="support:contacts")
    await one.purge(["tag:someone@example.com"])
    names = b" ".join(await redis.keys("*")) + repr(await redis.zrange("c360:purges", 0, -1)).encode()
    assert b"anna" not in names
    assert b"example" not in names
    assert b"contacts" not in names


async def test_what_another_version_wrote_is_fetched_anew(open_cache: Any, connect: Any, ask: Any, source: Any) -> None:
    one, two = open_cache(connect()), open_cache(connect())
    source.values["a"] = {"another": "shape"}
    await ask(one, "a")
    source.values["a"] = "text"
    assert await ask(two, "a") == {"a": "text"}


async def test_what_is_kept_in_the_server_ends_with_its_use(
    open_cache: Any, connect: Any, ask: Any, source: Any
) -> None:
    one, redis = open_cache(connect()), connect()
    source.values["b"] = None
    await ask(one, "a", ttl=30, stale=3600)
    await ask(one, "b", ttl=30, stale=3600)
    lifetimes = sorted([await redis.pttl(name) for name in await redis.keys("c360:v:*")])
    assert 4_000 < lifetimes[0] <= 5_000
    assert 3_600_000 < lifetimes[1] <= 3_630_000


async def test_two_caches_leave_no_task_behind(open_cache: Any, connect: Any, ask: Any) -> None:
    before = asyncio.all_tasks()
    one, two = open_cache(connect()), open_cache(connect())
    await listening(one, two, ask=ask)
    await one.close()
    await two.close()
    assert asyncio.all_tasks() == before
