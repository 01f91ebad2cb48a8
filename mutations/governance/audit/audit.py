"""The audit log of one gateway: recording, the chain, its checkpoints, reading."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.chaining import HeadMoved, chain_batch, head_of, take_turn
from mutations.governance.audit.checkpointing import Checkpoints
from mutations.governance.audit.events import Event
from mutations.governance.audit.log import AuditLog
from mutations.governance.audit.reads import ReadLog
from mutations.governance.audit.recording import record
from mutations.governance.audit.tables import audit_pending
from sources.database import Database, to_the_end
from sources.prepared import Prepared

PENDING = Prepared(select(audit_pending.c.event_uid).limit(1))
CHAIN_SECONDS = 1.0  # from its record an event waits so long for its place, with all that came meanwhile

log = structlog.get_logger("audit")


class Audit:
    """Everything of the audit log. Without `checkpoints` it is chained, and nothing signs for it."""

    def __init__(self, database: Database, checkpoints: Checkpoints | None = None) -> None:
        self.log = AuditLog(database)
        self.reads = ReadLog(database)
        self._database = database
        self._checkpoints = checkpoints

    async def record(self, connection: AsyncConnection, *events: Event) -> None:
        """Record events in the caller's transaction."""
        await record(connection, *events)

    @to_the_end
    async def write(self, *events: Event) -> None:
        """Record events in a transaction of their own."""
        async with self._database.transaction() as connection:
            await record(connection, *events)

    async def catch_up(self, *, checkpoint: bool = False) -> None:
        """Chain all that is pending, whoever else does. `checkpoint`: make one at once."""
        while await self._is_pending():
            await self._turn(wait=True)
        if checkpoint:
            await self._turn(wait=True, checkpoint=True)
        await self._deliver()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The sequencer runs meanwhile; at the end, what is pending is chained."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.reads.close()
            try:
                await self.catch_up()
            except (SQLAlchemyError, OSError, HeadMoved) as error:
                log.error("the rest of the audit log is chained at the next start", error=type(error).__name__)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(CHAIN_SECONDS)
            try:
                await self._chain()
            except (SQLAlchemyError, OSError, HeadMoved) as error:
                log.error("the audit log could not be chained; it is tried again", error=type(error).__name__)

    async def _chain(self) -> None:
        while await self._is_pending() or await self._checkpoint_is_due():
            if not await self._turn():  # another process does it
                break
        await self._deliver()

    async def _is_pending(self) -> bool:
        return bool(await self._database.ask(lambda rows: rows(PENDING)))

    async def _checkpoint_is_due(self) -> bool:
        if self._checkpoints is None:
            return False
        async with self._database.reading() as connection:
            return await self._checkpoints.is_due(connection, await head_of(connection))

    @to_the_end
    async def _turn(self, *, wait: bool = False, checkpoint: bool = False) -> bool:
        """Chain a batch, and make a checkpoint where one is due; False where it is another process's turn."""
        async with self._database.transaction() as connection:
            if not await take_turn(connection, wait=wait):
                return False
            head = await chain_batch(connection, await head_of(connection))
            if self._checkpoints is not None and (checkpoint or await self._checkpoints.is_due(connection, head)):
                await self._checkpoints.make(connection, head)
        return True

    async def _deliver(self) -> None:
        if self._checkpoints is not None:
            await self._checkpoints.deliver(self._database)
