"""Waiting for the durable engine."""

import asyncio

from sqlalchemy import func, select

from mutations.governance.engine.tables import runs
from sources.database import Database

POLL_SECONDS = 0.02


async def ended(database: Database, workflow_uid: str | None = None, seconds: float = 20.0) -> None:
    """Return once no run (of that workflow) is under way or waits. Raises TimeoutError."""
    under_way = select(func.count()).select_from(runs).where(runs.c.ended_at.is_(None))
    if workflow_uid is not None:
        under_way = under_way.where(runs.c.workflow_uid == workflow_uid)
    async with asyncio.timeout(seconds):
        while True:
            async with database.reading() as connection:
                if not (await connection.execute(under_way)).scalar_one():
                    return
            await asyncio.sleep(POLL_SECONDS)
