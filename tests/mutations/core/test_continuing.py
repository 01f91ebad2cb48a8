"""Replay and compensate: another workflow's drive, asked for by one and approved by another."""

import pytest

from mutations.governance.answers import Decided
from mutations.governance.plan import GovernedAction
from mutations.governance.refusals import RefusalCode
from mutations.governance.workflow import StepStatus, Workflow, WorkflowStatus
from sources.canonical.actor import Actor
from sources.writing import ReceiptState
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, APPROVER, LEAD, OTHER_APPROVER, House, person

S = WorkflowStatus


async def _stopped(house: House, step: str, answers: list[str]) -> Workflow:
    house.vendor.answers[step] = answers
    return await house.done(AGENT)


async def _replay(house: House, actor: Actor, workflow: Workflow, key: str = "r1") -> Decided:
    return await house.governance.replay(actor, workflow.uid, "the ledger is open again", key, "c3")


async def _compensate(house: House, actor: Actor, workflow: Workflow, key: str = "r1") -> Decided:
    return await house.governance.compensate(actor, workflow.uid, "take it back", key, "c3")


async def _approved(house: House, actor: Actor, asked: Decided) -> Decided:
    assert asked.workflow is not None, asked.refusals
    answer = await house.governance.approve(actor, asked.workflow.uid, asked.workflow.plan.hash, None, "c4")
    await house.engine.idle()
    return answer


async def test_what_needs_attention_runs_on_from_the_step_that_stopped_it(house: House):
    stopped = await _stopped(house, "post", ["refused"])
    assert stopped.status is S.NEEDS_ATTENTION
    asked = await _replay(house, APPROVER, stopped)
    assert asked.workflow is not None
    assert (asked.workflow.action, asked.workflow.target_uid) == (GovernedAction.REPLAY, stopped.uid)
    assert asked.workflow.status is S.AWAITING_APPROVAL
    assert (await _approved(house, OTHER_APPROVER, asked)).refusals == ()
    done = await house.now(stopped.uid)
    assert done.status is S.SUCCEEDED
    assert done.failure is None
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert house.vendor.sent["credit"] == 1
    assert len(set(house.vendor.keys["post"])) == 2  # the vendor may remember its refusal under the first
    assert (await house.now(asked.workflow.uid)).status is S.SUCCEEDED


async def test_the_same_key_asks_once_and_another_requester_asks_anew(small: House):
    stopped = await _stopped(small, "post", ["refused"])
    first, again = await _replay(small, APPROVER, stopped), await _replay(small, APPROVER, stopped)
    assert first.workflow is not None
    assert again.workflow is not None
    assert first.workflow.uid == again.workflow.uid


@pytest.mark.parametrize("approver", [APPROVER, LEAD, person("agent", "finance_approver")])
async def test_neither_who_asks_nor_who_asked_first_nor_another_role_approves(small: House, approver: Actor):
    stopped = await _stopped(small, "post", ["refused"])
    asked = await _replay(small, APPROVER, stopped)
    answer = await _approved(small, approver, asked)
    assert answer.refusals
    assert (await small.now(stopped.uid)).status is S.NEEDS_ATTENTION


async def test_an_agent_may_not_ask_for_it(small: House):
    stopped = await _stopped(small, "post", ["refused"])
    assert (await _replay(small, AGENT, stopped)).workflow is None


async def test_what_is_done_or_running_is_not_replayed(small: House):
    done = await small.done(AGENT)
    for answer in (await _replay(small, APPROVER, done), await _compensate(small, APPROVER, done)):
        assert [each.code for each in answer.refusals] == [RefusalCode.WRONG_STATE]
    assert await small.refusals() == [("replay", "workflow.state"), ("compensate", "workflow.state")]


async def test_a_failed_one_is_replayed_where_its_plan_is_still_the_same(small: House):
    failed = await _stopped(small, "draft", ["refused"])
    assert failed.status is S.FAILED
    await _approved(small, OTHER_APPROVER, await _replay(small, APPROVER, failed))
    assert (await small.now(failed.uid)).status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_a_failed_one_whose_facts_have_changed_has_to_be_asked_for_anew(small: House):
    failed = await _stopped(small, "draft", ["refused"])
    small.vendor.effect = "Does something else."
    assert [each.code for each in (await _replay(small, APPROVER, failed)).refusals] == [RefusalCode.PLAN_CHANGED]


