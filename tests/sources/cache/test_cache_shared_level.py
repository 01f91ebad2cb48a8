"""What one process knows of the purges of the others, at a real server."""

from collections.abc import Sequence
from typing import Any

import pytest

from sources.cache.shared import CHANNEL, SharedLevel, name_of, tag_of


class Process:
    def __init__(self, redis: Any) -> None:
        self.purged: list[str] = []
        self.gaps = 0
        self.redis = redis
        self.level = SharedLevel(redis, on_purge=self.on_purge, on_gap=self.on_gap)

    def on_purge(self, tags: Sequence[str]) -> None:
        self.purged.extend(tags)

    def on_gap(self) -> None:
        self.gaps += 1


@pytest.fixture
def one(connect: Any) -> Process:
    return Process(connect())


@pytest.fixture
def two(connect: Any) -> Process:
    return Process(connect())


async def test_who_missed_a_publication_learns_of_it_with_the_next(one: Process, two: Process) -> None:
    channel = two.redis.pubsub()
    await channel.subscribe(CHANNEL)
    await channel.get_message(timeout=1)
    await one.level.purge([tag_of("missed")])
    await one.level.purge([tag_of("heard")])
    await channel.get_message(timeout=1)
    last = await channel.get_message(timeout=1)
    await channel.aclose()
    await two.level.heard(last["data"])
    assert set(two.purged) == {tag_of("missed"), tag_of("heard")}
    assert one.purged == []


async def test_who_missed_more_than_is_kept_is_told_of_a_gap(
    one: Process, two: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.cache.shared.PURGES_KEPT", 3)
    await one.level.purge([tag_of("first")])
    await two.level.catch_up()
    for number in range(3):
        await one.level.purge([tag_of(str(number))])
    await two.level.catch_up()
    assert two.gaps == 0
    for number in range(5):
        await one.level.purge([tag_of(str(number))])
    await two.level.catch_up()
    assert two.gaps == 1


async def test_what_is_older_than_the_purges_that_are_kept_counts_for_nothing(
    one: Process, two: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.cache.shared.PURGES_KEPT", 3)
    name, tag = name_of("s", "a"), tag_of("a")
    await one.level.purge([tag_of("x")])
    found = await one.level.read([name])
    assert found is not None
    await one.level.write(found[0], [(name, 60.0, 1.0, (tag,), b"before")])
    assert (await two.level.read([name]))[1][0] is not None  # type: ignore[index]
    await one.level.purge([tag])
    for number in range(5):
        await one.level.purge([tag_of(str(number))])
    for process in (one, two, Process(two.redis)):
        found = await process.level.read([name])
        assert found is not None
        assert found[1] == [None]


async def test_what_redis_keeps_of_purges_is_bounded(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.cache.shared.PURGES_KEPT", 10)
    for number in range(50):
        await one.level.purge([tag_of(str(number)), tag_of(f"b{number}")])
    assert await one.redis.zcard("c360:purges") == 10
    assert len(one.level._stamps) == 10
