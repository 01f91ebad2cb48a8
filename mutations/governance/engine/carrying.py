"""Carries the runs of this process to their end, over dbos. Imported when there is something to run."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from mutations.governance.engine import dbos_engine
from mutations.governance.engine.dbos_engine import Unfinished
from mutations.governance.engine.journal import RunJournal
from mutations.governance.engine.port import Drive
from mutations.governance.engine.runs import Claim, RunRows
from mutations.governance.engine.tasks import Patience, detached

IN_FLIGHT = 8  # more at once only lengthen one another: a run costs processor time, and SQLite has one writer

log = logging.getLogger(__name__)


class Carrier:
    """The runs that this process has begun, or is about to."""

    def __init__(
        self,
        rows: RunRows,
        drive: Drive,
        patience: Patience,
        *,
        renew: Callable[[], Awaitable[bool]],
        system_database: URL,
        executor_id: str,
    ) -> None:
        """Launches dbos; what it takes from its queue is begun from now on. Raises AnotherEngine."""
        self._rows = rows
        self._drive = drive
        self._patience = patience
        self._renew = renew
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._suspects = asyncio.Semaphore(1)
        self._running: dict[str, tuple[asyncio.Task[Any], RunJournal]] = {}
        self._starting: dict[str, asyncio.Task[Any]] = {}
        self._draining = False
        self._dbos = dbos_engine.launch(system_database, executor_id, self._body)

    @property
    def under_way(self) -> Sequence[str]:
        """The ids of the runs that were begun here, or are being begun."""
        return [*self._running, *self._starting]

    def start(self, journal: str, run_id: str) -> None:
        """Begin a run that is held by this process; returns at once."""
        self._begin(self._dbos.start(journal, run_id), run_id)

    def hand_out(self, journal: str, run_id: str) -> None:
        """Let whichever process comes first go on with a run that nobody holds; returns at once."""
        self._begin(self._dbos.resume(journal, run_id), run_id)

    def _begin(self, beginning: Coroutine[Any, Any, None], run_id: str) -> None:
        self._starting[run_id] = task = detached(self._patience.trying(beginning))
        task.add_done_callback(lambda _: self._starting.pop(run_id, None))

    async def renew(self) -> None:
        """Renew the lease of this process. Where another took it over, everything stops: it is the other's."""
        if await self._renew():
            return
        running = list(self._running.values())
        log.warning("the lease of this process was taken over, and %d runs with it", len(running))
        for task, journal in running:
            journal.lose()
            task.cancel()

    async def _renew_patiently(self) -> None:
        """Renew, as long as the caller has patience: who then goes away leaves no failure behind that nobody sees."""
        await asyncio.shield(detached(self._patience.trying(self.renew())))

    async def drain(self, seconds: float) -> None:
        """Begin nothing more, let what runs come to its end for so long, give the rest back."""
        self._draining = True
        if not await self._ended_within(seconds):
            for task, _ in list(self._running.values()):
                task.cancel()
            await self._ended_within(None)

    async def _ended_within(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while tasks := [*self._starting.values(), *(task for task, _ in self._running.values())]:
                    await asyncio.wait(tasks)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """End dbos."""
        await self._dbos.close()

    async def _body(self, run_id: str) -> None:
        if self._draining or run_id in self._running:
            raise Unfinished
        try:
            claim = await self._rows.claim(run_id, begin=not self._places.locked())
            if claim is None and await self._rows.ended(run_id):
                return
        except (SQLAlchemyError, OSError):
            raise Unfinished from None
        if claim is None:
            raise Unfinished
        places = [self._suspects, self._places] if claim.suspect else [self._places]
        journal = RunJournal(claim, self._rows, self._renew_patiently, places)
        carried = asyncio.create_task(self._carried(claim, journal))  # dbos's place in the workflow goes with it
        self._running[run_id] = (carried, journal)
        try:
            await carried
        finally:
            journal.leave()
            del self._running[run_id]

    async def _carried(self, claim: Claim, journal: RunJournal) -> None:
        try:
            await journal.enter()
            if not claim.begun and not await self._rows.begin(claim):
                raise journal.lose()
            await self._drive(claim.run, journal)
            if journal.broken is not None:
                raise journal.broken
            if not await self._rows.done(claim):
                raise journal.lose()
        except asyncio.CancelledError:
            await self._patience.trying(self._rows.give_back(claim))
            raise Unfinished from None
        except Exception as error:
            if journal.lost:
                log.warning("stopped, as it may be another's: %s", claim.run.id)
                await self._patience.trying(self._rows.give_back(claim))
            else:
                log.error("a drive raised %s: %s", kind_and_place(error), claim.run.id)
                await self._patience.trying(self._rows.failed(claim, kind_and_place(error)))
            raise Unfinished from None


def kind_and_place(error: Exception) -> str:
    """What was raised and where. Not its text: that may hold what a customer is called."""
    frames = traceback.extract_tb(error.__traceback__)
    file, line = (frames[-1].filename, frames[-1].lineno) if frames else ("?", None)
    return f"{type(error).__name__} in {'/'.join(file.split('/')[-2:])}:{line}"
