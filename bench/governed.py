"""Governed writes a second, and what each costs: `PYTHONPATH=. python bench/governed.py [CREDITS]` prints a table.

A credit from the request to its end: facts read live out of four systems, policy, plan, five steps at three vendors,
audit log, receipts. The gateway is a process of its own, so that its processor time is its own; the vendors are
simulators in this one, on the same machine. Every commit is synced, on PostgreSQL (out of a wheel) too.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from sources.simulation.real import postgres as wheel
from tests.faults.proof.cases import CREDIT, Case, input_of
from tests.faults.proof.town import GatewayProcess, Town, open_town
from tests.support.writing import ISSUE_CREDIT

CREDITS = 48
AT_ONCE = (1, 8)
TIMEOUT_SECONDS = 10.0  # nothing is to fail here
COLUMNS = ("database", "at once", "credits/s", "p50 ms", "p99 ms", "CPU ms each", "MiB")


async def one(town: Town, gateway: GatewayProcess, number: int) -> float:
    """Give one credit and wait for its end; gives how long that took, in seconds."""
    case = Case(number=number, action=CREDIT, step="erp_draft", way="ok", minor=100 + number % 7)
    variables = {"input": input_of(town, case), "key": case.key, "wait": 30}
    began = time.perf_counter()
    payload = (await town.ask(gateway, ISSUE_CREDIT, variables, role="finance_approver"))[CREDIT]
    if payload["workflow"] is None or payload["workflow"]["status"] != "SUCCEEDED":
        raise RuntimeError(f"a credit did not succeed: {payload}")
    return time.perf_counter() - began


async def measured(name: str, url: str, directory: Path, credits: int) -> list[tuple[str, ...]]:
    """A row for each number of credits at once."""
    rows = []
    async with open_town(url, directory) as town:
        town.timeout_seconds, town.pace = TIMEOUT_SECONDS, {}
        gateway = await town.start()
        await town.learn_story(gateway)
        process, number = psutil.Process(gateway.pid), 1
        await one(town, gateway, number)
        for at_once in AT_ONCE:
            places = asyncio.Semaphore(at_once)

            async def placed(n: int, places: asyncio.Semaphore = places) -> float:
                async with places:
                    return await one(town, gateway, n)

            before, began = process.cpu_times(), time.perf_counter()
            took = sorted(await asyncio.gather(*(placed(number + n) for n in range(1, credits + 1))))
            wall, after = time.perf_counter() - began, process.cpu_times()
            number += credits
            cpu = (after.user + after.system - before.user - before.system) / credits
            figures = (credits / wall, took[credits // 2] * 1e3, took[credits * 99 // 100] * 1e3, cpu * 1e3)
            memory = process.memory_info().rss / 2**20
            rows.append((name, str(at_once), *(f"{figure:.1f}" for figure in figures), f"{memory:.0f}"))
    return rows


async def main(credits: int) -> None:
    table = Table(*COLUMNS, title="issueCredit, from the request to the reply on the case")
    wheel.FAST = ()  # type: ignore[assignment]  # what is committed is on the disk
    with tempfile.TemporaryDirectory(prefix="c360-bench-") as made, wheel.postgres() as server:
        place = Path(made)
        for name, url in (
            ("SQLite", f"sqlite:///{place / 'SQLite' / 'c360.db'}"),
            ("PostgreSQL", server.create_database("bench")),
        ):
            for row in await measured(name, url, place / name, credits):
                table.add_row(*row)
    Console(width=100).print(table)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else CREDITS))
