"""What the engine promises, held against real processes that are killed, stopped and starved, on both databases."""

import asyncio
import signal
from pathlib import Path

import pytest

from sources.database import Database

pytestmark = pytest.mark.timeout(150)

TAKEOVER_SECONDS = 10.0
START_SECONDS = 1.5  # of a process on a machine that has a core for it; where it takes longer, so does all else


def takeover_seconds(*workers) -> float:
    """How long a takeover may last on a machine as busy as this one has just been."""
    return TAKEOVER_SECONDS * max(1.0, *(worker.start_seconds / START_SECONDS for worker in workers))


async def test_the_same_run_submitted_often_and_by_two_processes_is_carried_out_once(processes):
    first, second = await processes.start("A"), await processes.start("B")
    runs = [f"plain-{n}:1" for n in range(10)]
    answers = await asyncio.gather(first.submit(*runs, *runs), second.submit(*runs))
    assert sorted(answers[0]) == sorted(f"submitted {run}" for run in [*runs, *runs])
    await processes.until(10, "done")
    await first.submit(*runs)
    await asyncio.sleep(0.5)
    assert sorted(line.split()[1] for line in processes.effects("paid")) == sorted(runs)
    assert len(processes.effects("done")) == 10


async def test_a_run_goes_on_where_it_was_when_its_process_is_killed_and_the_next_starts(processes, database: Database):
    killed = await processes.start("A")
    await killed.submit("gated-1:1")
    await processes.until(1, "asked")
    await killed.killed()
    await expired(database)
    processes.open_gate("B")
    await processes.start("B")
    await processes.until(1, "done", by="B")
    assert processes.effects("prepared") == ["A gated-1:1 prepared"], "what ended is not done again"
    assert len(processes.effects("asked")) == 2, "what was interrupted is"
    assert processes.effects("paid") == ["B gated-1:1 paid"]
    assert processes.effects("done") == ["B gated-1:1 done d-gated-1 100"]


async def test_a_live_process_takes_over_the_runs_of_a_dead_one_within_ten_seconds(processes):
    killed, *others = [await processes.start(name) for name in "ABC"]
    processes.open_gate("B")
    processes.open_gate("C")
    runs = [f"gated-{n}:1" for n in range(12)]
    await killed.submit(*runs)
    await processes.until(8, "asked")  # the other four wait for a place
    await killed.killed()
    assert await processes.until(12, "done") < takeover_seconds(*others)
    assert sorted(line.split()[1] for line in processes.effects("paid")) == sorted(runs)
    assert processes.effects(by="A", what="paid") == []


async def test_a_process_that_was_stopped_for_longer_than_its_lease_pays_nothing_after(processes, database: Database):
    zombie, _ = await processes.start("A"), await processes.start("B")
    runs = ["gated-1:1", "gated-2:1"]
    await zombie.submit(*runs)
    await processes.until(2, "asked")
    zombie.signal(signal.SIGSTOP)
    await expired(database)
    processes.open_gate("B")
    await processes.until(2, "paid", by="B")
    processes.open_gate("A")
    zombie.signal(signal.SIGCONT)
    await processes.until(2, "done", by="B")
    await asyncio.sleep(1.5)
    assert processes.effects("paid", by="A") == []
    assert processes.effects("done", by="A") == []
    assert await zombie.submit("plain-3:1") == ["submitted plain-3:1"], "and it is of use again"
    await processes.until(1, "done", run="plain-3:1")
    assert (await zombie.stopped())[0] == 0


async def test_a_stopped_process_that_nobody_replaced_goes_on(processes):
    alone = await processes.start("A")
    await alone.submit("gated-1:1")
    await processes.until(1, "asked")
    alone.signal(signal.SIGSTOP)
    await asyncio.sleep(6.5)
    alone.signal(signal.SIGCONT)
    await asyncio.sleep(1.5)
    processes.open_gate("A")
    await processes.until(1, "done")
    assert len(processes.effects("paid")) == 1


