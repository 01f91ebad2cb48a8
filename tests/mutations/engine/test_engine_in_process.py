"""The engine in one process: what it costs, what it remembers, what it refuses."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from mutations.governance.engine.migrations import VERSION_TABLE
from mutations.governance.engine.opening import open_engine
from mutations.governance.engine.port import AnotherEngine, ClosedEngine, Run
from mutations.governance.engine.restoring import restored
from mutations.governance.engine.tables import metadata
from sources.database import Database, open_database


def run(uid: str, number: int = 1) -> Run:
    return Run(workflow_uid=uid, number=number, direction="forward")


class Seen:
    """A drive that notes what its step gave, and who waits for it."""

    def __init__(self, work=None) -> None:
        self.gave: dict[str, object] = {}
        self.ended = asyncio.Event()
        self.work = work

    async def drive(self, of: Run, journal) -> None:
        async def work() -> object:
            return await self.work(journal) if self.work else of.id

        self.gave[of.id] = await journal.step("only", work)
        self.ended.set()


async def test_the_tables_are_what_the_code_expects(database: Database):
    def differences(connection) -> list[object]:
        def ours(_, name, kind, __, ___) -> bool:
            return kind != "table" or name in metadata.tables

        return list(compare_metadata(MigrationContext.configure(connection, opts={"include_object": ours}), metadata))

    async with database.transaction() as connection:
        assert await connection.run_sync(differences) == []
        assert (await connection.execute(text(f"SELECT count(*) FROM {VERSION_TABLE}"))).scalar_one() == 1


async def test_an_engine_with_nothing_to_run_launches_nothing(tmp_path: Path):
    program = (
        "import asyncio, sys\n"
        "from mutations.governance.engine.opening import open_engine\n"
        "from sources.database import open_database\n"
        "async def main(url):\n"
        "    database = open_database(url)\n"
        "    async with open_engine(database, url) as engine:\n"
        "        await engine.open(None)\n"
        "        await asyncio.sleep(0.2)\n"
        "    await database.close()\n"
        "asyncio.run(main(sys.argv[1]))\n"
        "print('dbos' in sys.modules)\n"
    )
    url = f"sqlite:///{tmp_path}/c360.db"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program, url], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert not (tmp_path / "c360-engine.db").exists()


async def test_it_can_be_opened_and_closed_often_and_threads_work_after(database: Database, url: str):
    for n in range(4):
        seen = Seen()
        async with open_engine(database, url) as engine:
            await engine.open(seen.drive)
            await engine.submit(run(f"w-{n}"))
            await asyncio.wait_for(seen.ended.wait(), 10)
        assert seen.gave == {f"w-{n}:1": f"w-{n}:1"}
        assert await asyncio.to_thread(lambda: "a thread") == "a thread"
    with pytest.raises(ClosedEngine):
        await engine.submit(run("late"))
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM executors"))).scalar_one() == 0
        states = (await connection.execute(text("SELECT DISTINCT state FROM engine_runs"))).scalars().all()
    assert states == ["DONE"]


async def test_a_second_engine_in_the_process_is_refused_when_it_would_run_something(database: Database, url: str):
    seen = Seen()
    async with open_engine(database, url) as first, open_engine(database, url) as second:
        await first.open(seen.drive)
        await second.open(seen.drive)
        await first.submit(run("w-1"))
        with pytest.raises(AnotherEngine, match="one process runs one engine"):
            await second.submit(run("w-2"))
        await asyncio.wait_for(seen.ended.wait(), 10)


async def test_a_run_in_the_other_direction_is_another_number(database: Database, url: str):
    seen = Seen()
    async with open_engine(database, url) as engine:
        await engine.open(seen.drive)
        await engine.submit(run("w-1"))
        with pytest.raises(ValueError, match="other direction"):
            await engine.submit(Run(workflow_uid="w-1", number=1, direction="back"))
        await engine.submit(Run(workflow_uid="w-1", number=2, direction="back"))
        while len(seen.gave) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_step_gives_what_it_would_give_after_a_crash(database: Database, url: str):
    async def work(_) -> object:
        return {"amounts": (1, 2), "of": None}

    seen = Seen(work)
    async with open_engine(database, url) as engine:
        await engine.open(seen.drive)
        await engine.submit(run("w-1"))
        await asyncio.wait_for(seen.ended.wait(), 10)
    assert seen.gave == {"w-1:1": {"amounts": [1, 2], "of": None}}


async def test_a_step_that_failed_ends_the_drive_though_the_drive_goes_on(database: Database, url: str):
    tried, told = [], asyncio.Event()

    async def fail() -> None:
        tried.append("fail")
        raise KeyError

    async def after() -> None:
        tried.append("after")

    async def drive(_: Run, journal) -> None:
        for name, work in (("fails", fail), ("follows", after)):
            try:
                await journal.step(name, work)
            except KeyError:
                told.set()

    async with open_engine(database, url) as engine:
        await engine.open(drive)
        await engine.submit(run("w-1"))
        await asyncio.wait_for(told.wait(), 10)
    assert tried == ["fail"]


async def test_steps_have_names_of_their_own(database: Database, url: str):
    raised = asyncio.get_running_loop().create_future()

    async def nothing() -> None: ...

    async def drive(_: Run, journal) -> None:
        await journal.step("same", nothing)
        try:
            await journal.step("same", nothing)
        except ValueError as error:
            if not raised.done():
                raised.set_result(str(error))

    async with open_engine(database, url) as engine:
        await engine.open(drive)
        await engine.submit(run("w-1"))
        assert await asyncio.wait_for(raised, 10) == "two steps of one run are called same"


async def test_after_a_restore_what_ran_is_never_taken_up_again(database: Database, url: str):
    begun, seen = asyncio.Event(), Seen()

    async def forever(_: Run, journal) -> None:
        begun.set()
        await journal.pause("long", 600)

    async with open_engine(database, url, drain_seconds=0.1) as engine:
        await engine.open(forever)
        await engine.submit(run("w-1"))
        await asyncio.wait_for(begun.wait(), 10)
    assert await restored(database) == [run("w-1")]
    assert await restored(database) == []
    async with open_engine(database, url) as engine:
        await engine.open(seen.drive)
        await engine.submit(run("w-1"))
        await engine.submit(run("w-1", 2))
        await asyncio.wait_for(seen.ended.wait(), 10)
        await asyncio.sleep(2.5)
    assert list(seen.gave) == ["w-1:2"]


async def test_what_dbos_stores_is_readable_and_holds_ids_only(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/c360.db"
    database, seen = open_database(url), Seen()
    async with open_engine(database, url) as engine:
        await engine.open(seen.drive)
        await engine.submit(run("w-1"))
        await asyncio.wait_for(seen.ended.wait(), 10)
    await database.close()
    with sqlite3.connect(tmp_path / "c360-engine.db") as stored:
        (inputs,) = stored.execute("SELECT inputs FROM workflow_input").fetchone()
        (form,) = stored.execute("SELECT serialization FROM workflow_status").fetchone()
        (output,) = stored.execute("SELECT output FROM operation_outputs").fetchone()
        journal = stored.execute("PRAGMA journal_mode").fetchone()
    stored.close()
    assert (inputs, form, output) == ('{"namedArgs":{},"positionalArgs":["w-1:1"]}', "portable_json", '"w-1:1"')
    assert journal == ("wal",)
