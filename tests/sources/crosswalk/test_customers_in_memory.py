"""Customers are kept in memory, in each process, and never shown as they were before a change that was committed."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from sources.canonical.provenance import CustomerRef
from sources.crosswalk import changes
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.tables import customer_changes, customers
from sources.database import open_database


@pytest.fixture
async def other(world: Any, database_url: str) -> AsyncIterator[Crosswalk]:
    """The crosswalk of another process."""
    database = open_database(database_url)
    there = Crosswalk(database)
    there.systems = world.crosswalk.systems
    yield there
    await database.close()


async def everybody(crosswalk: Crosswalk) -> list[str]:
    async with crosswalk.database.reading() as connection:
        return list((await connection.execute(select(customers.c.uid).order_by(customers.c.uid))).scalars())


async def as_it_is(crosswalk: Crosswalk, uids: list[str]) -> tuple[Any, Any]:
    """What somebody is told who never asked before."""
    fresh = Crosswalk(crosswalk.database)
    fresh.systems = crosswalk.systems
    return await fresh.customers(uids), await fresh.refs(uids)


async def test_what_another_process_changed_is_seen_at_the_next_look(world: Any, other: Crosswalk) -> None:
    await world.see("erp", "1", "N1", name="Before")
    uid = await world.whose("erp", "1")
    assert (await other.customers([uid]))[uid].display_name == "Before"  # type: ignore[union-attr]
    await world.see("erp", "1", "N1", name="After")
    assert (await other.customers([uid]))[uid].display_name == "After"  # type: ignore[union-attr]


async def test_an_observation_that_changes_nothing_keeps_what_is_in_memory(world: Any, other: Crosswalk) -> None:
    await world.see("erp", "1", "N1")
    uid = await world.whose("erp", "1")
    before = (await other.customers([uid]))[uid]
    await world.see("erp", "1", "N1")
    assert (await other.customers([uid]))[uid] is before


async def test_a_change_of_one_customer_keeps_the_others(world: Any, other: Crosswalk) -> None:
    await world.observe("erp", *(world.record(each, f"N{each}") for each in "12"))
    one, two = [await world.whose("erp", each) for each in "12"]
    before = await other.customers([one, two])
    await world.see("erp", "1", "N1", name="After")
    after = await other.customers([one, two])
    assert after[one] != before[one]
    assert after[two] is before[two]


async def test_who_did_not_ask_for_long_begins_with_an_empty_memory(
    world: Any, other: Crosswalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 3)
    await world.observe("erp", *(world.record(each, f"N{each}") for each in "12"))
    one, two = [await world.whose("erp", each) for each in "12"]
    before = await other.customers([one, two])
    for nth in range(5):
        await world.see("erp", "1", "N1", name=f"After {nth}")
    after = await other.customers([one, two])
    assert after[one].display_name == "After 4"  # type: ignore[union-attr]
    assert after[two] == before[two]
    assert after[two] is not before[two]
    async with other.database.reading() as connection:
        assert (await connection.execute(select(func.count()).select_from(customer_changes))).scalar_one() == 3


async def test_a_hundred_and_more_are_read_as_one_is(world: Any, other: Crosswalk) -> None:
    await world.observe("erp", *(world.record(str(each), f"N{each}") for each in range(250)))
    uids = await everybody(other)
    assert await other.customers(uids) == (await as_it_is(other, uids))[0]
    assert None not in (await other.customers(uids)).values()


async def test_whatever_is_done_nobody_is_shown_as_before(world: Any, other: Crosswalk) -> None:
    """Random steps in one process; after each, another one that has looked before shows what the tables hold."""
    chance = random.Random(11)
    for step in range(60):
        await chance.choice([_seen, _seen, _seen, _gone, _linked, _unlinked, _erased])(world, chance)
        uids = await everybody(other)
        asked = chance.sample(uids, min(len(uids), chance.choice([3, len(uids)])))
        for crosswalk in (other, world.crosswalk):
            told = (await crosswalk.customers(asked), await crosswalk.refs(asked))
            assert told == await as_it_is(crosswalk, asked), step


async def test_nobody_is_shown_as_before_by_readers_and_writers_at_once(world: Any, other: Crosswalk) -> None:
    await world.observe("erp", *(world.record(each, f"N{each}", name="0") for each in "123"))
    uids = [await world.whose("erp", each) for each in "123"]
    written = 0

    async def read() -> None:
        while written < 20:
            least = written
            shown = await other.customers(uids)
            assert all(int(each.display_name) >= least for each in shown.values() if each is not None)
            await asyncio.sleep(0)

    async def write() -> None:
        nonlocal written
        for nth in range(1, 21):
            await world.observe("erp", *(world.record(each, f"N{each}", name=str(nth)) for each in "123"))
            written = nth

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for work in (read, read, read, write):
            group.create_task(work())


Step = Callable[[Any, random.Random], Awaitable[None]]
SYSTEMS = ("erp", "crm", "billing")


async def _seen(world: Any, chance: random.Random) -> None:
    ident = str(chance.randrange(4))
    parent = CustomerRef("party", str(chance.randrange(4))) if chance.random() < 0.4 else None
    said = {"name": chance.choice(["Ada", "Bert", "Cleo"]), "parent": parent, "url": f"https://x/{chance.randrange(3)}"}
    number = chance.choice([f"N{ident}", f"N{chance.randrange(4)}", None])
    await world.see(chance.choice(SYSTEMS), ident, number, emails=(f"{chance.randrange(4)}@a.example",), **said)


async def _gone(world: Any, chance: random.Random) -> None:
    ref = CustomerRef("party", str(chance.randrange(4)))
    await world.crosswalk.gone(world.origins[chance.choice(SYSTEMS)], [ref])


async def _ruled(world: Any, chance: random.Random) -> tuple[str, CustomerRef, str] | None:
    system, ident = chance.choice(SYSTEMS), str(chance.randrange(4))
    if await world.whose(system, ident) is None:
        return None
    return world.uid(system), CustomerRef("party", ident), chance.choice(await everybody(world.crosswalk))


async def _linked(world: Any, chance: random.Random) -> None:
    if (ruled := await _ruled(world, chance)) is not None:
        await world.crosswalk.link(*ruled, decided_by="steward")


async def _unlinked(world: Any, chance: random.Random) -> None:
    if (ruled := await _ruled(world, chance)) is not None:
        await world.crosswalk.unlink(*ruled, decided_by="steward")


async def _erased(world: Any, chance: random.Random) -> None:
    uids = await everybody(world.crosswalk)
    if uids:
        await world.crosswalk.erase(chance.choice(uids), "officer")
