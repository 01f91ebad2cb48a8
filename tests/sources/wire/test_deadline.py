"""The deadline: one moment, known all the way down, and longer where somebody else waits longer."""

import asyncio
import time

import pytest

from sources.wire.deadline import UNHURRIED_SECONDS, Deadline, DeadlinePassed, Limit, current, in_force, within


def test_it_is_in_force_inside_and_nowhere_else() -> None:
    outer, inner = Deadline(5), Deadline(1)
    assert current() is None
    with within(outer):
        with within(inner):
            assert current() is inner is in_force()
        assert current() is outer
    assert current() is None


def test_outside_of_a_request_there_is_still_an_end() -> None:
    assert UNHURRIED_SECONDS - 1 < in_force().remaining() <= UNHURRIED_SECONDS


def test_what_remains_is_never_negative() -> None:
    assert Deadline(-5).remaining() == 0


async def test_what_is_bound_ends_when_it_has_passed() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with Deadline(0.03).bound():
            await asyncio.sleep(5)
    assert 0.03 <= time.monotonic() - began < 0.5


async def test_what_is_bound_lives_on_when_it_is_extended_and_ends_then() -> None:
    deadline = Deadline(0.03)
    asyncio.get_running_loop().call_soon(deadline.extend_to, Deadline(0.1))
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with deadline.bound():
            await asyncio.sleep(5)
    assert 0.1 <= time.monotonic() - began < 0.5


async def test_extending_to_an_earlier_moment_changes_nothing() -> None:
    deadline = Deadline(5)
    deadline.extend_to(Deadline(1))
    assert deadline.remaining() > 4


async def test_a_try_ends_by_the_source_s_own_time_limit_where_the_deadline_is_later() -> None:
    limit = Limit(0.03, Deadline(5))
    with pytest.raises(TimeoutError):
        async with limit.bound():
            await asyncio.sleep(5)
    fault = limit.fault("GET /a")
    assert (fault.reason, isinstance(fault, DeadlinePassed)) == ("GET /a: no answer within 0.0 s", False)


async def test_a_try_ends_by_the_deadline_where_that_is_earlier() -> None:
    limit = Limit(5, Deadline(0.03))
    with pytest.raises(TimeoutError):
        async with limit.bound():
            await asyncio.sleep(5)
    fault = limit.fault("GET /a")
    assert (fault.reason, isinstance(fault, DeadlinePassed)) == ("GET /a: no answer by the deadline", True)


async def test_an_extended_deadline_does_not_extend_the_source_s_own_time_limit() -> None:
    deadline = Deadline(0.03)
    limit = Limit(0.1, deadline)
    asyncio.get_running_loop().call_soon(deadline.extend_to, Deadline(5))
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with limit.bound():
            await asyncio.sleep(5)
    assert 0.1 <= time.monotonic() - began < 0.5
    assert not isinstance(limit.fault("GET /a"), DeadlinePassed)


async def test_a_limit_knows_of_an_extension_without_being_told() -> None:
    deadline = Deadline(0.01)
    limit = Limit(1.0, deadline)
    deadline.extend_to(Deadline(0.5))
    assert 0.4 < limit.remaining() <= 0.5


async def test_what_ended_by_itself_is_forgotten_by_the_deadline() -> None:
    deadline = Deadline(5)
    async with deadline.bound():
        assert len(deadline._bounds) == 1
    assert deadline._bounds == []
