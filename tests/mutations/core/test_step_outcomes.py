"""Each way in which a vendor can answer a step, before the pivot, at it and after it."""

import pytest
from sqlalchemy import select

from mutations.governance.alerts import AlertKind
from mutations.governance.alerts.tables import alerts
from mutations.governance.workflow import StepStatus, Workflow, WorkflowStatus
from sources.canonical.money import Money
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, House

S = WorkflowStatus


def statuses(workflow: Workflow) -> dict[str, StepStatus]:
    return {step.name: step.status for step in workflow.steps}


async def told(house: House) -> set[AlertKind]:
    async with house.database.reading() as connection:
        return {AlertKind(kind) for (kind,) in await connection.execute(select(alerts.c.kind).distinct())}


@pytest.mark.parametrize("step", ACTIONS)
@pytest.mark.parametrize("answer", ["busy", "unsent"])
async def test_what_surely_was_not_done_is_sent_again_with_the_same_key(small: House, step: str, answer: str):
    small.vendor.answers[step] = [answer, answer]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert small.vendor.sent[step] == 3
    assert len(set(small.vendor.keys[step])) == 1


@pytest.mark.parametrize("step", ACTIONS)
@pytest.mark.parametrize("answer", ["lost_before", "lost_after", "bug"])
async def test_a_step_of_which_nobody_knows_is_done_once_in_the_end(small: House, step: str, answer: str):
    small.vendor.answers[step] = [answer]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_what_is_done_late_is_found_and_not_done_twice(small: House):
    small.vendor.answers["draft"] = ["late"]
    small.vendor.probes["draft"] = ["look", "late"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.made["draft"] == small.vendor.sent["draft"] == 1


async def test_a_no_counts_only_when_it_was_given_twice_and_late_enough(small: House):
    small.vendor.answers["draft"] = ["lost_before"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.sent["draft"] == 2
    assert small.vendor.asked["draft"] >= 2
    first, second = small.vendor.keys["draft"]
    assert first != second  # what was found not to be done has a key of its own


async def test_a_vendor_that_knows_the_key_is_simply_sent_it_again(small: House):
    small.vendor.answers["credit"] = ["lost_after", "lost_before"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.made["credit"] == 1
    assert small.vendor.asked["credit"] == 0
    assert len(set(small.vendor.keys["credit"])) == 1


async def test_a_spent_key_is_not_sent_again_but_looked_for(small: House):
    small.vendor.answers["credit"] = ["spent"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.asked["credit"] >= 2
    first, second = small.vendor.keys["credit"]
    assert first != second


@pytest.mark.parametrize("again", ["busy", "unsent", "refused"])
async def test_what_was_not_done_the_second_time_says_nothing_of_the_first(small: House, again: str):
    small.vendor.answers["credit"] = ["lost_after", *[again] * 3]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert small.vendor.asked["credit"] == 1


@pytest.mark.parametrize("again", ["busy", "unsent", "refused"])
async def test_what_was_never_done_is_looked_for_before_anything_is_undone(small: House, again: str):
    small.vendor.answers["credit"] = ["lost_before", *[again] * 3]
    workflow = await small.done(AGENT)
    assert workflow.status is S.COMPENSATED
    assert small.vendor.made == {"draft": 1, "draft.undo": 1}
    assert small.vendor.asked["credit"] >= 2


async def test_a_doubt_that_nobody_can_lift_undoes_nothing(small: House):
    small.vendor.answers["credit"] = ["lost_after", *["unsent"] * 1000]
    small.vendor.probes["credit"] = ["silent"] * 1000
    workflow = await small.done(AGENT)
    assert workflow.status is S.OUTCOME_UNKNOWN
    assert small.vendor.made == {"draft": 1, "credit": 1}
    assert await told(small) == {AlertKind.OUTCOME_UNKNOWN}


async def test_a_refusal_of_the_first_step_is_a_failure_in_which_nothing_was_done(small: House):
    small.vendor.answers["draft"] = ["refused"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.FAILED
    assert workflow.failure is not None
    assert (workflow.failure.step, workflow.failure.code) == ("draft", "SOURCE_REFUSED")
    assert small.vendor.made == {}
    assert await told(small) == set()


@pytest.mark.parametrize("answers", [["refused"], ["busy"] * 4, ["unsent"] * 4])
async def test_a_pivot_that_is_not_done_undoes_what_was_prepared(small: House, answers: list[str]):
    small.vendor.answers["credit"] = answers
    workflow = await small.done(AGENT)
    assert workflow.status is S.COMPENSATED
    assert small.vendor.made == {"draft": 1, "draft.undo": 1}
    assert statuses(workflow)["draft"] is StepStatus.COMPENSATED
    assert statuses(workflow)["draft.undo"] is StepStatus.SUCCEEDED
    assert workflow.failure is not None
    assert workflow.failure.step == "credit"


@pytest.mark.parametrize("answers", [["refused"], ["busy"] * 4])
async def test_after_the_pivot_nothing_is_undone_and_a_person_is_told(small: House, answers: list[str]):
    small.vendor.answers["post"] = answers
    workflow = await small.done(AGENT)
    assert workflow.status is S.NEEDS_ATTENTION
    assert small.vendor.made == {"draft": 1, "credit": 1}
    assert workflow.failure is not None
    assert workflow.failure.step == "post"
    assert await told(small) == {AlertKind.NEEDS_ATTENTION}


async def test_a_step_that_is_not_needed_is_left_out_and_a_person_is_told(small: House):
    small.vendor.answers["reply"] = ["refused"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert statuses(workflow)["reply"] is StepStatus.FAILED
    assert await told(small) == {AlertKind.STEP_LEFT_OUT}


@pytest.mark.parametrize("step", ["draft", "post"])
async def test_a_vendor_that_never_tells_leaves_the_outcome_unknown_and_a_person_is_told(small: House, step: str):
    small.vendor.answers[step] = ["lost_before"]
    small.vendor.probes[step] = ["silent"] * 1000
    workflow = await small.done(AGENT)
    assert workflow.status is S.OUTCOME_UNKNOWN
    assert small.vendor.sent[step] == 1
    assert statuses(workflow)[step] is StepStatus.UNKNOWN
    assert await told(small) == {AlertKind.OUTCOME_UNKNOWN}


async def test_an_undo_that_fails_is_for_a_person(small: House):
    small.vendor.answers["credit"] = ["refused"]
    small.vendor.answers["draft.undo"] = ["refused"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.NEEDS_ATTENTION
    assert statuses(workflow)["draft"] is StepStatus.SUCCEEDED
    assert statuses(workflow)["draft.undo"] is StepStatus.FAILED
    assert await told(small) == {AlertKind.NEEDS_ATTENTION}


@pytest.mark.parametrize("answer", ["lost_before", "lost_after"])
async def test_an_undo_of_which_nobody_knows_is_sent_again(small: House, answer: str):
    small.vendor.answers["credit"] = ["refused"]
    small.vendor.answers["draft.undo"] = [answer]
    workflow = await small.done(AGENT)
    assert workflow.status is S.COMPENSATED
    assert small.vendor.made["draft.undo"] == 1


async def test_a_step_that_does_not_come_back_is_ended_at_its_deadline(small: House):
    kinds = dict(small.mutation.kinds)
    import msgspec

    kinds["draft"] = msgspec.structs.replace(kinds["draft"], deadline_seconds=0.05)
    small.mutation.kinds.update(kinds)  # type: ignore[attr-defined]
    small.vendor.answers["draft"] = ["slow"]
    workflow = await small.done(AGENT)
    assert workflow.status is S.SUCCEEDED
    assert small.vendor.made["draft"] == 1


async def test_the_undo_is_registered_before_the_step_is_sent(small: House):
    from mutations.governance.tables import workflow_steps

    small.engine.lost = True  # the lease is lost just before the first call
    asked = await small.ask(AGENT)
    await small.engine.idle()
    assert small.vendor.sent == {}
    assert await small.count(workflow_steps, workflow_steps.c.name == "draft.undo") == 1
    assert asked.workflow is not None
    assert "draft.undo" not in statuses(await small.now(asked.workflow.uid))


async def test_what_was_undone_counts_no_longer(small: House):
    small.vendor.answers["credit"] = ["refused"]
    await small.done(AGENT, 5_000, "k1")
    plan = await small.governance.plan(AGENT, small.mutation, small.command(5_000))
    assert plan.verdict.value == "ALLOWED"
    await small.done(AGENT, 5_000, "k2")
    plan = await small.governance.plan(AGENT, small.mutation, small.command(1))
    assert plan.verdict.value == "NEEDS_APPROVAL"
    assert small.command(1).amount == Money(1, "EUR")
