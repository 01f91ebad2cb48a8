"""What the audit log costs: `PYTHONPATH=. python bench/audit_appends.py` prints two tables.

Appends on SQLite (every commit synced) and on PostgreSQL (out of a wheel, fsync on): one by one, and as the reads'
writer groups them; chaining and verifying. Then what recording adds to a read through /graphql, CPU.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mutations.governance.audit.audit import Audit
from mutations.governance.audit.checkpointing import Checkpoints, Pace
from mutations.governance.audit.checkpoints import origin_of
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.exporting import exported
from mutations.governance.audit.migrations import migrate
from mutations.governance.audit.notes import Signer
from mutations.governance.audit.reads import ReadLog
from sources.canonical.sensitivity import Sensitivity
from sources.database import Database, open_database
from sources.simulation.real import postgres as wheel
from sources.simulation.world import world
from tests.support.house import open_house

ALONE, TOGETHER, IN_FLIGHT, READS, AT_ONCE = 200, 4000, 200, 320, 32
QUERY = """query Whole($id: ID!) {
  customer(id: $id) { displayName emails invoices(first: 10) { nodes { total { amount } } } }
}"""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def event() -> Event:
    return Event(
        at=datetime.now(UTC),
        actor="ada",
        issuer="https://id.example.com/",
        action="read",
        outcome=AuditOutcome.READ,
        customers=("0123456789abcdef",),
        correlation_id="0" * 32,
        operation="CustomerPage",
        classes=(Sensitivity.PERSONAL, Sensitivity.FINANCIAL),
    )


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def appends(name: str, database: Database) -> None:
    await migrate(database)
    signer = Signer(origin_of("bench"), Ed25519PrivateKey.generate())
    audit = Audit(database, Checkpoints("bench", signer, pace=Pace()))
    log, waits = ReadLog(database), []

    async def alone() -> None:
        for _ in range(ALONE):
            await audit.write(event())

    async def reader() -> None:
        for _ in range(TOGETHER // IN_FLIGHT):
            waits.append(await timed(lambda: log.begin([event()]).durable()))

    async def together() -> None:
        await asyncio.gather(*(reader() for _ in range(IN_FLIGHT)))

    one = ALONE / await timed(alone)
    many = TOGETHER / await timed(together)
    chained = (ALONE + TOGETHER) / await timed(audit.catch_up)
    lines = [line async for line in exported(database)]
    waits.sort()
    median, worst = waits[len(waits) // 2] * 1000, waits[len(waits) * 99 // 100] * 1000
    say(f"{name:12} {one:10.0f} {many:10.0f} {median:8.1f} {worst:8.1f} {chained:10.0f} {len(lines):8d}")


async def store(directory: Path) -> None:
    say(f"{'':12} {'one by one':>10} {'grouped':>10} {'p50 ms':>8} {'p99 ms':>8} {'chained':>10} {'events':>8}")
    database = open_database(f"sqlite:///{directory}/bench.db")
    await appends("SQLite", database)
    await database.close()
    wheel.FAST = ()  # type: ignore[assignment]  # what is committed is on the disk
    with wheel.postgres() as server:
        database = open_database(server.create_database("bench"))
        await appends("PostgreSQL", database)
        await database.close()


async def read(directory: Path, recorded: bool) -> list[float]:
    """CPU milliseconds of a read out of the cache: one after the other, and many at once."""
    async with open_house(world(customers=10), directory, more={"audit": {"reads": recorded}}) as house:
        found = await house.data("{ customers(first: 1) { nodes { id } } }")
        variables, token = {"id": found["customers"]["nodes"][0]["id"]}, house.token("finance_analyst")
        spent = []
        for at_once in (1, AT_ONCE):
            await asyncio.gather(*(house.post(QUERY, variables, token=token) for _ in range(at_once)))
            began = time.process_time()
            for _ in range(READS // at_once):
                await asyncio.gather(*(house.post(QUERY, variables, token=token) for _ in range(at_once)))
            spent.append((time.process_time() - began) * 1000 / (READS // at_once * at_once))
    return spent


async def main(directory: Path) -> None:
    (directory / "without").mkdir()
    (directory / "recorded").mkdir()
    await store(directory)
    say(f"\n{'CPU ms of a cached read':24} {'one by one':>10} {f'{AT_ONCE} at once':>12}")
    for name, recorded in (("without", False), ("recorded", True)):
        one, many = await read(directory / name, recorded)
        say(f"{name:24} {one:10.2f} {many:12.2f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(main(Path(made)))
