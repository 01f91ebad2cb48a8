"""What a durable run of five steps costs: `python bench/engine.py [RUNS]` prints a table.

A drive as a saga writes it: each step is remembered, and the lease is looked at before each. The steps do nothing, so
what is measured is the engine. On SQLite with synchronous commits; on a PostgreSQL out of a wheel, without fsync.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mutations.governance.engine.opening import migrate_engine, open_engine
from mutations.governance.engine.port import Journal, Run
from sources.database import open_database
from sources.simulation.real.postgres import postgres

RUNS = 200
STEPS = 5
AT_ONCE = (1, 8, 32)


class Bench:
    """A drive of steps that do nothing, and who waits for its end."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.took: dict[str, asyncio.Future[float]] = {}

    async def drive(self, run: Run, journal: Journal) -> None:
        for step in range(STEPS):
            await journal.step(f"step-{step}", self._nothing)
            await journal.hold()
        self.took[run.id].set_result(time.perf_counter() - self.begun[run.id])

    @staticmethod
    async def _nothing() -> dict[str, str]:
        return {"receipt": "cn_1"}

    async def one(self, engine: object, uid: str) -> float:
        run = Run(workflow_uid=uid, number=1, direction="forward")
        self.took[run.id] = asyncio.get_running_loop().create_future()
        self.begun[run.id] = time.perf_counter()
        await engine.submit(run)  # type: ignore[attr-defined]
        return await self.took[run.id]


async def measure(url: str, runs: int, at_once: int) -> tuple[float, float, float, float, float]:
    """Launch in milliseconds; runs a second; milliseconds of one, p50 and p99; CPU milliseconds of one."""
    database, bench, places = open_database(url), Bench(), asyncio.Semaphore(at_once)
    async with open_engine(database, url) as engine:
        await engine.open(bench.drive)
        start = time.perf_counter()
        first = await bench.one(engine, f"first-{at_once}")
        launch = time.perf_counter() - start
        del first

        async def placed(n: int) -> float:
            async with places:
                return await bench.one(engine, f"w-{at_once}-{n}")

        start, cpu = time.perf_counter(), time.process_time()
        took = sorted(await asyncio.gather(*(placed(n) for n in range(runs))))
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    await database.close()
    return launch * 1e3, runs / wall, took[runs // 2] * 1e3, took[runs * 99 // 100] * 1e3, cpu / runs * 1e3


def main(runs: int) -> None:
    table = Table("database", "at once", "first run ms", "runs/s", "p50 ms", "p99 ms", "CPU ms/run", title="Five steps")
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        for name, url in (("SQLite", f"sqlite:///{Path(folder)}/c360.db"), ("PostgreSQL", server.create_database("b"))):
            asyncio.run(_prepared(url))
            for at_once in AT_ONCE:
                figures = asyncio.run(measure(url, runs, at_once))
                table.add_row(name, str(at_once), *(f"{figure:.1f}" for figure in figures))
    Console(width=100).print(table)


async def _prepared(url: str) -> None:
    database = open_database(url)
    await migrate_engine(database, url)
    await database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
