"""How a workflow's row changes: by compare-and-set, so that two never both win."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.refusals import RefusalCode, Refused, refused
from mutations.governance.seams import now
from mutations.governance.tables import workflows
from mutations.governance.workflow import TRANSITIONS, WorkflowStatus


async def locked(connection: AsyncConnection, uid: str) -> RowMapping:
    """A workflow's row, which nobody else changes until the transaction ends. Raises Refused where there is none."""
    query = select(workflows).where(workflows.c.uid == uid).with_for_update()
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise refused(RefusalCode.PRECONDITION_FAILED, "there is no such workflow", rule="workflow.unknown", field="id")
    return row


def wrong_state(row: RowMapping) -> Refused:
    message = f"it is {row['status']}: that is no longer possible"
    return refused(RefusalCode.WRONG_STATE, message, rule="workflow.state")


async def moved(
    connection: AsyncConnection,
    uid: str,
    to: WorkflowStatus,
    *conditions: ColumnElement[bool],
    since: Iterable[WorkflowStatus] = WorkflowStatus,
    run: int | None = None,
    plan_hash: str | None = None,
    **values: Any,
) -> bool:
    """Bring a workflow from one of the states that may come before into another; False where it is in none of them.

    `conditions`: more of what must hold. `run`: only while this drive is the one that may write. `plan_hash`: only
    while this is its plan.
    """
    before = [state.value for state in since if to in TRANSITIONS[state]]
    change = update(workflows).where(workflows.c.uid == uid, workflows.c.status.in_(before), *conditions)
    if run is not None:
        change = change.where(workflows.c.run_number == run)
    if plan_hash is not None:
        change = change.where(workflows.c.plan_hash == plan_hash)
    fresh = {"look_at": None, "updated_at": now(), "version": workflows.c.version + 1}
    done: CursorResult[Any] = await connection.execute(change.values(status=to.value, **{**fresh, **values}))
    return done.rowcount == 1


async def touched(connection: AsyncConnection, uid: str, *, run: int | None = None, **values: Any) -> bool:
    """Note a change that leaves the state as it is; False where another drive is the one that may write."""
    change = update(workflows).where(workflows.c.uid == uid)
    if run is not None:
        change = change.where(workflows.c.run_number == run)
    counted = change.values(updated_at=now(), version=workflows.c.version + 1, **values)
    done: CursorResult[Any] = await connection.execute(counted)
    return done.rowcount == 1
