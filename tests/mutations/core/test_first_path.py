"""From a request to its end, where nothing goes wrong."""

from mutations.governance.plan import Verdict
from mutations.governance.workflow import IdempotencyOutcome, StepStatus, WorkflowStatus
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, House


async def test_a_small_credit_of_an_agent_runs_all_its_steps_and_succeeds(house: House):
    plan = await house.governance.plan(AGENT, house.mutation, house.command())
    assert plan.verdict is Verdict.ALLOWED

    asked = await house.ask(AGENT, plan_hash=plan.hash)
    assert asked.idempotency is IdempotencyOutcome.ACCEPTED
    assert asked.workflow is not None
    await house.engine.idle()

    workflow = await house.now(asked.workflow.uid)
    assert workflow.status is WorkflowStatus.SUCCEEDED
    assert [(step.name, step.status) for step in workflow.steps] == [(n, StepStatus.SUCCEEDED) for n in ACTIONS]
    assert all(step.attempts == 1 and step.external_id for step in workflow.steps)
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_each_step_leaves_its_intent_before_what_became_of_it(house: House):
    workflow = await house.done(AGENT)
    steps = [(f"issueCredit.{name}", outcome) for name in ACTIONS for outcome in ("INTENT", "SUCCEEDED")]
    assert await house.events(workflow.uid) == [
        ("issueCredit", "INTENT"),
        ("issueCredit", "ALLOWED"),
        *steps,
        ("issueCredit", "SUCCEEDED"),
    ]


async def test_planning_writes_nothing(house: House):
    from mutations.governance.tables import workflows

    await house.governance.plan(AGENT, house.mutation, house.command())
    assert await house.count(workflows) == 0
    assert house.vendor.sent == {}
