"""How a workflow's row changes: by compare-and-set, so that two never both win."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.seams import now
from mutations.governance.tables import workflows
from mutations.governance.workflow import TRANSITIONS, WorkflowStatus


async def moved(
    connection: AsyncConnection,
    uid: str,
    to: WorkflowStatus,
    *,
    since: Iterable[WorkflowStatus] = WorkflowStatus,
    run: int | None = None,
    plan_hash: str | None = None,
    **values: Any,
) -> bool:
    """Bring a workflow from one of the states that may come before into another; False where it is in none of them.

    `run`: only while this drive is the one that may write. `plan_hash`: only while this is its plan.
    """
    before = [state.value for state in since if to in TRANSITIONS[state]]
    change = update(workflows).where(workflows.c.uid == uid, workflows.c.status.in_(before))
    if run is not None:
        change = change.where(workflows.c.run_number == run)
    if plan_hash is not None:
        change = change.where(workflows.c.plan_hash == plan_hash)
    fresh = {"look_at": None, "looks": 0, "updated_at": now(), "version": workflows.c.version + 1}
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
