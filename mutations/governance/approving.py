"""Approvals, rejections, cancellations. They are rows, bound to the plan that was shown; no workflow sleeps on them.

Four eyes hold in the policy, in the compare-and-set, and in a CHECK of the table. When the last approval is given, the
plan is made again from live facts: the same one runs, another asks anew.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import RowMapping, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, approvals, submitting, trail
from mutations.governance.answers import Decided
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.plan import Verdict, WorkflowPlan, plan_hash
from mutations.governance.planning import Gathered, Planned, decided, gather
from mutations.governance.records import decode_actor, decode_asked, decode_plan, load, workflow_row
from mutations.governance.refusals import Refusal, RefusalCode, Refused, refused
from mutations.governance.requesting import insert_steps
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import locked, moved, touched
from mutations.governance.sums import lock, release
from mutations.governance.tables import workflow_approvals, workflow_steps, workflows
from mutations.governance.workflow import ApprovalDecision, StepStatus, WorkflowFailure, WorkflowStatus
from sources.canonical.actor import Actor
from sources.database import to_the_end

S = WorkflowStatus


class Deciding(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody decides about a workflow."""

    actor: Actor
    uid: str
    comment: str | None
    correlation_id: str
    plan_hash: str | None = None


async def approve(parts: Parts, this: Deciding) -> Decided:
    """Approve the plan that was shown; with the last approval that is wanted it runs. Twice is once."""

    async def work() -> tuple[Refusal, ...]:
        await _give(parts, this)
        return await complete(parts, this.uid)

    return await _decided(parts, this, "approve", work)


async def reject(parts: Parts, this: Deciding) -> Decided:
    """Say no, as somebody who could have said yes."""

    async def work() -> tuple[Refusal, ...]:
        _commented(this)
        await _reject(parts, this)
        return ()

    return await _decided(parts, this, "reject", work)


async def cancel(parts: Parts, this: Deciding) -> Decided:
    """Call it off before it runs, as the requester or as whom the policy lets."""

    async def work() -> tuple[Refusal, ...]:
        _commented(this)
        await _cancel(parts, this)
        return ()

    return await _decided(parts, this, "cancel", work)


async def _decided(
    parts: Parts, this: Deciding, word: str, work: Callable[[], Awaitable[tuple[Refusal, ...]]]
) -> Decided:
    try:
        refusals = await work()
    except Refused as error:
        refusals = error.refusals
        await _audit_refusal(parts, this, word, refusals)
    parts.hub.tell(this.uid)
    async with parts.database.reading() as connection:
        found = await load(connection, [this.uid])
    return Decided(workflow=found.get(this.uid), refusals=refusals)


@to_the_end
async def _give(parts: Parts, this: Deciding) -> None:
    async with parts.database.transaction() as connection:
        row = await locked(connection, this.uid)
        actor = this.actor
        decided_before = await approvals.given(connection, this.uid, row["plan_hash"])
        if this.plan_hash == row["plan_hash"] and _has_approved(decided_before, actor):
            return
        _open_for_decision(row)
        if this.plan_hash != row["plan_hash"]:
            message = "what would be done is no longer what was shown: look at the new plan"
            raise refused(RefusalCode.PLAN_CHANGED, message, rule="plan.changed", field="planHash")
        _not_own(row, actor)
        wanted = approvals.missing(decode_plan(row["plan"]).approvals, decided_before)
        if not wanted:
            return
        role = approvals.role_of(parts, row, wanted, actor)
        if isinstance(role, Refusal):
            raise Refused(role)
        await _keep(connection, row, this, ApprovalDecision.APPROVED, role)
        await touched(connection, this.uid)
        await _audit(parts, connection, row, this, "approve", AuditOutcome.APPROVED, role)


@to_the_end
async def _reject(parts: Parts, this: Deciding) -> None:
    async with parts.database.transaction() as connection:
        row = await locked(connection, this.uid)
        decided_before = await approvals.given(connection, this.uid, row["plan_hash"])
        mine = [each for each in decided_before if _is_by(each, this.actor)]
        if any(each["decision"] == ApprovalDecision.REJECTED.value for each in mine):
            return
        _open_for_decision(row)
        _not_own(row, this.actor)
        if mine:
            message = "you have approved this plan: who may cancel can call it off"
            raise refused(RefusalCode.WRONG_STATE, message, rule="approval.once")
        role = approvals.role_of(parts, row, decode_plan(row["plan"]).approvals, this.actor)
        if isinstance(role, Refusal):
            raise Refused(role)
        await _keep(connection, row, this, ApprovalDecision.REJECTED, role)
        await _stopped(connection, row, S.REJECTED)
        await _audit(parts, connection, row, this, "reject", AuditOutcome.REJECTED, role)


