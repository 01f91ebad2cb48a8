"""An engine in memory that is killed at any boundary; that the real one keeps the same promises is its own suite's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from mutations.governance.engine.port import LostLease, Run


class Killed(BaseException):
    """The process ends here."""


class KillableEngine:
    """Keeps what a durable engine keeps, in memory; `kill_at` ends the process at that boundary, counted from 1."""

    def __init__(self) -> None:
        self.ended: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Run] = {}
        self.finished: set[str] = set()
        self.boundaries = 0
        self.kill_at: int | None = None
        self.lost = False
        self.submits = True
        self.tasks: set[asyncio.Task[None]] = set()
        self.drive: Any = None
        self.crashes = 0

    async def open(self, drive: Any, parked: Any = None) -> None:
        self.drive = drive

    async def submit(self, run: Run) -> None:
        if not self.submits:
            raise ConnectionError
        if run.id not in self.runs:
            self.runs[run.id] = run
            self._begin(run)

    def _begin(self, run: Run) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(run))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _carry(self, run: Run) -> None:
        try:
            await self.drive(run, KillableJournal(self, run))
        except Killed:
            self.crashes += 1
        except LostLease:
            pass
        else:
            self.finished.add(run.id)

    async def again(self) -> None:
        """Another process takes up what was left."""
        for run in list(self.runs.values()):
            if run.id not in self.finished:
                self._begin(run)
        await self.idle()

    async def idle(self) -> None:
        while self.tasks:
            await asyncio.gather(*self.tasks)

    def boundary(self) -> None:
        self.boundaries += 1
        if self.kill_at is not None and self.boundaries == self.kill_at:
            self.kill_at = None
            raise Killed

    async def close(self, drain_seconds: float) -> None:
        await self.idle()


class KillableJournal:
    """A journal whose process may end before or after each thing that it does."""

    def __init__(self, engine: KillableEngine, run: Run) -> None:
        self.engine = engine
        self.kept = engine.ended.setdefault(run.id, {})

    async def step(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if name not in self.kept:
            self.engine.boundary()
            told = await work()
            self.engine.boundary()
            self.kept[name] = msgspec.json.decode(msgspec.json.encode(told))
        return self.kept[name]

    async def hold(self) -> None:
        self.engine.boundary()
        if self.engine.lost:
            raise LostLease

    async def pause(self, name: str, seconds: float) -> None:
        if name not in self.kept:
            await asyncio.sleep(seconds)
            self.kept[name] = True
