"""How a drive begins, turns back and ends: each in one transaction with its event, and with whom it alerts."""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, caches, driving, trail
from mutations.governance.alerts import AlertKind
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.driving import Drive, Effect
from mutations.governance.engine.port import LostLease, Run
from mutations.governance.mutation import StepRole
from mutations.governance.outcome import DONE, Outcome
from mutations.governance.pace import Pace
from mutations.governance.plan import PlannedStep
from mutations.governance.records import workflow_row
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import moved
from mutations.governance.sums import release
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflow_steps as steps
from mutations.governance.workflow import StepStatus, WorkflowFailure, WorkflowStatus
from sources.database import to_the_end
from sources.writing import ReceiptState

log = structlog.get_logger(__name__)
S = WorkflowStatus

AUDITED = {
    S.SETTLING: AuditOutcome.SUCCEEDED,
    S.SUCCEEDED: AuditOutcome.SUCCEEDED,
    S.FAILED: AuditOutcome.FAILED,
    S.COMPENSATED: AuditOutcome.COMPENSATED,
    S.OUTCOME_UNKNOWN: AuditOutcome.UNKNOWN,
    S.NEEDS_ATTENTION: AuditOutcome.FAILED,
}
UNSURE = (StepStatus.RUNNING.value, StepStatus.UNKNOWN.value)


@to_the_end
async def begin(drive: Drive) -> Outcome:
    """The workflow is under way, in the drive's direction; refused where it is elsewhere by now."""
    async with drive.parts.database.transaction() as connection:
        row = await driving.own_row(connection, drive)
        going = S.RUNNING if drive.run.direction == "forward" else S.COMPENSATING
        if row["status"] == going.value:
            return DONE
        since = [S.APPROVED, S.OUTCOME_UNKNOWN]
        if await moved(connection, drive.run.workflow_uid, going, since=since, run=drive.run.number):
            return DONE
    return Outcome("refused", code="WRONG_STATE")


@to_the_end
async def turn(drive: Drive, why: WorkflowFailure | None) -> Outcome:
    """Begin to undo; its code is FAILED where a vendor's record failed after all was done."""
    async with drive.parts.database.transaction() as connection:
        row = await driving.own_row(connection, drive)
        values: dict[str, Any] = {"failure": encoded(why)} if why else {}
        if row["status"] == S.COMPENSATING.value:
            return Outcome("done", code=await _late(drive, connection))
        if row["status"] == S.FAILED.value:  # the process ended before that was remembered
            return Outcome("refused")
        done = steps.c.status.in_([StepStatus.SUCCEEDED.value, *UNSURE]) & (steps.c.role == StepRole.DO.value)
        any_done = select(steps.c.name).where(steps.c.workflow_uid == drive.run.workflow_uid, done).limit(1)
        to = S.COMPENSATING if (await connection.execute(any_done)).first() else S.FAILED
        if to is S.COMPENSATING:
            values["run_direction"] = "back"
        if not await moved(connection, drive.run.workflow_uid, to, run=drive.run.number, **values):
            raise LostLease
        if to is S.FAILED:
            await release(connection, drive.run.workflow_uid, now())
            await _audit(drive, connection, row, S.FAILED, why.code if why else None)
            return Outcome("refused")
        return Outcome("done", code=await _late(drive, connection))


async def _late(drive: Drive, connection: AsyncConnection) -> str:
    failed = select(receipts.c.name).where(
        receipts.c.workflow_uid == drive.run.workflow_uid, receipts.c.state == ReceiptState.FAILED.value
    )
    return ReceiptState.FAILED.value if (await connection.execute(failed)).first() else ""


async def stands(drive: Drive, effect: Effect) -> Outcome:
    """Where a step stands, as the outcome's code; FAILED too where the vendor's record failed later on."""
    async with drive.parts.database.reading() as connection:
        row = await driving.step_row(connection, drive.run.workflow_uid, effect.name)
        told = (await driving.receipts_of(connection, drive.run.workflow_uid)).get(effect.name)
    if told is not None and told.state is ReceiptState.FAILED:
        return Outcome("done", code=StepStatus.FAILED.value)
    return Outcome("done", code=row["status"] if row is not None else StepStatus.PENDING.value)


@to_the_end
async def left_out(drive: Drive, effect: Effect, told: Outcome) -> Outcome:
    """A step that was not needed has failed: a person is told, and it goes on."""
    async with drive.parts.database.transaction() as connection:
        row = await driving.own_row(connection, drive)
        kind, why = AlertKind.STEP_LEFT_OUT, failure_of(effect.step, told)
        await alerting.of(connection, row, kind, why, occasion=effect.step.name)
    return DONE