@to_the_end
async def _cancel(parts: Parts, this: Deciding) -> None:
    async with parts.database.transaction() as connection:
        row = await locked(connection, this.uid)
        if (refusal := parts.policy.may_cancel(decode_asked(row["asked"]), this.actor)) is not None:
            raise Refused(refusal)
        if row["status"] == S.CANCELED.value:
            return
        await _stopped(connection, row, S.CANCELED)
        await _audit(parts, connection, row, this, "cancel", AuditOutcome.SUCCEEDED, None)


async def _stopped(connection: AsyncConnection, row: RowMapping, to: WorkflowStatus) -> None:
    """It will not run: what was reserved for it counts no longer. Raises Refused where it has begun or ended."""
    if not await moved(connection, row["uid"], to, since=(S.AWAITING_APPROVAL, S.APPROVED), expires_at=None):
        raise _wrong_state(row)
    await release(connection, row["uid"], now())


async def _keep(
    connection: AsyncConnection, row: RowMapping, this: Deciding, decision: ApprovalDecision, role: str
) -> None:
    await connection.execute(
        insert(workflow_approvals).values(
            workflow_uid=row["uid"],
            plan_hash=row["plan_hash"],
            decision=decision.value,
            role=role,
            issuer=this.actor.issuer,
            subject=this.actor.subject,
            acting=this.actor.acting or "",
            person=this.actor.person,
            requester_issuer=row["issuer"],
            requester=row["requester"],
            requester_acting=row["acting"],
            at=now(),
            comment=this.comment or None,
        )
    )


def _has_approved(decided_before: Sequence[RowMapping], actor: Actor) -> bool:
    return any(_is_by(each, actor) and each["decision"] == ApprovalDecision.APPROVED.value for each in decided_before)


def _is_by(decision: RowMapping, actor: Actor) -> bool:
    return bool((decision["issuer"], decision["subject"]) == (actor.issuer, actor.subject))


def _open_for_decision(row: RowMapping) -> None:
    if row["status"] != S.AWAITING_APPROVAL.value:
        raise _wrong_state(row)
    if row["expires_at"] <= now():
        raise refused(RefusalCode.WRONG_STATE, "it was not approved in time: ask for it anew", rule="workflow.expired")


def _not_own(row: RowMapping, actor: Actor) -> None:
    """Whatever a policy says: neither the requester nor who acts in the requester's name."""
    theirs = {row["requester"], row["acting"]} - {""}
    mine = {actor.subject, actor.acting or ""} - {""}
    if row["issuer"] == actor.issuer and theirs & mine:
        message = "nobody decides about what they asked for, or what was asked for in their name"
        raise refused(RefusalCode.OWN_REQUEST, message, rule="four_eyes.own_request")


def _wrong_state(row: RowMapping) -> Refused:
    message = f"it is {row['status']}: that is no longer possible"
    return refused(RefusalCode.WRONG_STATE, message, rule="workflow.state")


def _commented(this: Deciding) -> None:
    if not (this.comment or "").strip():
        raise refused(RefusalCode.INVALID_INPUT, "say why, in a comment", field="comment")


# ---------------------------------------------------------------------------------------------- all are given
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
            raise _wrong_state(row)
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


# ------------------------------------------------------------------------------------------------- the record
async def _audit(
    parts: Parts,
    connection: AsyncConnection,
    row: RowMapping,
    this: Deciding,
    word: str,
    outcome: AuditOutcome,
    role: str | None,
) -> None:
    detail = {"planHash": row["plan_hash"], "comment": this.comment, **({"role": role} if role else {})}
    event = trail.by_actor(
        this.actor,
        f"{trail.word(row['action'])}.{word}",
        outcome,
        correlation_id=this.correlation_id,
        workflow_uid=row["uid"],
        customers=[row["customer_uid"]],
        policy_version=parts.policy.version,
        detail=detail,
    )
    await parts.audit.record(connection, event)


@to_the_end
async def _audit_refusal(parts: Parts, this: Deciding, word: str, refusals: Sequence[Refusal]) -> None:
    async with parts.database.transaction() as connection:
        row = await workflow_row(connection, this.uid)
        event = trail.turned_away(
            this.actor,
            f"{trail.word(row['action']) if row is not None else 'workflow'}.{word}",
            refusals,
            correlation_id=this.correlation_id,
            policy_version=parts.policy.version,
            workflow_uid=this.uid if row is not None else None,
            customers=[row["customer_uid"]] if row is not None else [],
        )
        await parts.audit.record(connection, event)
