"""A request: the same key and input is the same workflow; a rule's no is data; everything is written at once.

One transaction reads the sums, decides, and writes the workflow, its steps, what it reserves, its key, the decision
and the audit's intent; a process that dies before has done nothing, one that dies after is taken over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, submitting, trail
from mutations.governance.answers import Requested
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.mutation import Mutation, StepRole
from mutations.governance.plan import GovernedAction, Verdict
from mutations.governance.planning import Gathered, Planned, decided, fingerprint_of, gather
from mutations.governance.records import load
from mutations.governance.refusals import Refusal, RefusalCode, Refused
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.sums import lock, reserve
from mutations.governance.tables import idempotency_keys as keys
from mutations.governance.tables import workflow_steps, workflows
from mutations.governance.workflow import IdempotencyOutcome, StepStatus, Workflow, WorkflowStatus
from sources.canonical.actor import Actor
from sources.crosswalk.rows import new_uid
from sources.database import to_the_end

LONGEST_KEY = 255  # characters; the contract's


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, before anything is known of it."""

    actor: Actor
    mutation: Mutation
    command: Any
    key: str
    plan_hash: str | None
    correlation_id: str
    target_uid: str | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.mutation.action, self.command)


async def request(parts: Parts, asked: Asked) -> Requested:
    """Carry out, or wait for approval, or refuse."""
    if not 1 <= len(asked.key) <= LONGEST_KEY:
        message = f"an idempotency key has 1 to {LONGEST_KEY} characters"
        refusal = Refusal(code=RefusalCode.INVALID_INPUT, message=message, field="idempotencyKey")
        return await _refused(parts, asked, (refusal,))
    if (earlier := await _earlier(parts, asked)) is not None:
        return earlier
    try:
        gathered = await gather(parts, asked.actor, asked.mutation, asked.command)
        made = await _write(parts, asked, gathered)
    except Refused as refused:
        # Whoever won meanwhile with the same key may be the very reason why it is refused now.
        return await _earlier(parts, asked) or await _refused(parts, asked, refused.refusals)
    except IntegrityError:
        if (earlier := await _earlier(parts, asked)) is None:
            raise
        return earlier
    if isinstance(made, Requested):
        return made
    parts.hub.tell(made.uid)
    if made.status is WorkflowStatus.APPROVED:
        await submitting.submit(parts, made.uid)
    return Requested(workflow=await _present(parts, made), idempotency=IdempotencyOutcome.ACCEPTED)


async def _present(parts: Parts, made: Workflow) -> Workflow:
    async with parts.database.reading() as connection:
        return (await load(connection, [made.uid]))[made.uid]


async def _earlier(parts: Parts, asked: Asked) -> Requested | None:
    """What an earlier request with this key became; None where there was none."""
    async with parts.database.reading() as connection:
        found = await _of_key(connection, asked)
    if found is not None and found.idempotency is IdempotencyOutcome.CONFLICT:
        await _audit_refusal(parts, asked, found.refusals)
    return found


async def _of_key(connection: AsyncConnection, asked: Asked) -> Requested | None:
    scope = (
        keys.c.issuer == asked.actor.issuer,
        keys.c.subject == asked.actor.subject,
        keys.c.action == asked.mutation.action.value,
        keys.c.key == asked.key,
    )
    row = (await connection.execute(select(keys).where(*scope))).mappings().one_or_none()
    if row is None:
        return None
    if row["fingerprint"] != asked.fingerprint:
        message = "this idempotency key was used for another input: use a new key for a new request"
        conflict = Refusal(code=RefusalCode.IDEMPOTENCY_CONFLICT, message=message, rule="idempotency.conflict")
        return Requested(workflow=None, idempotency=IdempotencyOutcome.CONFLICT, refusals=(conflict,))
    found = await load(connection, [row["workflow_uid"]])
    return Requested(workflow=found[row["workflow_uid"]], idempotency=IdempotencyOutcome.REPLAYED)


@to_the_end
async def _write(parts: Parts, asked: Asked, gathered: Gathered) -> Workflow | Requested:
    """The workflow that was made, or what an earlier request with the key became. Raises Refused."""
    async with parts.database.transaction() as connection:
        await lock(parts.database, connection, gathered.facts.customer_uid, asked.actor)
        if (earlier := await _of_key(connection, asked)) is not None:
            return earlier
        planned = await decided(parts, connection, asked.actor, gathered)
        if planned.plan.verdict is not Verdict.DENIED and asked.plan_hash in (None, planned.plan.hash):
            return await _insert(parts, connection, asked, gathered, planned)
    # Outside of it: a refusal is on record though nothing else was written.
    if planned.plan.verdict is Verdict.DENIED:
        await _keep_denial(parts, asked, planned)
        raise Refused(*planned.plan.refusals)
    message = "what would be done is no longer what was shown: look at the new plan"
    raise Refused(Refusal(code=RefusalCode.PLAN_CHANGED, message=message, rule="plan.changed", field="planHash"))


