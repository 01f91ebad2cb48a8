"""Who looked at what: written in groups, so that a thousand answers a second do not wait for a thousand commits."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mutations.governance.audit.events import Event
from mutations.governance.audit.recording import record_now
from sources.database import Database, to_the_end

GROUP = 200  # events of one commit
WAIT_SECONDS = 2.0  # a commit takes milliseconds, and a second at worst while another process holds SQLite's lock
LOOKS = 4  # in that time: a process that got none of it for a while has what was written before it looks again
RETRY_SECONDS = 1.0  # after a failure, until the store is tried again

log = structlog.get_logger("audit")


class ReadLog:
    """Records reads. What it cannot record must not be shown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Group] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._group_began: float | None = None
        self._down_until = 0.0

    @property
    def available(self) -> bool:
        """False shortly after a failure, and while a commit hangs: asking would only make the caller wait."""
        now = time.monotonic()
        hangs = self._group_began is not None and now - self._group_began > WAIT_SECONDS
        return not hangs and now >= self._down_until

    def begin(self, events: Sequence[Event]) -> "Writing":
        """Begin to record; the answer may be worked out meanwhile."""
        loop = asyncio.get_running_loop()
        if not self._waiting or len(self._waiting[-1].events) + len(events) > GROUP:
            self._waiting.append(_Group([], loop.create_future()))
        group = self._waiting[-1]
        group.events.extend(events)
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return Writing(group.durable)

    async def close(self) -> None:
        """Let what was begun come to its end."""
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._waiting:
            group = self._waiting.popleft()
            self._group_began = time.monotonic()
            durable = await self._committed(group.events)
            self._group_began = None
            if not group.durable.done():
                group.durable.set_result(durable)

    async def _committed(self, events: Sequence[Event]) -> bool:
        try:
            await self._commit(events)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self._down_until = time.monotonic() + RETRY_SECONDS
            log.error("reads could not be recorded: what they show is withheld", error=type(error).__name__)
            return False
        return True

    @to_the_end
    async def _commit(self, events: Sequence[Event]) -> None:
        await self._database.change(lambda connection: record_now(connection, events))


class _Group(NamedTuple):
    """What is committed together, and whether it was."""

    events: list[Event]
    durable: asyncio.Future[bool]


class Writing:
    """Events on their way to the disk."""

    def __init__(self, written: asyncio.Future[bool]) -> None:
        self._written = written

    async def durable(self) -> bool:
        """Whether all of them are on the disk; waits WAIT_SECONDS at most."""
        for _ in range(LOOKS):
            if self._written.done():
                break
            # others may wait for the same: who goes away must not cancel it
            await asyncio.wait((self._written,), timeout=WAIT_SECONDS / LOOKS)
        return self._written.done() and self._written.result()
