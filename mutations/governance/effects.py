"""The row of a step as it is carried out: begun, sent, and what came of it, each in one transaction with its event.

Every write is a compare-and-set on the drive that may write and on the attempt that was begun, so that a process that
was taken for dead and wakes up writes nothing.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import CursorResult, RowMapping, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import trail
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.driving import Drive, Effect, call_for, own_row, receipts_of, step_row
from mutations.governance.engine.port import LostLease
from mutations.governance.mutation import Call, StepRole
from mutations.governance.outcome import DONE, Outcome
from mutations.governance.plan import PlannedStep
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import touched
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflow_steps as steps
from mutations.governance.workflow import StepStatus, WorkflowStatus
from sources.database import to_the_end
from sources.systems import System
from sources.writing import Receipt, ReceiptState

NOT_DONE = "NOT_DONE"  # the code of what was sent and surely was not done
IN_DRIVE = {
    StepRole.DO: WorkflowStatus.RUNNING,
    StepRole.UNDO: WorkflowStatus.COMPENSATING,
    StepRole.LATE_UNDO: WorkflowStatus.COMPENSATING,
}


class Begun(msgspec.Struct, frozen=True):
    """A sending that is about to be made: the call, and which attempt it is."""

    call: Call
    attempt: int
    in_doubt: bool  # an earlier sending may have been done, and nobody knows


@to_the_end
async def begin(drive: Drive, effect: Effect, system: System, *, resend: bool) -> Begun | Outcome:
    """Note, before anything is sent, that it is about to be; or say why nothing is to be sent.

    The taking back is registered here too. A row that says RUNNING was left by a crash: nobody knows.
    """
    async with drive.parts.database.transaction() as connection:
        workflow = await own_row(connection, drive)
        if workflow["status"] != IN_DRIVE[effect.role].value:
            raise LostLease
        row = await _registered(connection, drive, effect)
        status = StepStatus(row["status"])
        if status is StepStatus.SUCCEEDED:
            return DONE
        if status is StepStatus.RUNNING:
            await _doubt(
                connection, drive, effect, workflow, "SOURCE_UNAVAILABLE", "the process ended while it was sent"
            )
            return Outcome("unknown")
        if status is StepStatus.UNKNOWN and not resend:
            return Outcome("unknown")
        return await _begun(connection, drive, effect, workflow, row, system)


async def _registered(connection: AsyncConnection, drive: Drive, effect: Effect) -> RowMapping:
    uid = drive.run.workflow_uid
    row = await step_row(connection, uid, effect.name)
    if row is None:
        await _register(connection, drive, effect.step, effect.role)
        row = await step_row(connection, uid, effect.name)
    if row is None:
        raise LostLease
    return row


async def _register(connection: AsyncConnection, drive: Drive, step: PlannedStep, role: StepRole) -> None:
    offset = {StepRole.DO: 0, StepRole.UNDO: 100, StepRole.LATE_UNDO: 200}[role]
    at = next(i for i, each in enumerate(drive.plan.steps) if each.name == step.name)
    position = offset + (at if role is StepRole.DO else len(drive.plan.steps) - at)  # undone in reverse
    await connection.execute(
        insert(steps).values(
            workflow_uid=drive.run.workflow_uid,
            name=role.name_of(step.name),
            step=step.name,
            role=role.value,
            position=position,
            system=step.system,
            source_uid=step.source,
            status=StepStatus.PENDING.value,
            attempts=0,
            generation=1,
            key_spent=False,
        )
    )


async def _begun(
    connection: AsyncConnection,
    drive: Drive,
    effect: Effect,
    workflow: RowMapping,
    row: RowMapping,
    system: System,
) -> Begun:
    uid, at = drive.run.workflow_uid, now()
    sent = {
        "status": StepStatus.RUNNING.value,
        "attempts": row["attempts"] + 1,
        "started_at": row["started_at"] or at,
        "key_sent_at": row["key_sent_at"] or at,
        "last_sent_at": at,
        "finished_at": None,
    }
    await _set(connection, uid, effect.name, row["attempts"], **sent)
    undoing = StepRole.UNDO.name_of(effect.step.name)
    if effect.role is StepRole.DO and effect.kind.undo and await step_row(connection, uid, undoing) is None:
        await _register(connection, drive, effect.step, StepRole.UNDO)
    await touched(connection, uid)
    intent = trail.by_system(workflow, AuditOutcome.INTENT, step=effect.name, system=effect.step.system)
    await drive.parts.audit.record(connection, intent)
    told = await receipts_of(connection, uid)
    call = call_for(drive, effect, {**row, **sent}, told, system)
    return Begun(call, row["attempts"] + 1, in_doubt=row["status"] == StepStatus.UNKNOWN.value)


async def _set(connection: AsyncConnection, uid: str, name: str, attempt: int, **values: Any) -> None:
    """Change a step's row while it is at this attempt. Raises LostLease."""
    same = (steps.c.workflow_uid == uid) & (steps.c.name == name) & (steps.c.attempts == attempt)
    done: CursorResult[Any] = await connection.execute(update(steps).where(same).values(**values))
    if done.rowcount != 1:
        raise LostLease


