"""Who may approve what, how often, and which plan: every way that a requester could try, too."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from mutations.governance.answers import WorkflowQuery
from mutations.governance.plan import Verdict
from mutations.governance.refusals import RefusalCode, refused
from mutations.governance.seams import now
from mutations.governance.tables import workflow_approvals
from mutations.governance.workflow import ApprovalDecision, Workflow, WorkflowStatus
from sources.canonical.actor import Actor
from tests.mutations.core.vendor_in_memory import (
    ACTIONS,
    AGENT,
    APPROVER,
    ISSUER,
    LEAD,
    OTHER_APPROVER,
    House,
    person,
)

S = WorkflowStatus


async def _asked(house: House, minor: int = 30_000, actor: Actor = AGENT, key: str = "k1") -> Workflow:
    answer = await house.ask(actor, minor, key)
    assert answer.workflow is not None, answer.refusals
    assert answer.workflow.status is S.AWAITING_APPROVAL
    return answer.workflow


async def _approve(house: House, actor: Actor, workflow: Workflow, plan_hash: str | None = None):
    return await house.governance.approve(actor, workflow.uid, plan_hash or workflow.plan.hash, "fine", "c2")


async def test_a_second_person_approves_and_it_runs_once(house: House):
    asked = await _asked(house)
    assert asked.expires_at is not None
    answer = await _approve(house, LEAD, asked)
    assert answer.refusals == ()
    await house.engine.idle()
    done = await house.now(asked.uid)
    assert done.status is S.SUCCEEDED
    assert [(each.by, each.role, each.decision) for each in done.approvals] == [
        ("lead", "support_lead", ApprovalDecision.APPROVED)
    ]
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)
    trail = await house.events(asked.uid)
    assert trail[:3] == [("issueCredit", "INTENT"), ("issueCredit.approve", "APPROVED"), ("issueCredit", "ALLOWED")]


async def test_twenty_approvals_at_once_by_one_person_are_one(house: House):
    asked = await _asked(house)
    answers = await asyncio.gather(*(_approve(house, LEAD, asked) for _ in range(20)))
    await house.engine.idle()
    assert all(answer.refusals == () for answer in answers)
    assert len((await house.now(asked.uid)).approvals) == 1
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_approving_twice_is_approving_once_also_after_it_ran(small: House):
    asked = await _asked(small)
    await _approve(small, LEAD, asked)
    await small.engine.idle()
    again = await _approve(small, LEAD, asked)
    assert again.refusals == ()
    assert again.workflow is not None
    assert again.workflow.status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)


def _as(**changed: object) -> Callable[[], Actor]:
    return lambda: msgspec.structs.replace(person("requester", "finance_approver"), **changed)


@pytest.mark.parametrize(
    "approver",
    [
        _as(),
        _as(roles=("finance_approver", "support_lead")),
        _as(person=False),
        _as(name="Somebody else"),
        _as(acting="another"),
        _as(subject="proxy"),
        _as(subject="third", acting="requester"),
        _as(subject="third", acting="proxy"),
        _as(subject="program", person=False),
        _as(subject="nobody", roles=()),
        _as(subject="agent2", roles=("support_agent",)),
        _as(subject="auditor", roles=("auditor",)),
    ],
)
async def test_neither_requester_nor_proxy_nor_program_nor_another_role_approves(small: House, approver):
    requester = person("requester", "finance_approver", acting="proxy")
    asked = await _asked(small, 600_000, requester) if small.vendor.facts.update(cap=10**9) is None else None
    assert asked is not None
    answer = await _approve(small, approver(), asked)
    assert [each.code for each in answer.refusals if each.code in (RefusalCode.OWN_REQUEST, RefusalCode.NOT_ALLOWED)]
    assert answer.workflow is not None
    assert answer.workflow.status is S.AWAITING_APPROVAL
    assert await small.count(workflow_approvals) == 0
    assert small.vendor.sent == {}
    assert (await small.refusals())[-1][0] == "issueCredit.approve"


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "agent"},
        {"acting": "agent"},
        {"person": False},
        {"requester": "somebody else"},
    ],
)
async def test_the_table_itself_refuses_what_no_rule_lets_through(house: House, changed: dict[str, object]):
    asked = await _asked(house)
    row = {
        "workflow_uid": asked.uid,
        "plan_hash": asked.plan.hash,
        "decision": "APPROVED",
        "role": "support_lead",
        "issuer": ISSUER,
        "subject": "lead",
        "acting": "",
        "person": True,
        "requester_issuer": ISSUER,
        "requester": "agent",
        "requester_acting": "",
        "at": now(),
    }
    with pytest.raises(DBAPIError):
        async with house.database.transaction() as connection:
            await connection.execute(insert(workflow_approvals).values({**row, **changed}))
    async with house.database.transaction() as connection:
        await connection.execute(insert(workflow_approvals).values(row))
    with pytest.raises(DBAPIError):
        async with house.database.transaction() as connection:
            await connection.execute(insert(workflow_approvals).values(row))


async def test_the_same_subject_of_another_issuer_is_another_person(small: House):
    asked = await _asked(small)
    stranger = msgspec.structs.replace(person("agent", "support_lead"), issuer="https://other.example.com/")
    answer = await _approve(small, stranger, asked)
    assert answer.refusals == () or answer.refusals[0].code is RefusalCode.OWN_REQUEST


async def test_an_approval_of_another_plan_counts_for_nothing(small: House):
    asked = await _asked(small)
    answer = await _approve(small, LEAD, asked, "0" * 64)
    assert [each.code for each in answer.refusals] == [RefusalCode.PLAN_CHANGED]
    assert await small.count(workflow_approvals) == 0


async def test_facts_that_changed_since_ask_anew_and_void_the_approval(small: House):
    asked = await _asked(small)
    small.vendor.effect = "Does something else."
    answer = await _approve(small, LEAD, asked)
    assert [each.code for each in answer.refusals] == [RefusalCode.PLAN_CHANGED]
    assert answer.workflow is not None
    assert answer.workflow.status is S.AWAITING_APPROVAL
    assert answer.workflow.plan.hash != asked.plan.hash
    assert small.vendor.sent == {}
    old = await _approve(small, LEAD, asked)
    assert [each.code for each in old.refusals] == [RefusalCode.PLAN_CHANGED]
    fresh = await _approve(small, LEAD, answer.workflow)
    assert fresh.refusals == ()
    await small.engine.idle()
    assert (await small.now(asked.uid)).status is S.SUCCEEDED


async def test_what_the_facts_deny_by_then_fails_and_nothing_is_done(small: House):
    asked = await _asked(small)
    small.vendor.facts["legal_hold"] = True
    answer = await _approve(small, LEAD, asked)
    assert answer.refusals
    assert answer.workflow is not None
    assert answer.workflow.status is S.FAILED
    assert small.vendor.sent == {}


async def test_an_approval_stands_while_a_system_does_not_answer_and_the_sweep_goes_on(small: House):
    asked = await _asked(small)
    small.vendor.facts["raises"] = refused(RefusalCode.SYSTEM_UNAVAILABLE, "erp is down", rule="source.unavailable")
    answer = await _approve(small, LEAD, asked)
    assert [each.code for each in answer.refusals] == [RefusalCode.SYSTEM_UNAVAILABLE]
    assert (await small.now(asked.uid)).status is S.AWAITING_APPROVAL
    small.vendor.facts.clear()
    listening = small.governance.changes(asked.uid)
    async with asyncio.timeout(10):
        while (await small.now(asked.uid)).status is not S.SUCCEEDED:
            await anext(listening)
    listening.close()
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)


async def test_a_person_says_no_and_what_was_reserved_is_free(house: House):
    asked = await _asked(house)
    answer = await house.governance.reject(LEAD, asked.uid, "too much", "c2")
    assert answer.refusals == ()
    assert answer.workflow is not None
    assert answer.workflow.status is S.REJECTED
    assert [(each.by, each.decision, each.comment) for each in answer.workflow.approvals] == [
        ("lead", ApprovalDecision.REJECTED, "too much")
    ]
    again = await house.governance.reject(LEAD, asked.uid, "too much", "c2")
    assert again.refusals == ()
    late = await _approve(house, OTHER_APPROVER, asked)
    assert [each.code for each in late.refusals] == [RefusalCode.WRONG_STATE]
    assert house.vendor.sent == {}


async def test_a_no_needs_a_reason_and_somebody_who_could_say_yes(small: House):
    asked = await _asked(small)
    silent = await small.governance.reject(LEAD, asked.uid, " ", "c2")
    assert [each.code for each in silent.refusals] == [RefusalCode.INVALID_INPUT]
    own = await small.governance.reject(AGENT, asked.uid, "changed my mind", "c2")
    assert [each.code for each in own.refusals] == [RefusalCode.OWN_REQUEST]
    auditor = await small.governance.reject(person("auditor", "auditor"), asked.uid, "no", "c2")
    assert auditor.refusals
    assert (await small.now(asked.uid)).status is S.AWAITING_APPROVAL


@pytest.mark.parametrize("actor", [AGENT, APPROVER])
async def test_the_requester_and_a_finance_approver_call_it_off(small: House, actor: Actor):
    asked = await _asked(small)
    answer = await small.governance.cancel(actor, asked.uid, "not needed", "c2")
    assert answer.refusals == ()
    assert answer.workflow is not None
    assert answer.workflow.status is S.CANCELED
    late = await _approve(small, LEAD, asked)
    assert [each.code for each in late.refusals] == [RefusalCode.WRONG_STATE]


async def test_another_agent_does_not_call_it_off_and_nobody_what_has_run(small: House):
    asked = await _asked(small)
    other = await small.governance.cancel(person("agent2", "support_agent"), asked.uid, "no", "c2")
    assert other.refusals
    assert (await small.now(asked.uid)).status is S.AWAITING_APPROVAL
    done = await small.done(AGENT, 100, "k2")
    late = await small.governance.cancel(AGENT, done.uid, "stop", "c2")
    assert [each.code for each in late.refusals] == [RefusalCode.WRONG_STATE]


async def test_what_nobody_approves_in_time_expires_and_is_free(small: House):
    from mutations.governance import sweeping

    small.governance.parts = msgspec.structs.replace(
        small.governance.parts, pace=msgspec.structs.replace(small.governance.parts.pace, approval=0.01)
    )
    asked = await _asked(small)
    await asyncio.sleep(0.02)
    late = await _approve(small, LEAD, asked)
    assert [each.code for each in late.refusals] == [RefusalCode.WRONG_STATE]
    await sweeping.expire(small.governance.parts)
    assert (await small.now(asked.uid)).status is S.EXPIRED
    assert small.vendor.sent == {}


async def test_who_may_approve_sees_it_waiting_and_who_may_not_does_not(small: House):
    asked = await _asked(small)
    for actor, sees in ((LEAD, True), (AGENT, False), (person("auditor", "auditor"), False)):
        page = await small.governance.search(WorkflowQuery(awaiting=actor), 10)
        assert [each.uid for each in page.workflows] == ([asked.uid] if sees else [])
        assert await small.governance.awaits(actor, asked.uid) is sees
    await _approve(small, LEAD, asked)
    assert (await small.governance.search(WorkflowQuery(awaiting=LEAD), 10)).workflows == ()


async def test_a_workflow_that_is_not_there_is_refused(small: House):
    answer = await small.governance.approve(LEAD, "0" * 16, "0" * 64, None, "c2")
    assert answer.workflow is None
    assert [each.rule for each in answer.refusals] == ["workflow.unknown"]


async def test_a_process_that_ends_between_the_last_approval_and_the_run_is_taken_over(small: House, monkeypatch):
    from mutations.governance import completing

    asked = await _asked(small)

    async def ends(parts: object, uid: str) -> tuple[()]:
        return ()

    with monkeypatch.context() as patched:
        patched.setattr(completing, "complete", ends)
        await _approve(small, LEAD, asked)
    listening = small.governance.changes(asked.uid)
    async with asyncio.timeout(10):
        while (await small.now(asked.uid)).status is not S.SUCCEEDED:
            await anext(listening)
    listening.close()
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert asked.plan.verdict is Verdict.NEEDS_APPROVAL
