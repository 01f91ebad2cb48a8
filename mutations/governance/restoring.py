"""After a restore from a backup: what went on since then is not in the database, but it is at the vendors.

Whatever was not at its end may have been approved, run, undone or finished after the backup was made. So nothing of it
is taken as not done: every step that the backup does not know as done is looked for before it is ever sent.
"""

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, trail
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.recording import record
from mutations.governance.engine import restoring
from mutations.governance.seams import encoded, now
from mutations.governance.store import moved
from mutations.governance.tables import workflow_steps, workflows
from mutations.governance.workflow import FINAL, StepStatus, WorkflowFailure, WorkflowStatus
from sources.database import Database, to_the_end

S = WorkflowStatus
GOING = (S.APPROVED, S.RUNNING, S.COMPENSATING)
NOT_KNOWN_AS_DONE = (StepStatus.PENDING.value, StepStatus.RUNNING.value, StepStatus.FAILED.value)
WHY = WorkflowFailure(
    step="",
    system="",
    code="RESTORED",
    message="the database was restored from a backup: what was done since is asked of the vendors",
    retryable=True,
)


@to_the_end
async def restored(database: Database) -> int:
    """Doubt what is not at its end; gives how many workflows are OUTCOME_UNKNOWN by it. No gateway may be running."""
    await restoring.restored(database)
    async with database.transaction() as connection:
        query = select(workflows).where(workflows.c.status.not_in([state.value for state in FINAL]))
        rows = (await connection.execute(query)).mappings().all()
        for row in rows:
            await _doubt_steps(connection, row)
        going = [row for row in rows if WorkflowStatus(row["status"]) in GOING]
        for row in going:
            await _doubt(connection, row)
    return len(going)


async def _doubt_steps(connection: AsyncConnection, row: RowMapping) -> None:
    """A vendor's time limit counts from now: that it was sent after the backup, and when, nobody knows."""
    doubted = (
        (workflow_steps.c.workflow_uid == row["uid"])
        & (workflow_steps.c.role == "do")
        & workflow_steps.c.status.in_(NOT_KNOWN_AS_DONE)
    )
    await connection.execute(
        update(workflow_steps)
        .where(doubted, workflow_steps.c.started_at.is_(None))
        .values(started_at=row["requested_at"])
    )
    fresh = {"status": StepStatus.UNKNOWN.value, "key_spent": True, "last_sent_at": now(), "error_code": WHY.code}
    await connection.execute(update(workflow_steps).where(doubted).values(**fresh))


async def _doubt(connection: AsyncConnection, row: RowMapping) -> None:
    uid = row["uid"]
    if row["target_uid"] is not None:  # it only ever begins another's drive, and that one is doubted itself
        return
    if row["status"] == S.APPROVED.value:
        await moved(connection, uid, S.RUNNING)
    number = row["run_number"] + 1
    await moved(connection, uid, S.OUTCOME_UNKNOWN, run_number=number, failure=encoded(WHY), look_at=now())
    await record(connection, _event(row))
    await alerting.reached(connection, row, S.OUTCOME_UNKNOWN, WHY)


def _event(row: RowMapping) -> Event:
    return trail.by_system(row, AuditOutcome.UNKNOWN, rule="workflow.restored")
