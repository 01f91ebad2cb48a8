"""Making checkpoints, and bringing them where who runs the database cannot change them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.chaining import Head
from mutations.governance.audit.checkpoint_file import CheckpointFile
from mutations.governance.audit.checkpoints import checkpoint_of
from mutations.governance.audit.notes import BadNote, Signer, read_notes
from mutations.governance.audit.tables import audit_checkpoints
from sources.database import Database

Publish = Callable[[str], Awaitable[None]]
"""Brings a checkpoint (a signed note) out of the house; raises where it did not arrive."""

log = structlog.get_logger("audit")


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often a checkpoint is made while events come: after so many, or so long after the first of them."""

    events: int = 1000
    seconds: float = 60.0


class Checkpoints:
    """The checkpoints of one log."""

    def __init__(
        self,
        tenant: str,
        signer: Signer,
        *,
        pace: Pace,
        file: CheckpointFile | None = None,
        publish: Publish | None = None,
    ) -> None:
        self.signer = signer
        self._tenant = tenant
        self._pace = pace
        self._file = file
        self._publish = publish
        self._delivered: int | None = None  # the size of the last one that is in the file
        self._made: int | None = None  # of the last one that this process made
        self._published: int | None = None

    async def is_due(self, connection: AsyncConnection, head: Head) -> bool:
        """Whether enough events came since the last checkpoint, or enough time passed since some did."""
        last = await _last(connection)
        if last is None:
            return head.size > 0
        age = (datetime.now(UTC) - last.at).total_seconds()
        new: int = head.size - last.size
        return new > 0 and (new >= self._pace.events or age >= self._pace.seconds)

    async def make(self, connection: AsyncConnection, head: Head) -> None:
        """Make one, in the transaction that may chain; none where nothing is new."""
        last = await _last(connection)
        if head.size == 0 or (last is not None and last.size >= head.size):
            return
        previous = read_notes(last.note)[0].text if last is not None else None
        now = datetime.now(UTC)
        note = self.signer.signed(checkpoint_of(self._tenant, head.size, head.frontier.root(), now, previous).text)
        await connection.execute(insert(audit_checkpoints), [{"size": head.size, "at": now, "note": note}])
        self._made = head.size

    async def deliver(self, database: Database) -> None:
        """Bring what is not there yet into the file; tell the newest, where this process made it.

        What fails is logged, and done the next time.
        """
        async with database.reading() as connection:
            last = await _last(connection)
        if last is None:
            return
        if self._file is not None and last.size != self._delivered:
            await self._to_file(self._file, last.size, database)
        if self._publish is not None and last.size == self._made != self._published:
            await self._told(self._publish, last)

    async def _to_file(self, file: CheckpointFile, size: int, database: Database) -> None:
        try:
            known = await asyncio.to_thread(file.last_size)
            if known > size:
                log.error("the checkpoint file knows of more events than the database has", file=known, database=size)
            async with database.reading() as connection:
                rows = await _after(connection, known)
            await asyncio.to_thread(file.append, lambda known: [row.note for row in rows if row.size > known])
        except (OSError, BadNote) as error:
            log.error("the checkpoint could not be written to its file", error=str(error))
            return
        self._delivered = size

    async def _told(self, publish: Publish, last: Any) -> None:
        try:
            await publish(last.note)
        except Exception as error:
            log.error("the checkpoint could not be sent", error=type(error).__name__)
            return
        self._published = last.size


async def _last(connection: AsyncConnection) -> Any:
    asked = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1)
    return (await connection.execute(asked)).one_or_none()


async def _after(connection: AsyncConnection, size: int) -> Sequence[Any]:
    asked = select(audit_checkpoints).where(audit_checkpoints.c.size > size).order_by(audit_checkpoints.c.size)
    return (await connection.execute(asked)).all()
