"""Polling what changed: read anew, told on, by one process at a time."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from sources.canonical.provenance import CustomerRef
from sources.capabilities import Change
from sources.crosswalk.asking import ask_for_number
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.refresh import Poller
from sources.crosswalk.watermarks import give_up_lease, take_lease
from sources.database import open_database
from sources.faults import Malformed, Unavailable
from tests.sources.crosswalk.sources_in_memory import ChangingCustomers, Customers, system

AT = datetime(2026, 1, 1, tzinfo=UTC)


def change(kind: str, ident: str, customer: str | None = None) -> Change:
    return Change(kind, ident, CustomerRef("party", customer) if customer else None, AT)


class Told:
    """A listener that remembers, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.changes: list[tuple[str, str | None]] = []
        self.failures = failures

    async def __call__(self, _: Any, change: Change, uid: str | None) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("listener")
        self.changes.append((change.record_id, uid))


@pytest.fixture
async def crm(world: Any) -> ChangingCustomers:
    source = ChangingCustomers(world.origins["crm"], [world.record("x", "A")])
    await world.observe("crm", world.record("x", "A"))
    await world.crosswalk.set_watermark(world.uid("crm"), "0")
    return source


async def test_a_changed_customer_is_read_anew_and_told_with_its_uid(world: Any, crm: Any) -> None:
    told = Told()
    crm.records[CustomerRef("party", "x")] = world.record("x", "A", name="New name")
    crm.pages = [(change("customer", "x", "x"),), (change("Opportunity", "o1", "x"), change("Contact", "c", None))]
    poller = Poller(world.crosswalk, [system(crm.origin, crm)], told)
    assert await poller.poll(system(crm.origin, crm)) == 3
    uid = await world.whose("crm", "x")
    assert told.changes == [("x", uid), ("o1", uid), ("c", None)]
    assert (await world.crosswalk.customers([uid]))[uid].display_name == "New name"
    assert len(crm.asked) == 1
    fresh = await world.crosswalk.freshness(world.uid("crm"))
    assert (fresh.watermark, fresh.last_change_at) == ("2", AT)
    assert 0 <= fresh.lag_seconds < 60


async def test_a_customer_that_is_gone_is_unlinked_and_one_that_is_new_is_read(world: Any, crm: Any) -> None:
    crm.records = {CustomerRef("party", "y"): world.record("y", "B")}
    crm.pages = [(change("customer", "x", "x"), change("Opportunity", "o", "y"))]
    await Poller(world.crosswalk, [], Told()).poll(system(crm.origin, crm))
    assert await world.whose("crm", "x") is None
    assert await world.whose("crm", "y") is not None


async def test_a_listener_that_fails_is_told_again(world: Any, crm: Any) -> None:
    told = Told(failures=1)
    crm.pages = [(change("Opportunity", "o1", "x"),)]
    poller = Poller(world.crosswalk, [], told)
    with pytest.raises(RuntimeError):
        await poller.poll(system(crm.origin, crm))
    await poller.poll(system(crm.origin, crm))
    assert [ident for ident, _ in told.changes] == ["o1"]


async def test_a_record_that_cannot_be_read_now_is_asked_again_and_one_that_never_can_is_passed(
    world: Any, crm: Any
) -> None:
    crm.pages = [(change("customer", "x", "x"),)]
    poller = Poller(world.crosswalk, [], Told())
    crm.faults = {CustomerRef("party", "x"): Unavailable("503")}
    with pytest.raises(Unavailable):
        await poller.poll(system(crm.origin, crm))
    assert await world.crosswalk.watermark(world.uid("crm")) == "0"
    crm.faults = {CustomerRef("party", "x"): Malformed("no name")}
    await poller.poll(system(crm.origin, crm))
    assert await world.crosswalk.watermark(world.uid("crm")) == "1"


async def test_of_two_processes_one_polls_and_the_other_takes_over(world: Any, crm: Any, database_url: str) -> None:
    other = Crosswalk(open_database(database_url), world.crosswalk.settings)  # a process has connections of its own
    await other.register_systems([(origin.system, origin.kind, origin.uid, 1) for origin in world.origins.values()])
    crosswalks = (world.crosswalk, other)
    pollers = [Poller(each, [system(crm.origin, crm)], Told(), 0.02, lease_seconds=0.6) for each in crosswalks]
    tasks = [asyncio.create_task(poller.run()) for poller in pollers]
    await until(lambda: crm.polls > 2)
    assert sum(poller.leading for poller in pollers) == 1
    leader = 0 if pollers[0].leading else 1
    await ended(tasks[leader])
    await until(lambda: pollers[1 - leader].leading)
    polls = crm.polls
    await until(lambda: crm.polls > polls)
    await ended(tasks[1 - leader])
    await other.database.close()


async def test_a_source_that_fails_is_asked_less_often_and_leaves_the_others_alone(world: Any, crm: Any) -> None:
    broken = ChangingCustomers(world.origins["support"], [])
    broken.fault = Unavailable("down")
    systems = [system(crm.origin, crm), system(broken.origin, broken)]
    task = asyncio.create_task(Poller(world.crosswalk, systems, Told(), 0.02).run())
    await until(lambda: crm.polls >= 20)
    await ended(task)
    assert 1 <= broken.polls < crm.polls / 2


async def test_a_lease_is_held_by_one_until_it_is_given_up_or_runs_out(world: Any) -> None:
    database = world.crosswalk.database
    assert await take_lease(database, "l", "a", 30.0)
    assert await take_lease(database, "l", "a", 30.0)
    assert not await take_lease(database, "l", "b", 30.0)
    await give_up_lease(database, "l", "b")
    assert not await take_lease(database, "l", "b", 30.0)
    await give_up_lease(database, "l", "a")
    assert await take_lease(database, "l", "b", -1.0)
    assert await take_lease(database, "l", "a", 30.0)


async def test_a_number_that_is_not_known_is_asked_of_every_source_once(world: Any) -> None:
    sources = {n: Customers(world.origins[n], [world.record(f"{n}1", "C-7")]) for n in ("erp", "billing")}
    systems = [system(source.origin, source) for source in sources.values()]
    (uid,) = await ask_for_number(world.crosswalk, systems, "C-7")
    assert await ask_for_number(world.crosswalk, systems, "c-7") == (uid,)
    assert [source.asked for source in sources.values()] == [[("C-7",)], [("C-7",)]]
    assert await world.together(("erp", "erp1"), ("billing", "billing1"))


async def test_a_source_that_is_down_is_told_only_where_the_number_was_found_nowhere(world: Any) -> None:
    erp = Customers(world.origins["erp"], [world.record("1", "C-7")])
    billing = Customers(world.origins["billing"], [])
    billing.fault = Unavailable("down")
    systems = [system(erp.origin, erp), system(billing.origin, billing)]
    assert len(await ask_for_number(world.crosswalk, systems, "C-7")) == 1
    with pytest.raises(Unavailable):
        await ask_for_number(world.crosswalk, systems, "C-8")


async def until(holds: Any) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  what is waited for has no event of its own
            await asyncio.sleep(0.01)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
