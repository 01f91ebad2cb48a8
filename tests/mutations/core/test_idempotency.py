"""The same key and input is the same workflow; other input is a conflict; a refusal consumes nothing."""

import asyncio

from mutations.governance.refusals import RefusalCode, refused
from mutations.governance.tables import idempotency_keys, workflow_reservations, workflows
from mutations.governance.workflow import IdempotencyOutcome, WorkflowStatus
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, LEAD, House, person


async def test_the_same_key_and_input_gives_the_workflow_in_its_present_state_without_a_call(house: House):
    first = await house.done(AGENT)
    planned = house.vendor.planned
    again = await house.ask(AGENT)
    assert again.idempotency is IdempotencyOutcome.REPLAYED
    assert again.workflow is not None
    assert (again.workflow.uid, again.workflow.status) == (first.uid, WorkflowStatus.SUCCEEDED)
    assert house.vendor.planned == planned
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_the_same_key_with_other_input_is_a_conflict_and_nothing_runs(house: House):
    await house.done(AGENT)
    other = await house.ask(AGENT, 3_000)
    assert other.idempotency is IdempotencyOutcome.CONFLICT
    assert other.workflow is None
    assert [refusal.code for refusal in other.refusals] == [RefusalCode.IDEMPOTENCY_CONFLICT]
    assert await house.count(workflows) == 1
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_a_key_is_its_users_own(house: House):
    mine = await house.ask(AGENT, key="same")
    yours = await house.ask(LEAD, key="same")
    assert mine.workflow is not None
    assert yours.workflow is not None
    assert mine.workflow.uid != yours.workflow.uid


async def test_twenty_at_once_make_one_workflow(house: House):
    answers = await asyncio.gather(*(house.ask(AGENT) for _ in range(20)))
    await house.engine.idle()
    assert len({answer.workflow.uid for answer in answers if answer.workflow}) == 1
    outcomes = [answer.idempotency for answer in answers]
    assert outcomes.count(IdempotencyOutcome.ACCEPTED) == 1
    assert outcomes.count(IdempotencyOutcome.REPLAYED) == 19
    assert await house.count(workflows) == await house.count(idempotency_keys) == 1
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_twenty_at_once_in_two_processes_make_one_workflow(house: House, another):
    there = await another(house)
    answers = await asyncio.gather(*(each.ask(AGENT) for each in (house, there) * 10))
    await asyncio.gather(house.engine.idle(), there.engine.idle())
    assert len({answer.workflow.uid for answer in answers if answer.workflow}) == 1
    assert [answer.idempotency for answer in answers].count(IdempotencyOutcome.ACCEPTED) == 1
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_a_refusal_does_not_consume_the_key_and_is_on_record(small: House):
    small.vendor.facts["legal_hold"] = True
    first = await small.ask(AGENT)
    assert first.idempotency is IdempotencyOutcome.REFUSED
    assert first.workflow is None
    assert await small.count(workflows) == await small.count(idempotency_keys) == 0
    small.vendor.facts.clear()
    assert (await small.ask(AGENT)).idempotency is IdempotencyOutcome.ACCEPTED
    assert await small.refusals() == [("issueCredit", first.refusals[0].rule)]


async def test_what_the_facts_refuse_is_refused_with_every_reason(small: House):
    small.vendor.facts["raises"] = refused(RefusalCode.PRECONDITION_FAILED, "void", rule="invoice.state")
    answer = await small.ask(AGENT)
    assert [refusal.rule for refusal in answer.refusals] == ["invoice.state"]
    plan = await small.governance.plan(AGENT, small.mutation, small.command())
    assert (plan.verdict.value, plan.refusals) == ("DENIED", answer.refusals)
    assert await small.refusals() == [("issueCredit", "invoice.state")]


async def test_a_plan_that_is_no_longer_the_one_that_was_shown_is_refused(small: House):
    plan = await small.governance.plan(AGENT, small.mutation, small.command())
    small.vendor.effect = "Does something else."
    answer = await small.ask(AGENT, plan_hash=plan.hash)
    assert [refusal.code for refusal in answer.refusals] == [RefusalCode.PLAN_CHANGED]
    assert answer.idempotency is IdempotencyOutcome.REFUSED
    assert small.vendor.sent == {}
    fresh = await small.governance.plan(AGENT, small.mutation, small.command())
    assert (await small.ask(AGENT, plan_hash=fresh.hash)).idempotency is IdempotencyOutcome.ACCEPTED


async def test_a_key_of_no_or_too_many_characters_is_invalid_input(small: House):
    for key in ("", "x" * 256):
        answer = await small.ask(AGENT, key=key)
        assert [(refusal.code, refusal.field) for refusal in answer.refusals] == [
            (RefusalCode.INVALID_INPUT, "idempotencyKey")
        ]
    assert (await small.ask(AGENT, key="x" * 255)).idempotency is IdempotencyOutcome.ACCEPTED


async def test_who_may_not_ask_is_refused_and_nothing_is_written_but_the_record(small: House):
    answer = await small.ask(person("auditor", "auditor"))
    assert answer.idempotency is IdempotencyOutcome.REFUSED
    assert await small.count(workflows) == await small.count(workflow_reservations) == 0
    assert small.vendor.sent == {}
    assert len(await small.refusals()) == 1


async def test_a_request_that_the_engine_does_not_hear_of_is_accepted_and_run_by_the_sweep(small: House):
    small.engine.submits = False
    asked = await small.ask(AGENT)
    assert asked.workflow is not None
    assert asked.workflow.status is WorkflowStatus.APPROVED
    small.engine.submits = True
    done = await small.governance.wait(asked.workflow.uid, 10)
    assert done is not None
    assert done.status is WorkflowStatus.SUCCEEDED
