"""How much a consumer may ask: a rate, a number at the same time, and places that are free again whatever happens."""

import asyncio
from contextlib import ExitStack

import pytest
from redis.asyncio import Redis

from gateway.admission import Admission, consumer_of
from gateway.configuration.limits import LimitsSection
from gateway.edge.refusals import Refusal
from sources.canonical.actor import Actor

ANN, BOB = Actor(issuer="i", subject="ann"), Actor(issuer="i", subject="bob")


def admission(clock=lambda: 1_000_040.0, redis=None, workers=1, **limits):
    return Admission(LimitsSection(**limits), clock=clock, redis=redis, workers=workers)


async def test_the_headers_tell_what_is_left_of_this_minute():
    bounds = admission(requests_per_minute=3)
    assert await bounds.count(ANN) == {
        "ratelimit-policy": '"consumer";q=3;w=60',
        "ratelimit": '"consumer";r=2;t=40',
    }
    assert (await bounds.count(ANN))["ratelimit"] == '"consumer";r=1;t=40'


async def test_more_requests_than_a_minute_has_are_429_until_the_next_one():
    now = [1_000_040.0]
    bounds = admission(lambda: now[0], requests_per_minute=2)
    for _ in range(2):
        await bounds.count(ANN)
    with pytest.raises(Refusal) as refused:
        await bounds.count(ANN)
    assert (refused.value.status, refused.value.code.value) == (429, "TOO_MANY_REQUESTS")
    assert refused.value.headers["retry-after"] == "40"
    assert refused.value.headers["ratelimit"] == '"consumer";r=0;t=40'
    await bounds.count(BOB)
    now[0] += 40
    await bounds.count(ANN)


async def test_workers_without_redis_share_the_minute():
    bounds = admission(requests_per_minute=3, workers=2)
    assert (await bounds.count(ANN))["ratelimit-policy"] == '"consumer";q=2;w=60'


async def test_one_more_operation_than_a_consumer_may_have_is_429():
    bounds = admission(concurrent_operations=2)
    with ExitStack() as places:
        for _ in range(2):
            places.enter_context(bounds.running(ANN))
        with pytest.raises(Refusal) as refused, bounds.running(ANN):
            pass
        assert (refused.value.status, refused.value.code.value) == (429, "TOO_MANY_OPERATIONS")
        assert refused.value.headers["retry-after"] == "1"
        with bounds.running(BOB):
            pass
    with bounds.running(ANN):
        pass


@pytest.mark.parametrize("ends", ["well", "with an error", "cancelled"])
async def test_a_place_is_free_again_whatever_happens(ends):
    bounds = admission(concurrent_operations=1)

    async def operation():
        with bounds.running(ANN):
            if ends == "with an error":
                raise ZeroDivisionError
            await asyncio.sleep(0 if ends == "well" else 60)

    task = asyncio.create_task(operation())
    await asyncio.sleep(0)
    if ends == "cancelled":
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bounds.consumers == 0


def test_a_consumer_is_its_issuer_and_subject_and_reads_as_neither():
    assert consumer_of(ANN) == consumer_of(Actor(issuer="i", subject="ann", roles=("auditor",)))
    assert len({consumer_of(ANN), consumer_of(BOB), consumer_of(Actor(issuer="j", subject="ann"))}) == 3
    assert "ann" not in consumer_of(ANN)


async def test_processes_that_share_redis_share_the_minute(limits_valkey):
    async with Redis.from_url(limits_valkey.url) as one, Redis.from_url(limits_valkey.url) as other:
        first = admission(redis=one, requests_per_minute=3, workers=2)
        second = admission(redis=other, requests_per_minute=3, workers=2)
        await first.count(ANN)
        assert (await second.count(ANN))["ratelimit"] == '"consumer";r=1;t=40'
        await first.count(ANN)
        with pytest.raises(Refusal):
            await second.count(ANN)


async def test_a_lost_redis_refuses_nobody_and_each_process_keeps_to_its_part(limits_valkey):
    async with Redis.from_url(limits_valkey.url) as redis:
        bounds = admission(redis=redis, requests_per_minute=6, workers=2)
        await bounds.count(ANN)
        limits_valkey.kill()
        for left in (1, 0):
            assert (await bounds.count(ANN))["ratelimit"] == f'"consumer";r={left};t=40'
        with pytest.raises(Refusal):
            await bounds.count(ANN)
