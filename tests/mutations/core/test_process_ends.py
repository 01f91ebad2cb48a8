"""The process ends at every boundary of a drive, and another takes it up: everything is done once, or undone."""

import pytest

from mutations.governance.workflow import WorkflowStatus
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, House

S = WorkflowStatus
MOST = 60  # boundaries of a drive: more than there are


async def _killed_at(house: House, boundary: int) -> tuple[WorkflowStatus, bool]:
    house.engine.kill_at = boundary
    asked = await house.ask(AGENT, 100, f"k{boundary}")
    assert asked.workflow is not None
    await house.engine.idle()
    died = house.engine.kill_at is None
    house.engine.kill_at = None
    await house.engine.again()
    return (await house.now(asked.workflow.uid)).status, died


EVERY = 4  # each of the parameters begins at another one, so that together they try every boundary


@pytest.mark.parametrize(
    ("first", "answers"),
    [(1, {}), (2, {"post": ["lost_after"]}), (3, {"draft": ["lost_before"]}), (4, {"credit": ["busy"]})],
)
async def test_every_step_is_done_once_wherever_the_process_ends(
    small: House, first: int, answers: dict[str, list[str]]
):
    for boundary in range(first, MOST, EVERY):
        small.vendor.made.clear()
        small.vendor.by_key.clear()
        small.engine.boundaries = 0
        small.vendor.answers.update({name: list(each) for name, each in answers.items()})
        status, died = await _killed_at(small, boundary)
        assert status is S.SUCCEEDED, boundary
        assert small.vendor.made == dict.fromkeys(ACTIONS, 1), boundary
        if not died:
            break
    else:
        pytest.fail("the drive has more boundaries than were tried")


async def test_what_is_undone_is_undone_once_wherever_the_process_ends(small: House):
    for boundary in range(1, MOST):
        small.vendor.made.clear()
        small.engine.boundaries = 0
        small.vendor.answers["credit"] = ["refused"] * 2
        status, died = await _killed_at(small, boundary)
        assert status in (S.COMPENSATED, S.SUCCEEDED), boundary
        expected = {"draft": 1, "draft.undo": 1} if status is S.COMPENSATED else dict.fromkeys(ACTIONS, 1)
        assert small.vendor.made == expected, boundary
        if not died:
            break


@pytest.mark.parametrize("step", ACTIONS)
async def test_a_process_that_ends_between_the_effect_and_its_record_does_it_once(small: House, step: str):
    small.vendor.answers[step] = ["dies"]
    asked = await small.ask(AGENT)
    await small.engine.idle()
    assert small.engine.crashes == 1
    await small.engine.again()
    assert asked.workflow is not None
    assert (await small.now(asked.workflow.uid)).status is S.SUCCEEDED
    if step != "credit":
        assert small.vendor.sent[step] == 1
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)


@pytest.mark.parametrize(
    ("step", "status", "first"), [("draft", S.FAILED, 1), ("post", S.NEEDS_ATTENTION, 8)], ids=["before", "after"]
)
async def test_what_ends_badly_ends_so_wherever_the_process_ends(
    small: House, step: str, status: WorkflowStatus, first: int
):
    for boundary in range(first, MOST):
        small.engine.boundaries = 0
        small.vendor.made.clear()
        small.vendor.answers[step] = ["refused"] * 2
        found, died = await _killed_at(small, boundary)
        assert found is status, boundary
        assert len(small.engine.runs) == len(small.engine.finished)
        small.vendor.answers.clear()
        if not died:
            break


async def test_it_survives_on_both_databases(house: House):
    for boundary in (2, 5, 9, 14):
        house.vendor.made.clear()
        house.engine.boundaries = 0
        status, died = await _killed_at(house, boundary)
        assert died
        assert status is S.SUCCEEDED
        assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_who_lost_the_lease_sends_nothing(small: House):
    small.engine.lost = True
    asked = await small.ask(AGENT)
    await small.engine.idle()
    assert small.vendor.sent == {}
    small.engine.lost = False
    await small.engine.again()
    assert asked.workflow is not None
    assert (await small.now(asked.workflow.uid)).status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
