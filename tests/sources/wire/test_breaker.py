"""The breaker: a state machine, held against a model by generated histories, and its rules one by one."""

import asyncio
from collections import deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from sources.faults import (
    Busy,
    CircuitOpen,
    Malformed,
    NotOffered,
    OutcomeUnknown,
    Refused,
    Throttled,
    Timeout,
    Unavailable,
)
from sources.wire import breaker as rules
from sources.wire.breaker import Breaker, CircuitState, Permit

FAILURES = [Unavailable, Timeout, Malformed]
ANSWERS = [Refused, NotOffered, Busy]
NO_VERDICTS: list[type[BaseException]] = [Throttled, OutcomeUnknown, asyncio.CancelledError]


def end(permit: Permit, error: BaseException | None, seconds: float = 0.0) -> None:
    permit.seconds = seconds
    permit.__exit__(type(error) if error else None, error, None)


def is_open(calls: deque[tuple[float, bool, bool]], now: float) -> bool:
    """The rule, without the bookkeeping."""
    counted = [call for call in calls if call[0] >= now - rules.WINDOW_SECONDS][-rules.WINDOW_CALLS :]
    failed = sum(call[1] for call in counted) / max(1, len(counted))
    slow = sum(call[2] for call in counted) / max(1, len(counted))
    return len(counted) >= rules.MIN_CALLS and (
        failed >= rules.OPEN_AT_FAILURE_SHARE or slow >= rules.OPEN_AT_SLOW_SHARE
    )


class BreakerMachine(RuleBasedStateMachine):
    """Calls begin, end in any order and any way, and time passes."""

    permits: Bundle[tuple[Permit, int]] = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.breaker = Breaker("x", slow_after_seconds=1.0, clock=lambda: self.now)
        self.calls: deque[tuple[float, bool, bool]] = deque()
        self.probes = 0
        self.rounds = 0  # how often the state changed: calls from before do not count any more
        self.expected = CircuitState.CLOSED
        self.open_until = 0.0
        self.wait = rules.FIRST_WAIT_SECONDS

    @rule(target=permits)
    def begin(self) -> Any:
        if self.expected is CircuitState.OPEN or (self.expected is CircuitState.HALF_OPEN and self.probes):
            with pytest.raises(CircuitOpen):
                self.breaker.admit()
            return (None, 0)
        permit = self.breaker.admit()
        assert permit.probe == (self.expected is CircuitState.HALF_OPEN)
        self.probes += permit.probe
        return (permit, self.rounds)

    @rule(taken=consumes(permits), kind=st.sampled_from(FAILURES))
    def fail(self, taken: Any, kind: Any) -> None:
        self.finish(taken, kind("failed"), failed=True)

    @rule(taken=consumes(permits), kind=st.sampled_from([None, *ANSWERS]), seconds=st.sampled_from([0.1, 2.0]))
    def answer(self, taken: Any, kind: Any, seconds: float) -> None:
        self.finish(taken, kind("no") if kind else None, failed=False, seconds=seconds)

    @rule(taken=consumes(permits), kind=st.sampled_from(NO_VERDICTS))
    def end_without_verdict(self, taken: Any, kind: Any) -> None:
        permit, _ = taken
        if permit is not None:
            end(permit, kind("none"))
            self.probes -= permit.probe

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0, 61.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        if self.expected is CircuitState.OPEN and self.now >= self.open_until:
            self.expected = CircuitState.HALF_OPEN

    @precondition(lambda self: self.expected is CircuitState.CLOSED)
    @rule(times=st.integers(5, 20))
    def fail_often(self, times: int) -> None:
        for _ in range(times):
            if self.expected is CircuitState.CLOSED:
                self.finish((self.breaker.admit(), self.rounds), Unavailable("failed"), failed=True)

    def finish(self, taken: Any, error: BaseException | None, *, failed: bool, seconds: float = 0.0) -> None:
        permit, began_in = taken
        if permit is None:
            return
        end(permit, error, seconds)
        if permit.probe:
            self.probes -= 1
            if failed:
                self.wait = min(self.wait * 2, rules.LONGEST_WAIT_SECONDS)
                self.opens()
            else:
                self.expected = CircuitState.CLOSED
                self.wait = rules.FIRST_WAIT_SECONDS
                self.rounds += 1
        elif began_in == self.rounds:
            self.calls.append((self.now, failed, not failed and seconds >= 1.0))
            if is_open(self.calls, self.now):
                self.opens()

    def opens(self) -> None:
        self.expected = CircuitState.OPEN
        self.open_until = self.now + self.wait
        self.calls.clear()
        self.rounds += 1

    @invariant()
    def the_state_is_that_of_the_model(self) -> None:
        assert self.breaker.state is self.expected

    @invariant()
    def at_most_one_probe_is_under_way(self) -> None:
        assert 0 <= self.probes <= 1


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def opened(time: Time) -> Breaker:
    breaker = Breaker("x", clock=time)
    for _ in range(rules.MIN_CALLS):
        end(breaker.admit(), Unavailable("down"))
    assert breaker.state is CircuitState.OPEN
    return breaker


