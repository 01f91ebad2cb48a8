"""Approvals, rejections, cancellations. They are rows, bound to the plan that was shown; no workflow sleeps on them.

Four eyes hold in the policy, here, in the compare-and-set that lets it run, and in a CHECK of the table.
"""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy import RowMapping, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import approvals, completing, trail
from mutations.governance.answers import Decided
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.records import decode_asked, decode_plan, load, workflow_row
from mutations.governance.refusals import Refusal, RefusalCode, Refused, refused
from mutations.governance.seams import Parts, now
from mutations.governance.store import locked, moved, touched, wrong_state
from mutations.governance.sums import release
from mutations.governance.tables import workflow_approvals
from mutations.governance.workflow import ApprovalDecision, WorkflowStatus
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
        return await completing.complete(parts, this.uid)

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
        raise wrong_state(row)
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
        raise wrong_state(row)
    if row["expires_at"] <= now():
        raise refused(RefusalCode.WRONG_STATE, "it was not approved in time: ask for it anew", rule="workflow.expired")


def _not_own(row: RowMapping, actor: Actor) -> None:
    """Whatever a policy says: neither the requester nor who acts in the requester's name."""
    theirs = {row["requester"], row["acting"]} - {""}
    mine = {actor.subject, actor.acting or ""} - {""}
    if row["issuer"] == actor.issuer and theirs & mine:
        message = "nobody decides about what they asked for, or what was asked for in their name"
        raise refused(RefusalCode.OWN_REQUEST, message, rule="four_eyes.own_request")


def _commented(this: Deciding) -> None:
    if not (this.comment or "").strip():
        raise refused(RefusalCode.INVALID_INPUT, "say why, in a comment", field="comment")


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
