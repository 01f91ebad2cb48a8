"""The adapter on the real wire, in front of the simulator, or of a real Tryton that was filled with the same facts."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sources.canonical.provenance import CustomerRef, Origin
from sources.simulation.real.servers_environment import cache_directory, exclusively
from sources.simulation.serving import serving
from sources.tryton import PLUGIN, TrytonSettings
from sources.tryton.adapter import TrytonAdapter
from sources.tryton.real import documents, parties, plan, server
from sources.tryton.real.loading import TrytonLoader, tryton
from sources.tryton.simulator import TrytonSimulator
from sources.wire.messages import Request, Response
from sources.wire.wire import Wire, open_wire
from tests.sources.tryton.small_ledger import HISTORY
from tests.sources.tryton.writing_books import Books, real_books_of, simulated_books

ORIGIN = Origin("erp", "tryton", "src-erp", 1)


class Recording:
    """Passes calls on and keeps what was asked and answered."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.exchanges: list[tuple[str, Any, Any]] = []  # model and action, question, answer

    async def send(self, request: Request) -> Response:
        response = await self._wire.send(request)
        answer = None
        with suppress(msgspec.DecodeError):  # 204 has nothing, and some answer with what is no JSON
            answer = msgspec.json.decode(response.body) if response.status == 200 else None
        self.exchanges.append(
            (request.url.partition("/rest/model/")[2], msgspec.json.decode(request.body or b"{}"), answer)
        )
        return response

    def report_quota(self, remaining: float) -> None:
        self._wire.report_quota(remaining)


class Ledger:
    """One adapter, and what is behind it."""

    def __init__(self, adapter: TrytonAdapter, sent: Recording, simulator: TrytonSimulator | None) -> None:
        self.adapter = adapter
        self.sent = sent
        self.simulator = simulator

    @property
    def calls(self) -> list[str]:
        """What the server was asked for, in order, e.g. "party.party/search_read"."""
        return [path for path, _, _ in self.sent.exchanges]

    async def ref(self, number: str) -> CustomerRef:
        """The reference of a customer; what that cost is forgotten."""
        found = await self.adapter.customers_by_number([number])
        self.sent.exchanges.clear()
        return found[number][0].ref


@asynccontextmanager
async def opened(
    section: Mapping[str, Any], simulator: TrytonSimulator | None = None, **changes: Any
) -> AsyncIterator[Ledger]:
    settings = TrytonSettings.model_validate({"kind": "tryton", **section, **changes})
    wire = open_wire("erp", settings, PLUGIN.classify)
    recording = Recording(wire)
    try:
        yield Ledger(TrytonAdapter(settings, ORIGIN, recording), recording, simulator)
    finally:
        await wire.close()


@pytest.fixture
async def simulated() -> AsyncIterator[Ledger]:
    """The simulator with the small ledger."""
    simulator = TrytonSimulator()
    for fact in HISTORY:
        simulator.absorb(fact)
    async with serving(simulator.harness) as url, opened(simulator.section(url), simulator) as ledger:
        yield ledger


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonLoader]:
    """A real Tryton on a copy of the small ledger, which is built once and kept. It is only read."""
    with _copied(tmp_path_factory) as loader:
        yield loader


@pytest.fixture(scope="session")
def real_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonLoader]:
    """Another copy, to be written in."""
    with _copied(tmp_path_factory) as loader:
        yield loader


@contextmanager
def _copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonLoader]:
    with tryton(_filled_directory(tmp_path_factory)) as loader:
        yield loader


@pytest.fixture
def filled_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of yet another copy, which nobody serves."""
    return _filled_directory(tmp_path_factory)


def _filled_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    code = [Path(module.__file__ or "").read_bytes() for module in (documents, parties, plan)]
    digest = hashlib.sha256(b"\0".join([*code, msgspec.json.encode(HISTORY)])).hexdigest()[:12]
    kept = cache_directory() / f"tryton-tests-{server.version()}-{digest}"
    with exclusively(cache_directory() / "tryton-tests.lock"):
        if not (kept / "filled").exists():
            shutil.rmtree(kept, ignore_errors=True)
            _fill(kept / "data")
            (kept / "filled").touch()
    copy = tmp_path_factory.mktemp("tryton") / "data"
    shutil.copytree(kept / "data", copy, symlinks=True)
    return copy


def _fill(directory: Path) -> None:
    """In a thread of its own: a test's event loop may be running here already."""

    async def fill(loader: TrytonLoader) -> None:
        await loader.absorb_all(HISTORY, lambda done, of: None)

    with tryton(directory) as loader, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(fill(loader))).result()


@pytest.fixture(params=["simulated", "real"])
async def ledger(request: pytest.FixtureRequest) -> AsyncIterator[Ledger]:
    """The same facts, once in the simulator and once in a real Tryton."""
    if request.param == "simulated":
        simulator = TrytonSimulator()
        for fact in HISTORY:
            simulator.absorb(fact)
        fields = {"parent_relation": "is subsidiary of"}  # the others are of a module that the real one lacks
        async with (
            serving(simulator.harness) as url,
            opened(simulator.section(url), simulator, fields=fields) as opened_ledger,
        ):
            yield opened_ledger
    else:
        loader: TrytonLoader = request.getfixturevalue("real_server")
        async with opened(loader.section(), timeout_seconds=30) as opened_ledger:
            yield opened_ledger


@pytest.fixture(params=["simulated", "real"])
async def books(request: pytest.FixtureRequest) -> AsyncIterator[Books]:
    """The same facts to be written on, once in the simulator and once in a real Tryton."""
    if request.param == "simulated":
        async with simulated_books() as opened_books:
            yield opened_books
    else:
        loader: TrytonLoader = request.getfixturevalue("real_books")
        async with real_books_of(loader) as opened_books:
            yield opened_books