async def forget(drive: Drive) -> Outcome:
    """What the caches know may be other than before."""
    parts = drive.parts
    async with parts.database.reading() as connection:
        row = await driving.own_row(connection, drive)
        told = await driving.receipts_of(connection, drive.run.workflow_uid)
    await caches.forget(parts, drive.mutation, row, told)
    return DONE


@to_the_end
async def settled(drive: Drive) -> Outcome:
    """All steps are done: SUCCEEDED where every vendor's state is final, else SETTLING."""
    async with drive.parts.database.transaction() as connection:
        row = await driving.own_row(connection, drive)
        if row["status"] in (S.SETTLING.value, S.SUCCEEDED.value):
            return DONE
        if code := await _late(drive, connection):
            return Outcome("refused", code=f"RECORD_{code}", message="it was accepted, and failed afterwards")
        open_ones = select(receipts.c.name).where(
            receipts.c.workflow_uid == drive.run.workflow_uid, receipts.c.settled.is_(False)
        )
        to = S.SETTLING if (await connection.execute(open_ones)).first() else S.SUCCEEDED
        if not await moved(connection, drive.run.workflow_uid, to, run=drive.run.number, failure=None):
            raise LostLease
        await _audit(drive, connection, row, to)
    return DONE


@to_the_end
async def ended(drive: Drive, to: WorkflowStatus, why: WorkflowFailure | None) -> Outcome:
    """The drive is at its end, and the workflow in this state."""
    async with drive.parts.database.transaction() as connection:
        row = await driving.own_row(connection, drive)
        if row["status"] == to.value:
            return DONE
        values: dict[str, Any] = {"failure": encoded(why)} if why else {}
        if to is S.OUTCOME_UNKNOWN:
            values["look_at"] = now() + backoff(drive.parts.pace, row["looks"])
        if not await moved(connection, drive.run.workflow_uid, to, run=drive.run.number, **values):
            raise LostLease
        if to is S.COMPENSATED:
            await release(connection, drive.run.workflow_uid, now())
        await _audit(drive, connection, row, to, why.code if why else None)
        await alerting.reached(connection, row, to, why)
    return DONE


async def _audit(
    drive: Drive,
    connection: AsyncConnection,
    row: RowMapping,
    to: WorkflowStatus,
    rule: str | None = None,
) -> None:
    event = trail.by_system(row, AUDITED[to], rule=rule, detail={"status": to.value})
    await drive.parts.audit.record(connection, event)


def failure_of(step: PlannedStep, told: Outcome) -> WorkflowFailure:
    """Why a step stopped the workflow."""
    return WorkflowFailure(
        step=step.name,
        system=step.system,
        code=told.code or "OUTCOME_UNKNOWN",
        message=told.message or "no answer tells whether it was done",
        retryable=told.retryable or told.kind == "unknown",
    )


def backoff(pace: Pace, looks: int) -> timedelta:
    """How long it takes until a vendor that does not tell is asked again."""
    return timedelta(seconds=min(pace.longest_unknown, pace.unknown * 2.0 ** min(looks, 16)))


async def parked(parts: Parts, run: Run, reason: str) -> None:
    """The engine has given a drive up: a step of which nobody knows is asked for again; else a person looks."""
    await _parked(parts, run, reason)
    parts.hub.tell(run.workflow_uid)


@to_the_end
async def _parked(parts: Parts, run: Run, reason: str) -> None:
    async with parts.database.transaction() as connection:
        row = await workflow_row(connection, run.workflow_uid)
        if row is None or row["run_number"] != run.number:
            return
        unsure = (steps.c.workflow_uid == run.workflow_uid) & steps.c.status.in_(UNSURE)
        doubt = (await connection.execute(select(steps.c.name, steps.c.system).where(unsure))).first()
        to = S.OUTCOME_UNKNOWN if doubt else S.NEEDS_ATTENTION
        step, system = (doubt[0], doubt[1]) if doubt else ("", "")
        message = "the drive failed again and again"
        why = WorkflowFailure(step=step, system=system, code=reason, message=message, retryable=True)
        look_at = now() + backoff(parts.pace, row["looks"]) if doubt else None
        if await moved(connection, row["uid"], to, run=run.number, failure=encoded(why), look_at=look_at):
            await parts.audit.record(connection, trail.by_system(row, AUDITED[to], rule=reason))
            await alerting.reached(connection, row, to, why)
