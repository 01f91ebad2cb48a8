"""After a purge the next question reaches the source, whatever is under way."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sources.cache.memory import Entry, Memory
from sources.cache.purges import Purges
from sources.capabilities import Page


async def test_a_purge_touches_what_has_its_tag_and_nothing_else(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    await ask(cache, "a", "b")
    await cache.purge(["tag:a", "tag:unknown"])
    await ask(cache, "a", "b")
    assert source.calls == [("a", "b"), ("a",)]


async def test_a_fill_is_dropped_when_its_tag_was_purged_meanwhile(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    source.values = {"a": "before the write", "b": "b"}
    early = asyncio.create_task(ask(cache, "a", "b"))
    await source.started.wait()
    source.values["a"] = "after the write"
    await cache.purge(["tag:a"])
    source.gate.set()
    assert (await early)["a"] == "before the write"
    assert cache.peek("s", "a") is None
    assert await ask(cache, "a", "b") == {"a": "after the write", "b": "b"}
    assert source.calls == [("a", "b"), ("a",)]
    assert cache.counts.dropped_fills == 1


async def test_who_asks_after_a_purge_does_not_join_a_fetch_from_before(open_cache: Any, ask: Any, source: Any) -> None:
    cache = open_cache()
    source.gate = asyncio.Event()
    source.values["a"] = "before the write"
    early = asyncio.create_task(ask(cache, "a"))
    await source.started.wait()
    source.values["a"] = "after the write"
    await cache.purge(["tag:a"])
    late = asyncio.create_task(ask(cache, "a"))
    await asyncio.sleep(0)
    source.gate.set()
    assert await early == {"a": "before the write"}
    assert await late == {"a": "after the write"}
    assert await ask(cache, "a") == {"a": "after the write"}
    assert len(source.calls) == 2


async def test_purges_are_forgotten_when_no_fetch_from_before_is_under_way(
    open_cache: Any, ask: Any, source: Any
) -> None:
    cache = open_cache()
    for number in range(100):
        await cache.purge([f"tag:{number}"])
    assert len(cache._purges) == 0
    source.gate = asyncio.Event()
    fetch = asyncio.create_task(ask(cache, "a"))
    await source.started.wait()
    await cache.purge(["tag:x"])
    assert len(cache._purges) == 1
    source.gate.set()
    await fetch
    await cache.purge(["tag:y"])
    assert len(cache._purges) == 0


@given(st.lists(st.one_of(st.sets(st.sampled_from("abc"), max_size=2), st.just(None)), max_size=30))
def test_a_fetch_sees_exactly_the_purges_since_it_began(events: list[set[str] | None]) -> None:
    purges = Purges()
    fetches: list[tuple[int, set[str]]] = []  # (number at its beginning, the tags purged since)
    for event in events:
        if event is None:
            fetches.append((purges.latest, set()))
        else:
            purges.note(event)
            for _, since in fetches:
                since |= event
        purges.forget_until(fetches[0][0] if fetches else purges.latest)
    for began, since in fetches:
        for tag in "abc":
            assert purges.any_since(began, [tag]) == (tag in since)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 8), st.integers(0, 3), st.sets(st.sampled_from("xyz"))),
            st.sampled_from("xyz"),
        ),
        max_size=40,
    )
)
def test_memory_stays_within_its_bound_and_keeps_its_index_true(events: Any) -> None:
    memory = Memory(12)
    for event in events:
        if isinstance(event, str):
            memory.drop_tagged([event])
            assert all(event not in entry.tags for entry in memory._entries.values())
        else:
            key, records, tags = event
            memory.put(("s", key), Entry(Page(records=("r",) * records), 0.0, tuple(tags)))
        assert memory.weight == sum(1 + len(entry.value.records) for entry in memory._entries.values()) <= 12
        indexed = {(tag, place) for tag, places in memory._tagged.items() for place in places}
        assert indexed == {(tag, place) for place, entry in memory._entries.items() for tag in entry.tags}
