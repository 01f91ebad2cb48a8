"""When a request is sent again, after what wait, and at whose cost."""

from typing import Any

import pytest

from sources.faults import Malformed, NotOffered, Refused, SourceFault, Throttled, Timeout, Unavailable
from sources.wire.deadline import Deadline
from sources.wire.retry import BUDGET_RESERVE, FIRST_BACKOFF_SECONDS, TRIES, Retry, RetryBudget


class Attempts:
    """Fails with these faults in turn, then answers; keeps the waits instead of waiting."""

    def __init__(self, *faults: SourceFault) -> None:
        self.faults = list(faults)
        self.count = 0
        self.waits: list[float] = []

    async def once(self) -> str:
        self.count += 1
        if self.faults:
            raise self.faults.pop(0)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def run(self, *, tries: int = TRIES, seconds: float = 10.0, budget: RetryBudget | None = None) -> str:
        retry = Retry(budget, sleep=self.sleep, jitter=lambda: 1.0)
        return await retry.run(self.once, tries=tries, deadline=Deadline(seconds))


@pytest.mark.parametrize("kind", [Unavailable, Timeout, Throttled])
async def test_what_may_pass_is_tried_three_times(kind: Any) -> None:
    attempts = Attempts(*(kind(str(number)) for number in range(5)))
    with pytest.raises(kind, match="2"):
        await attempts.run()
    assert attempts.count == 3
    assert attempts.waits == [FIRST_BACKOFF_SECONDS, 2 * FIRST_BACKOFF_SECONDS]


@pytest.mark.parametrize("kind", [Refused, Malformed, NotOffered])
async def test_what_will_not_pass_is_tried_once(kind: Any) -> None:
    attempts = Attempts(kind("no"))
    with pytest.raises(kind):
        await attempts.run()
    assert attempts.count == 1


async def test_a_write_is_tried_once() -> None:
    attempts = Attempts(Unavailable("down"))
    with pytest.raises(Unavailable):
        await attempts.run(tries=1)
    assert attempts.count == 1


async def test_retry_after_is_honoured_where_it_fits_inside_the_deadline() -> None:
    attempts = Attempts(Throttled("slow down", retry_after_seconds=3.0))
    assert await attempts.run(seconds=5) == "answer"
    assert attempts.waits == [3.0]


async def test_retry_after_beyond_the_deadline_is_raised_at_once() -> None:
    attempts = Attempts(Throttled("slow down", retry_after_seconds=30.0))
    with pytest.raises(Throttled) as caught:
        await attempts.run(seconds=5)
    assert attempts.count == 1
    assert attempts.waits == []
    assert caught.value.retry_after_seconds == 30.0


async def test_no_wait_goes_beyond_the_deadline() -> None:
    attempts = Attempts(Unavailable("down"))
    with pytest.raises(Unavailable):
        await attempts.run(seconds=FIRST_BACKOFF_SECONDS / 2)
    assert attempts.waits == []


async def test_a_source_that_is_down_is_hit_little_more_often_than_it_is_asked() -> None:
    budget = RetryBudget()
    asked, hits = 1000, 0
    for _ in range(asked):
        attempts = Attempts(*(Unavailable("down") for _ in range(3)))
        with pytest.raises(Unavailable):
            await attempts.run(budget=budget)
        hits += attempts.count
    assert asked < hits <= asked * 1.15 + BUDGET_RESERVE


async def test_a_fault_in_the_middle_of_many_good_calls_is_mended() -> None:
    budget = RetryBudget()
    for number in range(200):
        attempts = Attempts(*([Unavailable("blip")] if number % 10 == 0 else []))
        assert await attempts.run(budget=budget) == "answer"
