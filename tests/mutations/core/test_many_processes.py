"""What one process does, another shows at once; what a backup does not know is asked of the vendors."""

import asyncio
import sqlite3
from pathlib import Path

from mutations.governance.answers import WorkflowQuery
from mutations.governance.restoring import restored
from mutations.governance.tables import workflow_steps
from mutations.governance.workflow import StepStatus, WorkflowStatus
from sources.cache import Cache, Codec, Question
from sources.canonical.provenance import CustomerRef
from sources.database import Database, open_database
from sources.systems import customer_tag
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, LEAD, House, open_house

S = WorkflowStatus


async def _cached(house: House, cache: Cache, value: str) -> str:
    """What this process shows of the customer: `value` is what the vendor would say now."""
    system = house.governance.parts.systems.all[0]

    async def fetch(keys: list[str]) -> dict[str, str]:
        return dict.fromkeys(keys, value)

    tag = customer_tag(system.uid, CustomerRef("party", "1"))
    question = Question(space="test", ttl=60.0, stale=0.0, codec=Codec(str), tags=lambda key, value: [tag], fetch=fetch)
    return (await cache.batch(question, ["k"]))["k"]


async def test_another_process_without_redis_shows_it_when_it_is_said_to_have_succeeded(database_url: str):
    first, second = open_database(database_url), open_database(database_url)
    async with open_house(first, shared=True) as here, open_house(second, shared=True, vendor=here.vendor) as there:
        await _hearing(there)
        assert await _cached(there, there.cache, "before") == "before"
        assert await _cached(there, there.cache, "after") == "before"
        asked = await here.ask(AGENT)
        assert asked.workflow is not None
        done = await there.governance.wait(asked.workflow.uid, 20)
        assert done is not None
        assert done.status is S.SUCCEEDED
        assert await _cached(there, there.cache, "after") == "after"
        await here.engine.idle()
    await first.close()
    await second.close()


async def test_a_process_that_does_not_hear_takes_nothing_for_fresh(database_url: str):
    database = open_database(database_url)
    async with open_house(database, shared=True) as house:
        await _hearing(house)
        await _cached(house, house.cache, "before")
        await house.governance.close()  # it asks no more
        await asyncio.sleep(house.governance.parts.pace.purge_trust * 1.5)
        assert await _cached(house, house.cache, "after") == "after"
    await database.close()


async def _hearing(house: House) -> None:
    purges = house.governance.parts.purges
    assert purges is not None
    async with asyncio.timeout(10):
        while not purges.hearing():  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_change_in_one_process_wakes_who_waits_in_another(house: House, another):
    there = await another(house)
    asked = await house.ask(AGENT, 30_000)
    assert asked.workflow is not None
    listening = there.governance.changes(asked.workflow.uid)
    everything = there.governance.approvals()
    async with asyncio.timeout(10):
        if house.database.is_sqlite:  # one process there: it is told by itself
            listening = house.governance.changes(asked.workflow.uid)
            everything = house.governance.approvals()
        await house.governance.reject(LEAD, asked.workflow.uid, "no", "c2")
        assert await anext(listening) == asked.workflow.uid
        assert await anext(everything) == asked.workflow.uid
    done = await there.governance.wait(asked.workflow.uid, 10)
    assert done is not None
    assert done.status is S.REJECTED


# ------------------------------------------------------------------------------------------------- a restore
def _copied(source: Path, target: Path) -> None:
    connection, copy = sqlite3.connect(source), sqlite3.connect(target)
    connection.backup(copy)
    connection.close()
    copy.close()


async def _restored(house: House, backup: Path) -> tuple[Database, int]:
    database = open_database(f"sqlite:///{backup}")
    return database, await restored(database)


async def _with_backup(small: House, tmp_path: Path, boundary: int | None) -> Path:
    """A backup from the middle of a drive, or from before it; afterwards it runs to its end."""
    if boundary is None:
        small.engine.submits = False
        await small.governance.close()
    else:
        small.engine.kill_at = boundary
    asked = await small.ask(AGENT)
    await small.engine.idle()
    await small.governance.close()
    _copied(tmp_path / "c360.db", tmp_path / "backup.db")
    if boundary is None:
        from mutations.governance import submitting

        small.engine.submits = True
        assert asked.workflow is not None
        await submitting.submit(small.governance.parts, asked.workflow.uid)
        await small.engine.idle()
    else:
        await small.engine.again()
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    return tmp_path / "backup.db"


async def test_what_ran_after_the_backup_is_found_at_the_vendors_and_not_done_again(small: House, tmp_path: Path):
    backup = await _with_backup(small, tmp_path, None)
    await _is_found(small, backup)


async def test_what_was_under_way_in_the_backup_is_found_too(small: House, tmp_path: Path):
    backup = await _with_backup(small, tmp_path, 8)
    await _is_found(small, backup)


async def _is_found(small: House, backup: Path) -> None:
    database, count = await _restored(small, backup)
    assert count == 1
    async with open_house(database, vendor=small.vendor) as again:
        uid = next(iter((await again.governance.search(WorkflowQuery(), 10)).workflows)).uid
        async with asyncio.timeout(10):
            while (await again.now(uid)).status is not S.SUCCEEDED:
                await again.governance.wait(uid, 0.1)
        assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    await database.close()


async def test_what_awaited_approval_in_the_backup_looks_before_it_sends(small: House, tmp_path: Path):
    asked = await small.ask(AGENT, 30_000)
    assert asked.workflow is not None
    await small.governance.close()
    _copied(tmp_path / "c360.db", tmp_path / "backup.db")
    await small.governance.approve(LEAD, asked.workflow.uid, asked.workflow.plan.hash, None, "c2")
    await small.engine.idle()
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    database, count = await _restored(small, tmp_path / "backup.db")
    assert count == 0
    async with open_house(database, vendor=small.vendor) as again:
        assert await again.count(workflow_steps, workflow_steps.c.status == StepStatus.UNKNOWN.value) == len(ACTIONS)
        await again.governance.approve(LEAD, asked.workflow.uid, asked.workflow.plan.hash, None, "c2")
        await again.engine.idle()
        assert (await again.now(asked.workflow.uid)).status is S.SUCCEEDED
        assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    await database.close()