async def test_a_run_that_kills_its_process_each_time_is_given_up_and_told(processes, database: Database):
    for name in "ABC":
        worker = await processes.start(name)
        if name == "A":
            await worker.submit("wait-2:1", "crash-1:1")
        await worker.process.wait()
        await expired(database)
        if name == "B":  # as if one more had died
            async with database.transaction() as connection:
                await connection.exec_driver_sql("UPDATE engine_runs SET failures = 3 WHERE workflow_uid = 'crash-1'")
    last = await processes.start("D")
    await processes.until(1, "parked", run="crash-1:1", by="D")
    assert processes.effects("parked") == ["D crash-1:1 parked its process died"]
    assert len(processes.effects("asked", run="crash-1:1")) == 3
    await processes.until(1, "paid", run="wait-2:1")  # it was beside the other each time, and is not given up for it
    await asyncio.sleep(1.5)
    async with database.reading() as connection:
        told = await connection.exec_driver_sql("SELECT state FROM engine_runs WHERE ended_at IS NOT NULL ORDER BY 1")
        assert told.scalars().all() == ["DONE", "PARKED"]
    assert (await last.stopped())[0] == 0


async def expired(database: Database) -> None:
    """Let every lease run out now: what a test needs not wait for."""
    async with database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE executors SET lease_until = 0")


async def test_a_drive_that_raises_is_begun_again_and_says_what_without_its_text(processes):
    worker = await processes.start("A")
    await worker.submit("raise-1:1")
    await processes.until(2, "asked")
    assert processes.effects("prepared") == ["A raise-1:1 prepared"]
    status, errors = await worker.stopped()
    assert status == 0
    assert "KeyError in engine/engine_worker.py:" in errors
    assert "must not be logged" not in errors
    assert "Traceback" not in errors


async def test_a_drain_lets_runs_end_and_gives_the_rest_back(processes):
    worker = await processes.start("A")
    await worker.submit("wait-1:1", "gated-2:1")
    await processes.until(2, "asked")
    status, errors = await worker.stopped()
    assert status == 0, errors
    assert errors == ""
    assert processes.effects("done") == ["A wait-1:1 done d-wait-1 100"]
    processes.open_gate("B")
    await processes.start("B")
    await processes.until(1, "done", run="gated-2:1", by="B")
    assert processes.effects("prepared", run="gated-2:1") == ["A gated-2:1 prepared"]


async def test_a_new_version_takes_up_what_the_old_one_left_in_a_pause(processes, database: Database, tmp_path: Path):
    old = await processes.start("A")
    await old.submit("pause-1:1")
    await processes.until(1, "paused")
    await old.killed()
    await expired(database)
    newer = tmp_path / "engine_worker_of_the_next_version.py"
    newer.write_text(
        "import asyncio, sys, engine_worker\n"
        "from dbos import DBOS\n"
        "class Newer(engine_worker.World):\n"
        "    async def drive(self, run, journal):\n"
        "        await super().drive(run, journal)\n"
        "        await journal.step('thanks', self.thank)\n"
        "    async def thank(self):\n"
        "        return None\n"
        "engine_worker.World = Newer\n"
        "@DBOS.workflow(name='other.v2')\n"
        "async def other(): ...\n"
        "asyncio.run(engine_worker.main(*sys.argv[1:4]))\n"
    )
    await processes.start("B", program=newer)
    await processes.until(1, "done", by="B")
    assert processes.effects("prepared") == ["A pause-1:1 prepared"]


async def test_what_runs_longer_than_its_places_waits_and_nothing_is_lost(processes):
    worker = await processes.start("A")
    await worker.submit(*[f"wait-{n}:1" for n in range(20)])
    await processes.until(8, "asked")
    assert len(processes.effects("asked")) == 8
    await processes.until(20, "done")
    assert len(processes.effects("paid")) == 20
