"""The vendors, in this process, so that they outlive every gateway that is killed; and gateways over one database."""

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from gateway.configuration.sections import IdentitySection
from gateway.development_issuer import DevelopmentIssuer
from sources import registry
from sources.database import Database, open_database
from sources.simulation.facts import Fact
from sources.simulation.serving import serving
from sources.simulation.simulator import Simulator
from sources.simulation.world import BY_KEY, world
from tests.faults.proof.doors import Door
from tests.faults.proof.ledgers import Ledger, RealLedger, SimulatedLedger
from tests.faults.proof.ways import NO_COUNTS_SECONDS, TIMEOUT_SECONDS
from tests.support.writing import Story, story_of

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("gateway_process.py")
CUSTOMER = BY_KEY["sla-breach"].number
START_SECONDS = 90.0  # on a machine that is busy with other things
STEP_NO_COUNTS_SECONDS = 60.0  # StepKind.no_counts_after_seconds of every step here
PACE = {
    "retry": 0.2,
    "longest_retry": 0.5,
    "probe": 0.4,
    "between_nos": 0.3,
    "resolve": 5.0,
    "no_counts_scale": NO_COUNTS_SECONDS / STEP_NO_COUNTS_SECONDS,
    "call_grace": 0.5,
    "settle": 0.3,
    "longest_settle": 1.0,
    "sweep": 0.5,
    "sweep_lease": 3.0,
    "pick_up": 1.0,
    "unknown": 1.0,
    "longest_unknown": 3.0,
    "poll": 0.2,
}


@cache
def facts_of(customer: str = CUSTOMER, until: datetime | None = None) -> tuple[Fact, ...]:
    """What happened to one customer up to a day: enough for every write, and quickly read."""
    return tuple(fact for fact in world(customers=30, until=until) if fact.customer == customer)


class GatewayProcess:
    """One process, and who is held at a boundary in it."""

    def __init__(self, process: asyncio.subprocess.Process, on_held: Callable[[str], None]) -> None:
        self._process = process
        self.url = ""
        self.ready = asyncio.Event()
        self._on_held = on_held
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "ready":
                self.url = rest
                self.ready.set()
            elif word == "held":
                self._on_held(rest)
        self.ready.set()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def kill(self) -> None:
        """kill -9."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(30):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        await self._reading


class Town:
    """Vendors with one customer, and the gateways over one database."""

    def __init__(self, database_url: str, directory: Path, simulators: dict[str, Simulator]) -> None:
        self.database_url, self.directory = database_url, directory
        self.simulators = simulators
        self.ledger: Ledger = SimulatedLedger(simulators["erp"])
        self.doors: dict[str, Door] = {}
        self.sections: dict[str, dict[str, Any]] = {}
        self.held: set[str] = set()
        self.processes: list[GatewayProcess] = []
        self.timeout_seconds = TIMEOUT_SECONDS
        self.pace: dict[str, float] = PACE
        self._files = itertools.count()
        self._issuer = DevelopmentIssuer(directory, IdentitySection.model_validate({"development": True}))
        self._filled = False
        self.client = httpx.AsyncClient(timeout=60)
        self.story: Story
        self.database: Database = open_database(database_url)

    def on_held(self, case: str) -> None:
        self.held.add(case)

    def token(self, role: str, subject: str | None = None) -> str:
        return self._issuer.token(role, subject)

    def configuration(self, timeout_seconds: float | None = None) -> dict[str, Any]:
        """How each gateway is configured, as in gateway.toml."""
        timeout = {"timeout_seconds": timeout_seconds or self.timeout_seconds}
        own = {"database_url": self.database_url, "data_directory": str(self.directory), "deadline_seconds": 30}
        sections = {name: {**section, **timeout} for name, section in self.sections.items()}
        return {"gateway": own, "identity": {"development": True}, "sources": sections}

    async def start(self, *, doomed: bool = False, timeout_seconds: float | None = None) -> GatewayProcess:
        """One more gateway, answering. `doomed`: cases stay at the boundaries that they name."""
        told = {
            "settings": self.configuration(timeout_seconds),
            "pace": self.pace,
            "doomed": doomed,
            "fill": not self._filled,
            "log": os.environ.get("C360_FAULTS_LOG", "critical"),
        }
        file = self.directory / f"process-{next(self._files)}.json"
        file.write_text(json.dumps(told))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROGRAM), str(file)),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,  # it ends where this process has gone
            stdout=asyncio.subprocess.PIPE,
        )
        started = GatewayProcess(process, self.on_held)
        self.processes.append(started)
        async with asyncio.timeout(START_SECONDS):
            await started.ready.wait()
        if not started.url:
            raise RuntimeError("a gateway ended at its start")
        self._filled = True
        return started

    async def learn_story(self, process: GatewayProcess) -> None:
        """What there is to credit and to refund."""
        self.story = await story_of(Asking(self, process), CUSTOMER)

    async def ask(
        self, process: GatewayProcess, query: str, variables: dict[str, Any], *, role: str, case: str = ""
    ) -> dict[str, Any]:
        """The data of an answer. Raises httpx.TransportError where the process goes away meanwhile."""
        headers = {"authorization": f"Bearer {self.token(role)}", **({"x-correlation-id": case} if case else {})}
        body = {"query": query, "variables": variables}
        answer = await self.client.post(f"{process.url}/graphql", json=body, headers=headers)
        told = answer.json()
        if "errors" in told:
            raise RuntimeError(f"{case}: {told['errors']}")
        data: dict[str, Any] = told["data"]
        return data

    def relent(self) -> None:
        """Every vendor answers about everything again."""
        for door in self.doors.values():
            door.relent()

    async def settled(self) -> None:
        """Every write that was to be applied late is applied."""
        for door in self.doors.values():
            await door.late.settled()

    async def stop(self) -> None:
        """End every gateway in order."""
        await asyncio.gather(*(process.stop() for process in self.processes if process.alive))

    async def close(self) -> None:
        await self.stop()
        await self.client.aclose()
        await self.database.close()


class Asking:
    """What tests.support.writing asks through."""

    def __init__(self, town: Town, process: GatewayProcess) -> None:
        self._town, self._process = town, process

    async def data(
        self, query: str, variables: dict[str, Any] | None = None, *, role: str = "finance_analyst"
    ) -> dict[str, Any]:
        return await self._town.ask(self._process, query, variables or {}, role=role)


@asynccontextmanager
async def open_town(
    database_url: str, directory: Path, history: Sequence[Fact] = (), real: RealLedger | None = None
) -> AsyncIterator[Town]:
    """Vendors that are up, each behind its door; no gateway yet. `real`: the ledger in place of its simulator."""
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as opened:
        simulators = {plugin.role: plugin.simulator() for plugin in registry.installed().values()}
        kinds = {plugin.role: kind for kind, plugin in registry.installed().items()}
        town = Town(database_url, directory, simulators)
        opened.push_async_callback(town.close)
        for role, simulator in simulators.items():
            for fact in history or facts_of():
                simulator.absorb(fact)
            behind = real if real is not None and role == "erp" else simulator
            town.doors[role] = Door(role, behind.harness, town.on_held, simulator)
            url = await opened.enter_async_context(serving(town.doors[role]))
            town.sections[role] = {"kind": kinds[role], **behind.section(url)}
        if real is not None:
            town.ledger = real
        yield town
