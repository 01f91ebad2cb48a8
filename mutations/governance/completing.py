"""When the last approval is given, the plan is made again from live facts: the same one runs, another asks anew."""

from datetime import timedelta

import msgspec
from sqlalchemy import RowMapping, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, approvals, submitting, trail
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.plan import Verdict, WorkflowPlan, plan_hash
from mutations.governance.planning import Gathered, Planned, decided, gather
from mutations.governance.records import decode_actor, decode_plan, workflow_row
from mutations.governance.refusals import Refusal, RefusalCode, Refused
from mutations.governance.requesting import insert_steps
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import locked, moved, touched, wrong_state
from mutations.governance.sums import lock, release
from mutations.governance.tables import workflow_approvals, workflow_steps, workflows
from mutations.governance.workflow import ApprovalDecision, StepStatus, WorkflowFailure, WorkflowStatus
from sources.canonical.actor import Actor
from sources.database import to_the_end

S = WorkflowStatus


async def complete(parts: Parts, uid: str) -> tuple[Refusal, ...]:
    """Where nothing is missing any more: plan again, and run what is still the same.

    Where a system does not answer, the approvals stand, and the sweep comes back to it.
    """
    async with parts.database.reading() as connection:
        row = await workflow_row(connection, uid)
        if row is None or not await _is_complete(connection, row):
            return ()
    mutation, actor = parts.mutation(row["action"]), decode_actor(row["actor"])
    command = msgspec.json.decode(row["command"], type=mutation.command)
    try:
        gathered = await gather(parts, actor, mutation, command)
    except Refused as error:
        if not any(each.code is RefusalCode.SYSTEM_UNAVAILABLE for each in error.refusals):
            await _denied(parts, uid, error.refusals)
        return error.refusals
    refusals = await _planned_again(parts, uid, actor, gathered)
    if not refusals:
        await submitting.submit(parts, uid)
    return refusals


async def _is_complete(connection: AsyncConnection, row: RowMapping) -> bool:
    if row["status"] != S.AWAITING_APPROVAL.value or row["expires_at"] <= now():
        return False
    given = await approvals.given(connection, row["uid"], row["plan_hash"])
    return not approvals.missing(decode_plan(row["plan"]).approvals, given)


@to_the_end
async def _planned_again(parts: Parts, uid: str, actor: Actor, gathered: Gathered) -> tuple[Refusal, ...]:
    async with parts.database.transaction() as connection:
        await lock(parts.database, connection, gathered.facts.customer_uid, actor)
        row = await locked(connection, uid)
        if not await _is_complete(connection, row):
            return ()
        planned = await decided(parts, connection, actor, gathered, but=uid)
        await parts.decisions.store(
            connection,
            planned.request,
            planned.decision,
            workflow_uid=uid,
            correlation_id=row["correlation_id"],
            at=now(),
        )
        if planned.plan.verdict is Verdict.DENIED:
            await _fail(parts, connection, row, planned.plan.refusals)
            return planned.plan.refusals
        if not _is_same(gathered, decode_plan(row["plan"]), planned):
            return await _ask_anew(parts, connection, row, gathered, planned)
        four_eyes = select(workflow_approvals.c.id).where(
            workflow_approvals.c.workflow_uid == workflows.c.uid,
            workflow_approvals.c.plan_hash == workflows.c.plan_hash,
            workflow_approvals.c.decision == ApprovalDecision.APPROVED.value,
            or_(
                workflow_approvals.c.issuer != workflows.c.issuer,
                workflow_approvals.c.subject.not_in([workflows.c.requester, workflows.c.acting]),
            ),
        )
        since, same = (S.AWAITING_APPROVAL,), row["plan_hash"]
        if not await moved(
            connection, uid, S.APPROVED, four_eyes.exists(), since=since, plan_hash=same, expires_at=None
        ):
            raise wrong_state(row)
        allowed = trail.by_system(row, AuditOutcome.ALLOWED, rule=next(iter(planned.decision.rules), None))
        await parts.audit.record(connection, allowed)
    return ()


