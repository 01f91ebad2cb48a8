"""Opens the engine of a process, its tables in their newest form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mutations.governance.engine.engine import LeasedEngine
from mutations.governance.engine.migrations import migrate
from mutations.governance.engine.port import Engine
from mutations.governance.engine.system_database import system_database_url
from sources.database import Database

DRAIN_SECONDS = 20.0  # below the 30 s that orchestrators give a process to end


@asynccontextmanager
async def open_engine(
    database: Database, database_url: str, *, drain_seconds: float = DRAIN_SECONDS
) -> AsyncIterator[Engine]:
    """An engine over the gateway's database, for `Engine.open`; closed with a drain at the end of the block.

    `database_url`: the same database, for dbos's own connections.
    """
    await migrate(database)
    engine = LeasedEngine(database, system_database_url(database_url))
    try:
        yield engine
    finally:
        await engine.close(drain_seconds)


async def migrate_engine(database: Database, database_url: str) -> None:
    """Bring the engine's tables and dbos's to their newest form, ahead of a rollout or by a role that may."""
    await migrate(database)
    from mutations.governance.engine import dbos_engine  # as late as the engine itself does

    await asyncio.to_thread(dbos_engine.migrate, system_database_url(database_url))