async def test_a_failed_one_counts_against_the_cap_again_or_does_not_run(small: House):
    small.vendor.facts["cap"] = 8_000
    failed = await _stopped(small, "draft", ["refused"])  # 20.00
    asked = await _replay(small, APPROVER, failed)
    await small.ask(OTHER_APPROVER, 7_000, "k9")
    await small.engine.idle()
    await _approved(small, OTHER_APPROVER, asked)
    assert asked.workflow is not None
    assert (await small.now(asked.workflow.uid)).status is S.FAILED
    assert (await small.now(failed.uid)).status is S.FAILED


async def test_two_replays_at_once_begin_one_drive(small: House):
    stopped = await _stopped(small, "post", ["refused"])
    one, two = await _replay(small, APPROVER, stopped, "r1"), await _replay(small, OTHER_APPROVER, stopped, "r2")
    third = person("third", "finance_approver")
    await _approved(small, third, one)
    await _approved(small, third, two)
    assert (await small.now(stopped.uid)).status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert two.workflow is not None
    assert (await small.now(two.workflow.uid)).status is S.FAILED


async def test_compensating_undoes_what_was_done_in_reverse(house: House):
    stopped = await _stopped(house, "post", ["refused"])
    assert (await _approved(house, OTHER_APPROVER, await _compensate(house, APPROVER, stopped))).refusals == ()
    done = await house.now(stopped.uid)
    assert done.status is S.COMPENSATED
    assert house.vendor.made == {"draft": 1, "credit": 1, "credit.undo": 1, "draft.undo": 1}
    statuses = {step.name: step.status for step in done.steps}
    assert statuses["draft"] is statuses["credit"] is StepStatus.COMPENSATED


async def test_compensating_asks_first_for_a_step_of_which_nobody_knows(small: House):
    await small.governance.close()  # the sweep would go on asking
    small.vendor.probes["post"] = ["silent"] * 10_000
    stopped = await _stopped(small, "post", ["lost_after"])
    assert stopped.status is S.OUTCOME_UNKNOWN
    small.vendor.probes.clear()
    await _approved(small, OTHER_APPROVER, await _compensate(small, APPROVER, stopped))
    assert (await small.now(stopped.uid)).status is S.COMPENSATED
    assert small.vendor.made["post.undo"] == small.vendor.made["post"] == 1


async def test_a_failed_undo_is_replayed_backwards(small: House):
    small.vendor.answers["draft.undo"] = ["refused"]
    stopped = await _stopped(small, "credit", ["refused"])
    assert stopped.status is S.NEEDS_ATTENTION
    await _approved(small, OTHER_APPROVER, await _replay(small, APPROVER, stopped))
    assert (await small.now(stopped.uid)).status is S.COMPENSATED
    assert small.vendor.made == {"draft": 1, "draft.undo": 1}


async def test_who_has_looked_at_a_late_failure_closes_it(small: House):
    small.vendor.states["credit"] = ReceiptState.PENDING
    small.vendor.answers["credit.settle"] = ["FAILED"]
    asked = await small.done(AGENT)
    for _ in range(100):
        if (await small.now(asked.uid)).status is S.NEEDS_ATTENTION:
            break
        await small.governance.wait(asked.uid, 0.05)
    await _approved(small, OTHER_APPROVER, await _compensate(small, APPROVER, asked))
    assert (await small.now(asked.uid)).status is S.COMPENSATED
    assert small.vendor.made["post.undo"] == 1


async def test_an_approved_replay_whose_process_ends_is_begun_by_the_sweep(small: House, monkeypatch):
    from mutations.governance import submitting

    stopped = await _stopped(small, "post", ["refused"])
    asked = await _replay(small, APPROVER, stopped)

    async def ends(parts: object, uid: str) -> None: ...

    with monkeypatch.context() as patched:
        patched.setattr(submitting, "submit", ends)
        await _approved(small, OTHER_APPROVER, asked)
    for _ in range(100):
        if (await small.now(stopped.uid)).status is S.SUCCEEDED:
            break
        await small.governance.wait(stopped.uid, 0.05)
    assert (await small.now(stopped.uid)).status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
