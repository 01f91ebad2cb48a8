"""Hands a workflow's drive to the engine. What is lost on the way is found by the sweep: submitting is idempotent."""

from typing import Literal

import structlog
from sqlalchemy import update

from mutations.governance import continuing
from mutations.governance.engine.port import Run
from mutations.governance.records import workflow_row
from mutations.governance.seams import Parts
from mutations.governance.tables import workflows
from sources.database import to_the_end

log = structlog.get_logger(__name__)


async def submit(parts: Parts, uid: str) -> None:
    """Have the engine take the newest drive of a workflow, if it has not."""
    async with parts.database.reading() as connection:
        row = await workflow_row(connection, uid)
    if row is None or row["submitted"] >= row["run_number"]:
        return
    if row["target_uid"] is not None:
        if (target := await continuing.begin(parts, uid)) is not None:
            parts.hub.tell(target)
            await submit(parts, target)
        return
    direction: Literal["forward", "back"] = "back" if row["run_direction"] == "back" else "forward"
    try:
        await parts.engine.submit(Run(workflow_uid=uid, number=row["run_number"], direction=direction))
    except Exception as error:  # what was asked for is durable, and the sweep submits it again
        log.warning("not_submitted", workflow=uid, error=type(error).__name__)
        return
    await _submitted(parts, uid, row["run_number"])


@to_the_end
async def _submitted(parts: Parts, uid: str, number: int) -> None:
    async with parts.database.transaction() as connection:
        newest = (workflows.c.uid == uid) & (workflows.c.submitted < number)
        await connection.execute(update(workflows).where(newest).values(submitted=number))