def test_it_opens_at_half_failures_and_not_below(time: Time) -> None:
    breaker = Breaker("x", clock=time)
    for number in range(100):
        end(breaker.admit(), Unavailable("down") if number % 9 in (1, 3, 5, 7) else None)
    assert breaker.state is CircuitState.CLOSED
    for _ in range(20):
        if breaker.state is CircuitState.CLOSED:
            end(breaker.admit(), Unavailable("down"))
    assert breaker.state is CircuitState.OPEN


def test_a_few_failures_of_a_quiet_source_do_not_open_it(time: Time) -> None:
    breaker = Breaker("x", clock=time)
    for _ in range(rules.MIN_CALLS - 1):
        end(breaker.admit(), Unavailable("down"))
    assert breaker.state is CircuitState.CLOSED


def test_failures_of_an_earlier_minute_do_not_count(time: Time) -> None:
    breaker = Breaker("x", clock=time)
    for _ in range(30):
        end(breaker.admit(), Unavailable("down"))
        time.now += rules.WINDOW_SECONDS / 5
    assert breaker.state is CircuitState.CLOSED


def test_answers_that_crawl_open_it(time: Time) -> None:
    breaker = Breaker("x", slow_after_seconds=3.0, clock=time)
    for _ in range(rules.MIN_CALLS):
        end(breaker.admit(), None, seconds=3.1)
    assert breaker.state is CircuitState.OPEN


def test_open_tells_when_to_come_back(time: Time) -> None:
    with pytest.raises(CircuitOpen) as caught:
        opened(time).admit()
    assert caught.value.retry_after_seconds == rules.FIRST_WAIT_SECONDS


def test_each_failed_probe_doubles_the_wait_up_to_the_longest(time: Time) -> None:
    breaker = opened(time)
    waits = []
    for _ in range(6):
        wait = 0.0
        while breaker.state is CircuitState.OPEN:
            wait += 1
            time.now += 1
        waits.append(wait)
        end(breaker.admit(), Timeout("still down"))
    assert waits == [2, 4, 8, 16, 30, 30]


def test_a_cancelled_probe_frees_its_place(time: Time) -> None:
    breaker = opened(time)
    time.now += rules.FIRST_WAIT_SECONDS
    probe = breaker.admit()
    with pytest.raises(CircuitOpen):
        breaker.admit()
    end(probe, asyncio.CancelledError())
    assert breaker.state is CircuitState.HALF_OPEN
    assert breaker.admit().probe


def test_a_throttled_probe_neither_closes_nor_opens(time: Time) -> None:
    breaker = opened(time)
    time.now += rules.FIRST_WAIT_SECONDS
    end(breaker.admit(), Throttled("slow down"))
    assert breaker.state is CircuitState.HALF_OPEN


def test_a_refusal_is_an_answer_and_closes(time: Time) -> None:
    breaker = opened(time)
    time.now += rules.FIRST_WAIT_SECONDS
    end(breaker.admit(), Refused("403"))
    assert breaker.state is CircuitState.CLOSED


def test_calls_from_before_it_opened_do_not_count_afterwards(time: Time) -> None:
    breaker = Breaker("x", clock=time)
    late = [breaker.admit() for _ in range(2 * rules.MIN_CALLS)]
    for permit in late[: rules.MIN_CALLS]:
        end(permit, Unavailable("down"))
    time.now += rules.FIRST_WAIT_SECONDS
    end(breaker.admit(), None)
    for permit in late[rules.MIN_CALLS :]:
        end(permit, Unavailable("down"))
    assert breaker.state is CircuitState.CLOSED


def test_a_try_that_the_caller_hurried_is_no_verdict(time: Time) -> None:
    breaker = Breaker("x", clock=time)
    for _ in range(2 * rules.MIN_CALLS):
        permit = breaker.admit()
        permit.hurried = True
        end(permit, Timeout("no answer by the deadline"))
    assert breaker.state is CircuitState.CLOSED
