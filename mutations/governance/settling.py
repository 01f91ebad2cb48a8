"""Asks vendors whether what they accepted is final. SUCCEEDED is said when all of it is; what failed is taken back."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, caches, driving, effects, submitting, trail
from mutations.governance.alerts import AlertKind
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.driving import Drive, Effect
from mutations.governance.engine.port import Run
from mutations.governance.outcome import of_exception
from mutations.governance.records import decode_plan, decode_receipt, workflow_row
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import locked, moved, touched
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflows
from mutations.governance.workflow import WorkflowFailure, WorkflowStatus
from sources.database import to_the_end
from sources.wire.correlation import correlation_id
from sources.wire.deadline import Deadline, within
from sources.wire.spending import Spending, counted
from sources.writing import Receipt, ReceiptState

log = structlog.get_logger(__name__)
S = WorkflowStatus
ASKED_IN = (S.SETTLING, S.NEEDS_ATTENTION, S.OUTCOME_UNKNOWN)  # not while a drive runs: it would not know


async def settle(parts: Parts) -> int:
    """Ask for what is not final and due; gives how many were asked for."""
    due = (
        select(receipts.c.workflow_uid, receipts.c.name)
        .join(workflows, workflows.c.uid == receipts.c.workflow_uid)
        .where(receipts.c.settled.is_(False), receipts.c.next_ask_at <= now())
        .where(workflows.c.status.in_([state.value for state in ASKED_IN]))
        .order_by(receipts.c.next_ask_at)
        .limit(parts.pace.settle_batch)
    )
    async with parts.database.reading() as connection:
        found = (await connection.execute(due)).all()
    for uid, name in found:
        await _ask(parts, uid, name)
    return len(found)


async def _ask(parts: Parts, uid: str, name: str) -> None:
    await _put_off(parts, uid, name)
    async with parts.database.reading() as connection:
        row = await workflow_row(connection, uid)
        told = await driving.receipts_of(connection, uid)
        step = await driving.step_row(connection, uid, name)
    if row is None or step is None or name not in told:
        return
    drive = _drive(parts, row)
    planned = next(each for each in drive.plan.steps if each.name == name)
    effect = drive.effect(planned)
    answer = await _answer(drive, effect, step, told)
    if answer is None or answer.state is ReceiptState.PENDING:
        return
    await caches.forget(parts, drive.mutation, row, {**told, name: answer})
    if await _settled(drive, effect, answer):
        await submitting.submit(parts, uid)
    parts.hub.tell(uid)


def _drive(parts: Parts, row: RowMapping) -> Drive:
    return Drive(
        parts=parts,
        run=Run(workflow_uid=row["uid"], number=row["run_number"], direction="forward"),
        mutation=parts.mutation(row["action"]),
        plan=decode_plan(row["plan"]),
        correlation_id=row["correlation_id"],
        requester=row["requester"],
    )


async def _answer(drive: Drive, effect: Effect, step: RowMapping, told: dict[str, Receipt]) -> Receipt | None:
    """How it stands now; None where nobody tells."""
    system, ask = driving.system_of(drive, effect), effect.kind.settle
    if system is None or ask is None:
        return None
    seconds = effect.kind.deadline_seconds
    correlation_id.set(drive.correlation_id)
    try:
        with within(Deadline(seconds)), counted(Spending()):
            async with asyncio.timeout(seconds + drive.parts.pace.call_grace):
                return await ask(driving.call_for(drive, effect, step, told, system), told[effect.name])
    except Exception as error:  # it is asked again, ever more rarely
        log.warning("not_settled", step=effect.name, code=of_exception(error).code, error=type(error).__name__)
        return None


@to_the_end
async def _put_off(parts: Parts, uid: str, name: str) -> None:
    """When it is asked again, whatever comes of it this time."""
    same = (receipts.c.workflow_uid == uid) & (receipts.c.name == name)
    async with parts.database.transaction() as connection:
        asks = (await connection.execute(select(receipts.c.asks).where(same))).scalar_one()
        seconds = min(parts.pace.longest_settle, parts.pace.settle * 2.0 ** min(asks + 1, 16))
        later = now() + timedelta(seconds=seconds)
        await connection.execute(update(receipts).where(same).values(asks=asks + 1, next_ask_at=later))


@to_the_end
async def _settled(drive: Drive, effect: Effect, answer: Receipt) -> bool:
    """Keep a final answer; True where a drive begins that takes back what was built on it."""
    uid = drive.run.workflow_uid
    async with drive.parts.database.transaction() as connection:
        row = await locked(connection, uid)
        if row["run_number"] != drive.run.number or S(row["status"]) not in ASKED_IN:
            return False
        before = decode_receipt(await _receipt(connection, uid, effect.name))
        if before.state is not ReceiptState.PENDING:
            return False
        await effects.keep_receipt(connection, drive.parts, uid, effect, answer, now())
        failed = answer.state is ReceiptState.FAILED
        event = trail.by_system(
            row,
            AuditOutcome.FAILED if failed else AuditOutcome.SUCCEEDED,
            step=f"{effect.name}.settle",
            system=effect.step.system,
            external_id=answer.record_id,
            rule=answer.reason,
        )
        await drive.parts.audit.record(connection, event)
        if failed:
            return await _taken_back(connection, drive, effect, row, answer)
        await _succeeded(connection, drive, row)
    return False


async def _receipt(connection: AsyncConnection, uid: str, name: str) -> str:
    same = (receipts.c.workflow_uid == uid) & (receipts.c.name == name)
    return str((await connection.execute(select(receipts.c.receipt).where(same))).scalar_one())


async def _taken_back(
    connection: AsyncConnection, drive: Drive, effect: Effect, row: RowMapping, answer: Receipt
) -> bool:
    message = "it was accepted, and failed afterwards"
    code = "RECORD_FAILED"
    why = WorkflowFailure(step=effect.name, system=effect.step.system, code=code, message=message, retryable=False)
    number = row["run_number"] + 1
    begun = await moved(
        connection,
        row["uid"],
        S.COMPENSATING,
        run=row["run_number"],
        run_number=number,
        run_direction="back",
        failure=encoded(why),
    )
    await alerting.of(connection, row, AlertKind.SETTLEMENT_FAILED, why, occasion=effect.name)
    return begun


async def _succeeded(connection: AsyncConnection, drive: Drive, row: RowMapping) -> None:
    """Where nothing is open any more, it has succeeded."""
    uid = row["uid"]
    still_open = select(receipts.c.name).where(receipts.c.workflow_uid == uid, receipts.c.settled.is_(False))
    if row["status"] != S.SETTLING.value or (await connection.execute(still_open)).first():
        await touched(connection, uid)
        return
    if await moved(connection, uid, S.SUCCEEDED, since=(S.SETTLING,), failure=None):
        event = trail.by_system(row, AuditOutcome.SUCCEEDED, detail={"status": S.SUCCEEDED.value})
        await drive.parts.audit.record(connection, event)