def _is_same(gathered: Gathered, stored: WorkflowPlan, planned: Planned) -> bool:
    """Whether what was approved is what would be done. That it would need no approval by now voids none."""
    if planned.plan.hash == stored.hash:
        return True
    version = planned.decision.policy_version
    as_stored = plan_hash(gathered.fingerprint, gathered.steps, stored.verdict, stored.approvals, version)
    return planned.plan.verdict is Verdict.ALLOWED and as_stored == stored.hash


async def _ask_anew(
    parts: Parts, connection: AsyncConnection, row: RowMapping, gathered: Gathered, planned: Planned
) -> tuple[Refusal, ...]:
    """Another plan takes the place of the one that was approved; its approvals are void."""
    uid = row["uid"]
    if planned.plan.verdict is Verdict.ALLOWED:  # it is another one all the same: who approved sees it first
        stored = decode_plan(row["plan"])
        planned = _needing(gathered, planned, stored)
    await _replace_steps(connection, uid, planned)
    await touched(
        connection,
        uid,
        plan=encoded(planned.plan),
        plan_hash=planned.plan.hash,
        asked=encoded(planned.request),
        expires_at=now() + timedelta(seconds=parts.pace.approval),
    )
    message = "the facts have changed since it was approved: look at the new plan and approve that"
    refusal = Refusal(code=RefusalCode.PLAN_CHANGED, message=message, rule="plan.changed", field="planHash")
    await alerting.waiting(connection, uid, row["action"], planned.plan)
    changed = trail.by_system(row, AuditOutcome.REFUSED, rule="plan.changed", detail={"planHash": planned.plan.hash})
    await parts.audit.record(connection, changed)
    return (refusal,)


async def _replace_steps(connection: AsyncConnection, uid: str, planned: Planned) -> None:
    """The rows of another plan; a doubt about a step of the same name stays one."""
    mine = workflow_steps.c.workflow_uid == uid
    query = select(workflow_steps).where(mine, workflow_steps.c.status == StepStatus.UNKNOWN.value)
    doubted = (await connection.execute(query)).mappings().all()
    await connection.execute(delete(workflow_steps).where(mine))
    await insert_steps(connection, uid, planned)
    for row in doubted:
        values = {name: row[name] for name in ("status", "key_spent", "started_at", "last_sent_at", "error_code")}
        same = mine & (workflow_steps.c.name == row["name"])
        await connection.execute(update(workflow_steps).where(same).values(**values))


def _needing(gathered: Gathered, planned: Planned, stored: WorkflowPlan) -> Planned:
    """The new steps under the approvals that the old ones needed."""
    version = planned.decision.policy_version
    plan = msgspec.structs.replace(
        planned.plan,
        verdict=stored.verdict,
        approvals=stored.approvals,
        hash=plan_hash(gathered.fingerprint, gathered.steps, stored.verdict, stored.approvals, version),
    )
    return msgspec.structs.replace(planned, plan=plan)


@to_the_end
async def _denied(parts: Parts, uid: str, refusals: tuple[Refusal, ...]) -> None:
    async with parts.database.transaction() as connection:
        row = await locked(connection, uid)
        if await _is_complete(connection, row):
            await _fail(parts, connection, row, refusals)


async def _fail(parts: Parts, connection: AsyncConnection, row: RowMapping, refusals: tuple[Refusal, ...]) -> None:
    """What was approved may not be done any more: nothing was, and nothing will be."""
    first = refusals[0]
    failure = WorkflowFailure(
        step="", system="", code=first.rule or first.code.value, message=first.message, retryable=False
    )
    await moved(connection, row["uid"], S.APPROVED, since=(S.AWAITING_APPROVAL,), expires_at=None)
    await moved(connection, row["uid"], S.FAILED, since=(S.APPROVED,), failure=encoded(failure))
    await release(connection, row["uid"], now())
    event = trail.by_system(row, AuditOutcome.REFUSED, rule=first.rule or first.code.value)
    await parts.audit.record(connection, event)
