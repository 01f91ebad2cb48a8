"""Runs drives durably: our rows say whose a run is, dbos remembers its steps.

Quiet until there is something to run, here or elsewhere: while nothing is written, a process pays one look at a table
every two seconds. Once others run something it is ready to take over, for dbos needs a second to be launched.
"""

import asyncio
import importlib
import logging
import os
import socket
import uuid
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from mutations.governance.engine.leases import RENEW_SECONDS, Leases, anything_under_way
from mutations.governance.engine.port import AnotherEngine, ClosedEngine, Drive, Parked, Run
from mutations.governance.engine.runs import RunRows, Waiting
from mutations.governance.engine.tasks import Patience, detached, ended
from sources.database import Database

if TYPE_CHECKING:
    from mutations.governance.engine.carrying import Carrier

SWEEP_SECONDS = 1.0
IDLE_SWEEP_SECONDS = 2.0  # with a lease of 5 s and a queue looked at each second, a dead process's runs go on within 10

log = logging.getLogger(__name__)


class LeasedEngine:
    """The engine of one process; see port.Engine."""

    def __init__(self, database: Database, system_database: URL) -> None:
        self._database = database
        self._system_database = system_database
        # Never used before: dbos takes what an id left behind for its own, though that process may be alive.
        self._executor_id = f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex}"
        self._leases = Leases(database, self._executor_id)
        self._rows = RunRows(database, self._executor_id)
        self._patience = Patience()
        self._launching = asyncio.Lock()
        self._carrier: Carrier | None = None
        self._drive: Drive | None = None
        self._parked: Parked | None = None
        self._draining = False
        self._keeping: list[asyncio.Task[None]] = []

    async def open(self, drive: Drive, parked: Parked | None = None) -> None:
        """Take up what was left behind, now and from now on; `parked` is told of what failed too often."""
        self._drive, self._parked, self._draining = drive, parked, False
        self._keep(self._sweeping())

    async def submit(self, run: Run) -> None:
        """See port.Engine. While the engine drains, the run is written down for others or for the next start.

        Raises ClosedEngine, AnotherEngine, and ValueError where the run is known in the other direction.
        """
        if self._drive is None:
            raise ClosedEngine("the engine is not open")
        if self._draining:
            await self._rows.enter(run, held=False)
            return
        carrier = await self._launched(self._drive)
        journal = await self._rows.enter(run, held=True)
        if journal is not None:
            carrier.start(journal, run.id)

    async def close(self, drain_seconds: float) -> None:
        """See port.Engine."""
        self._draining = True
        async with self._launching:
            if self._carrier is not None:
                await self._carrier.drain(drain_seconds)
            await ended(self._keeping)
            self._keeping.clear()
            if self._carrier is not None:
                await self._carrier.close()
                self._carrier = None
                await self._patience.trying(self._leases.give_up())
        self._drive = None

    async def _launched(self, drive: Drive) -> "Carrier":
        """Launch dbos, once; the lease is held before the first run is."""
        async with self._launching:
            if self._carrier is None:
                # Importing dbos takes half a second, its migrations the first time as long again.
                carrying = await asyncio.to_thread(importlib.import_module, "mutations.governance.engine.carrying")
                await asyncio.to_thread(carrying.dbos_engine.migrate, self._system_database)
                await self._leases.renew()
                carrier: Carrier = carrying.Carrier(
                    self._rows,
                    drive,
                    self._patience,
                    renew=self._leases.renew,
                    system_database=self._system_database,
                    executor_id=self._executor_id,
                )
                self._keep(self._renewing(carrier))
                self._carrier = carrier
            return self._carrier

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        self._keeping.append(detached(work))

    async def _renewing(self, carrier: "Carrier") -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._patience.trying(carrier.renew())

    async def _sweeping(self) -> None:
        while True:
            if self._carrier is not None or await self._patience.trying(anything_under_way(self._database)):
                await self._patience.trying(self._sweep())
            await asyncio.sleep(IDLE_SWEEP_SECONDS if self._carrier is None else SWEEP_SECONDS)

    async def _sweep(self) -> None:
        if self._draining or self._drive is None:
            return
        try:
            carrier = await self._launched(self._drive)
        except AnotherEngine:
            return  # the other one sees to it
        if freed := await self._leases.take_over():
            log.warning("runs of dead processes, free to be taken up: %d", freed)
        await self._rows.forget_but(carrier.under_way)
        for waiting in await self._rows.waiting():
            if waiting.parked_because is None:
                carrier.hand_out(waiting.journal, waiting.run.id)
            else:
                await self._tell(waiting, waiting.parked_because)

    async def _tell(self, waiting: Waiting, because: str) -> None:
        log.error("failed too often and is parked, last of %s: %s", because, waiting.run.id)
        if self._parked is not None:
            await self._parked(waiting.run, because)
        await self._rows.told(waiting.run.id)
