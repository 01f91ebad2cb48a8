"""Every test runs on both databases; each process is a real one, which tests kill and stop."""

import asyncio
import shutil
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mutations.governance.engine.opening import migrate_engine
from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).with_name("engine_worker.py")
PATIENCE_SECONDS = 40.0


async def made(url: str) -> None:
    database = open_database(url)
    await migrate_engine(database, url)
    await database.close()


@pytest.fixture(scope="session")
def engine_server() -> Iterator[Postgres]:
    with postgres() as running:
        asyncio.run(made(running.create_database("made")))
        yield running


@pytest.fixture(scope="session")
def engine_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    asyncio.run(made(f"sqlite:///{folder}/c360.db"))
    return folder


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.xdist_group("engine-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("engine-postgresql")),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the engine's tables: a copy of one that was made once."""
    if request.param == "sqlite":
        for file in request.getfixturevalue("engine_files").iterdir():
            shutil.copy(file, tmp_path)
        return f"sqlite:///{tmp_path}/c360.db"
    return str(request.getfixturevalue("engine_server").create_database(f"e{uuid.uuid4().hex}", template="made"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = open_database(url)
    yield opened
    await opened.close()


class Worker:
    """A process with an engine."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name, self.process = name, process
        self.start_seconds = 0.0

    async def line(self) -> str:
        return (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_SECONDS)).decode().strip()

    async def submit(self, *runs: str) -> list[str]:
        for run in runs:
            self.process.stdin.write(f"submit {run.replace(':', ' ')}\n".encode())
        return [await self.line() for _ in runs]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def killed(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stopped(self) -> tuple[int, str]:
        """End it by SIGTERM; gives its exit status and what it wrote to standard error."""
        self.signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(self.process.communicate(), PATIENCE_SECONDS)
        return self.process.returncode, errors.decode()


class Processes:
    """The processes of one test over one database, and what they did."""

    def __init__(self, url: str, folder: Path, stack: AsyncExitStack) -> None:
        self.url, self.folder, self._stack = url, folder, stack

    async def start(self, name: str, *, url: str | None = None, program: Path = WORKER) -> Worker:
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(program), url or self.url, str(self.folder), name),
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{WORKER.parent}", "PATH": "/usr/bin:/bin"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._stack.push_async_callback(self._end, process)
        worker = Worker(name, process)
        assert await worker.line() == "ready", (await process.stderr.read()).decode()
        worker.start_seconds = time.monotonic() - begun
        return worker

    @staticmethod
    async def _end(process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.kill()
        await process.communicate()

    def effects(self, what: str = "", run: str = "", by: str = "") -> list[str]:
        """The lines of what was done: all, or those of a kind, a run, a process."""
        file = self.folder / "effects"
        lines = file.read_text().splitlines() if file.exists() else []
        words = [line.split() for line in lines]
        return [
            line
            for line, (process, of, did, *_) in zip(lines, words, strict=True)
            if what in ("", did) and run in ("", of) and by in ("", process)
        ]

    def open_gate(self, name: str) -> None:
        (self.folder / f"gate-{name}").touch()

    async def until(
        self, count: int, what: str, run: str = "", by: str = "", seconds: float = PATIENCE_SECONDS
    ) -> float:
        """Wait for so many effects; gives how long that took, in seconds."""
        begun = time.monotonic()
        while len(self.effects(what, run, by)) < count:
            assert time.monotonic() < begun + seconds, (what, self.effects())
            await asyncio.sleep(0.03)
        return time.monotonic() - begun


@pytest.fixture
async def processes(url: str, tmp_path: Path) -> AsyncIterator[Processes]:
    folder = tmp_path / "world"
    folder.mkdir()
    async with AsyncExitStack() as stack:
        yield Processes(url, folder, stack)
