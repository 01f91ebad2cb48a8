"""After a restore from a backup: what ran then may have gone on since, and nobody knows how far."""

from collections.abc import Sequence

from sqlalchemy import delete, update

from mutations.governance.engine.port import Run
from mutations.governance.engine.tables import database_now, executors, runs
from sources.database import Database, to_the_end


@to_the_end
async def restored(database: Database) -> Sequence[Run]:
    """Give up every run that was not at its end when the backup was made, and every lease; gives those runs.

    What they did after the backup is unknown, so none of them is ever taken up again. No gateway may be running.
    """
    given_up = (
        update(runs)
        .where(runs.c.ended_at.is_(None))
        .values(
            state="RESTORED",
            executor_id=None,
            fence=runs.c.fence + 1,
            touched_at=database_now(),
            ended_at=database_now(),
        )
        .returning(runs.c.workflow_uid, runs.c.number, runs.c.direction)
    )
    async with database.transaction() as connection:
        rows = (await connection.execute(given_up)).all()
        await connection.execute(delete(executors))
    return [Run(workflow_uid=row.workflow_uid, number=row.number, direction=row.direction) for row in rows]