@to_the_end
async def record(drive: Drive, effect: Effect, attempt: int, told: Receipt | Outcome) -> Outcome:
    """Keep what came of a sending or of a look, with its event. Raises LostLease where another drive went on."""
    async with drive.parts.database.transaction() as connection:
        workflow = await own_row(connection, drive)
        row = await step_row(connection, drive.run.workflow_uid, effect.name)
        if row is None or row["attempts"] != attempt or row["status"] not in ("RUNNING", "UNKNOWN"):
            raise LostLease
        if isinstance(told, Receipt):
            if told.state is ReceiptState.FAILED or (told.state is ReceiptState.UNDONE and effect.role is StepRole.DO):
                told = Outcome("refused", code=f"RECORD_{told.state.value}", message=told.reason or "taken back there")
            else:
                await _succeeded(connection, drive, effect, workflow, attempt, told)
                return DONE
        if told.kind == "unknown":
            await _doubt(connection, drive, effect, workflow, told.code, told.message, key_spent=told.key_spent)
        else:
            await _failed(connection, drive, effect, workflow, attempt, told)
    return told


async def _succeeded(
    connection: AsyncConnection,
    drive: Drive,
    effect: Effect,
    workflow: RowMapping,
    attempt: int,
    receipt: Receipt,
) -> None:
    uid, at = drive.run.workflow_uid, now()
    done = {"status": StepStatus.SUCCEEDED.value, "finished_at": at, "error": None, "error_code": None}
    await _set(connection, uid, effect.name, attempt, **done)
    if effect.role is not StepRole.DO:
        undone = (steps.c.workflow_uid == uid) & (steps.c.name == effect.step.name)
        await connection.execute(update(steps).where(undone).values(status=StepStatus.COMPENSATED.value))
    await keep_receipt(connection, drive.parts, uid, effect, receipt, at)
    await touched(connection, uid)
    outcome = AuditOutcome.SUCCEEDED if effect.role is StepRole.DO else AuditOutcome.COMPENSATED
    event = trail.by_system(
        workflow, outcome, step=effect.name, system=effect.step.system, external_id=receipt.record_id
    )
    await drive.parts.audit.record(connection, event)


async def keep_receipt(
    connection: AsyncConnection, parts: Parts, uid: str, effect: Effect, receipt: Receipt, at: datetime
) -> None:
    """Keep what a vendor said, in place of what it said before; what is PENDING is asked for again."""
    pending = receipt.state is ReceiptState.PENDING and effect.kind.settle is not None
    same = (receipts.c.workflow_uid == uid) & (receipts.c.name == effect.name)
    await connection.execute(delete(receipts).where(same))
    await connection.execute(
        insert(receipts).values(
            workflow_uid=uid,
            name=effect.name,
            source_uid=effect.step.source,
            record_id=receipt.record_id,
            state=receipt.state.value,
            receipt=encoded(receipt),
            at=at,
            settled=not pending,
            next_ask_at=at + timedelta(seconds=parts.pace.settle) if pending else None,
            asks=0,
        )
    )


async def _failed(
    connection: AsyncConnection, drive: Drive, effect: Effect, workflow: RowMapping, attempt: int, told: Outcome
) -> None:
    values = {"status": StepStatus.FAILED.value, "finished_at": now(), "error": told.message, "error_code": told.code}
    # A vendor may answer the same key with the same refusal for ever: what a replay sends has another.
    fresh = {"generation": steps.c.generation + 1, "key_spent": False, "key_sent_at": None}
    done_with_key = told.kind == "refused" or told.code == NOT_DONE
    await _set(connection, drive.run.workflow_uid, effect.name, attempt, **values, **(fresh if done_with_key else {}))
    await touched(connection, drive.run.workflow_uid)
    event = trail.by_system(workflow, AuditOutcome.FAILED, step=effect.name, system=effect.step.system, rule=told.code)
    await drive.parts.audit.record(connection, event)


async def _doubt(
    connection: AsyncConnection,
    drive: Drive,
    effect: Effect,
    workflow: RowMapping,
    code: str,
    message: str,
    *,
    key_spent: bool = False,
) -> None:
    """It was sent, and nobody knows."""
    same = (steps.c.workflow_uid == drive.run.workflow_uid) & (steps.c.name == effect.name)
    values: dict[str, Any] = {"status": StepStatus.UNKNOWN.value, "error": message, "error_code": code}
    await connection.execute(update(steps).where(same).values(**values, **({"key_spent": True} if key_spent else {})))
    await touched(connection, drive.run.workflow_uid)
    event = trail.by_system(workflow, AuditOutcome.UNKNOWN, step=effect.name, system=effect.step.system, rule=code)
    await drive.parts.audit.record(connection, event)


@to_the_end
async def refuse_unsent(drive: Drive, effect: Effect, told: Outcome) -> Outcome:
    """It may not even be sent: the system is switched off, or gone from the configuration. A doubt stays a doubt."""
    async with drive.parts.database.transaction() as connection:
        workflow = await own_row(connection, drive)
        row = await _registered(connection, drive, effect)
        if row["status"] in (StepStatus.UNKNOWN.value, StepStatus.RUNNING.value):
            return Outcome("unknown", code=told.code, message=told.message)
        if row["status"] == StepStatus.SUCCEEDED.value:
            return DONE
        await _failed(connection, drive, effect, workflow, row["attempts"], told)
    return told


@to_the_end
async def not_done(drive: Drive, effect: Effect, attempt: int) -> Outcome:
    """It was looked for twice, late enough: it was not done. What is sent next has a key of its own."""
    async with drive.parts.database.transaction() as connection:
        workflow = await own_row(connection, drive)
        row = await step_row(connection, drive.run.workflow_uid, effect.name)
        if row is None or row["attempts"] != attempt or row["status"] != StepStatus.UNKNOWN.value:
            raise LostLease
        told = Outcome("again", code=NOT_DONE, message="it was sent, and was not done", retryable=True)
        await _failed(connection, drive, effect, workflow, attempt, told)
    return told