async def _insert(
    parts: Parts, connection: AsyncConnection, asked: Asked, gathered: Gathered, planned: Planned
) -> Workflow:
    at, uid = now(), new_uid()
    allowed = planned.plan.verdict is Verdict.ALLOWED
    amount = asked.command.amount_moved
    row = {**_asked(asked, gathered, planned), **_beginning(at, None if allowed else parts.pace.approval)}
    await connection.execute(insert(workflows).values(uid=uid, **row))
    await insert_steps(connection, uid, planned)
    await connection.execute(insert(keys).values(**_scope(asked), key=asked.key, workflow_uid=uid, at=at))
    if amount is not None and asked.target_uid is None:
        await reserve(
            connection,
            uid,
            asked.mutation.action,
            asked.actor,
            gathered.facts.customer_uid,
            amount,
            at,
            alone=allowed,
            capped=gathered.facts.cap is not None,
        )
    await parts.decisions.store(
        connection, planned.request, planned.decision, workflow_uid=uid, correlation_id=asked.correlation_id, at=at
    )
    await _audit_intent(parts, connection, asked, gathered, planned, uid)
    if not allowed:
        await alerting.waiting(connection, uid, asked.mutation.action.value, planned.plan)
    return (await load(connection, [uid]))[uid]


def _asked(asked: Asked, gathered: Gathered, planned: Planned) -> dict[str, Any]:
    """What was asked, by whom, and what was planned: the columns that never change, and the plan."""
    amount, actor = asked.command.amount_moved, asked.actor
    return {
        "action": asked.mutation.action.value,
        "customer_uid": gathered.facts.customer_uid,
        "currency": amount.currency if amount else None,
        "minor": amount.minor if amount else None,
        "reason": asked.command.stated_reason,
        "issuer": actor.issuer,
        "requester": actor.subject,
        "acting": actor.acting or "",
        "actor": encoded(msgspec.structs.replace(actor, name=None)),
        "idempotency_key": asked.key,
        "correlation_id": asked.correlation_id,
        "command": encoded(asked.command),
        "fingerprint": gathered.fingerprint,
        "plan": encoded(planned.plan),
        "plan_hash": planned.plan.hash,
        "asked": encoded(planned.request),
        "target_uid": asked.target_uid,
    }


def _beginning(at: datetime, approval_seconds: float | None) -> dict[str, Any]:
    """Where a workflow begins: APPROVED, or awaiting approval for so long."""
    waits = approval_seconds is not None
    return {
        "status": (WorkflowStatus.AWAITING_APPROVAL if waits else WorkflowStatus.APPROVED).value,
        "requested_at": at,
        "updated_at": at,
        "expires_at": at + timedelta(seconds=approval_seconds) if approval_seconds is not None else None,
        "version": 1,
        "run_number": 1,
        "run_direction": "forward",
        "submitted": 0,
        "looks": 0,
    }


def _scope(asked: Asked) -> dict[str, Any]:
    """What an idempotency key is known under, and the input that it stands for."""
    return {
        "issuer": asked.actor.issuer,
        "subject": asked.actor.subject,
        "action": asked.mutation.action.value,
        "fingerprint": asked.fingerprint,
    }


async def insert_steps(connection: AsyncConnection, uid: str, planned: Planned) -> None:
    """A row for each step of a plan."""
    for position, step in enumerate(planned.plan.steps):
        await connection.execute(
            insert(workflow_steps).values(
                workflow_uid=uid,
                name=step.name,
                step=step.name,
                role=StepRole.DO.value,
                position=position,
                system=step.system,
                source_uid=step.source,
                status=StepStatus.PENDING.value,
                attempts=0,
                generation=1,
                key_spent=False,
            )
        )


async def _audit_intent(
    parts: Parts, connection: AsyncConnection, asked: Asked, gathered: Gathered, planned: Planned, uid: str
) -> None:
    outcomes = [AuditOutcome.INTENT]
    if planned.plan.verdict is Verdict.ALLOWED:
        outcomes.append(AuditOutcome.ALLOWED)
    events = (
        trail.by_actor(
            asked.actor,
            trail.word(asked.mutation.action),
            outcome,
            correlation_id=asked.correlation_id,
            workflow_uid=uid,
            customers=[gathered.facts.customer_uid],
            rule=planned.decision.rules[0] if planned.decision.rules else None,
            policy_version=planned.decision.policy_version,
            detail={"planHash": planned.plan.hash},
        )
        for outcome in outcomes
    )
    await parts.audit.record(connection, *events)


@to_the_end
async def _keep_denial(parts: Parts, asked: Asked, planned: Planned) -> None:
    async with parts.database.transaction() as connection:
        await parts.decisions.store(
            connection,
            planned.request,
            planned.decision,
            workflow_uid=None,
            correlation_id=asked.correlation_id,
            at=now(),
        )


async def _refused(parts: Parts, asked: Asked, refusals: tuple[Refusal, ...]) -> Requested:
    await _audit_refusal(parts, asked, refusals)
    return Requested(workflow=None, idempotency=IdempotencyOutcome.REFUSED, refusals=refusals)


@to_the_end
async def audit_refusal(
    parts: Parts,
    actor: Actor,
    action: GovernedAction,
    refusals: Sequence[Refusal],
    correlation_id: str,
    customer_uid: str | None = None,
) -> None:
    """Put on record that something was refused, and by which rules."""
    event = trail.turned_away(
        actor,
        trail.word(action),
        refusals,
        correlation_id=correlation_id,
        policy_version=parts.policy.version,
        customers=[customer_uid],
    )
    async with parts.database.transaction() as connection:
        await parts.audit.record(connection, event)


async def _audit_refusal(parts: Parts, asked: Asked, refusals: tuple[Refusal, ...]) -> None:
    customer = getattr(asked.command, "customer_uid", None)
    action = asked.mutation.action
    await audit_refusal(parts, asked.actor, action, refusals, asked.correlation_id, customer)
