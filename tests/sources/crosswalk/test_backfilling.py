"""Reading all customers of the sources: resumed where it was stopped, the same however often, in little memory."""

import os
import time
from typing import Any

import psutil
import pytest

from sources.canonical.sensitivity import Sensitivity
from sources.crosswalk.backfill import backfill, masters_first
from sources.crosswalk.words import CustomerQuery
from sources.faults import SourceFault
from tests.sources.crosswalk.sources_in_memory import ChangingCustomers, Customers, system

FULL_SIZE = os.environ.get("C360_FULL_SIZE")
CUSTOMERS = 100_000 if FULL_SIZE else 3_000
MEMORY_BYTES = 2 * 1024**3 if FULL_SIZE else 150 * 1024**2


def record(world: Any, i: int, kind: str = "p", numbered: bool = True) -> Any:
    said = {"name": f"Customer {i} GmbH", "emails": (f"info@c{i}.example",), "domains": (f"c{i}.example",)}
    return world.record(f"{kind}{i}", f"C-{i:06}" if numbered else None, **said)


def quiet(count: int, total: int | None) -> None:
    pass


async def test_a_backfill_tells_how_far_it_is(world: Any) -> None:
    source = Customers(world.origins["erp"], [record(world, i) for i in range(250)])
    told: list[tuple[int, int | None]] = []
    result = await backfill(world.crosswalk, system(source.origin, source), lambda n, of: told.append((n, of)))
    assert told == [(100, 250), (200, 250), (250, 250)]
    assert (result.records, result.changed) == (250, 250)


async def test_a_backfill_that_was_stopped_goes_on_where_it_was(world: Any) -> None:
    source = Customers(world.origins["erp"], [record(world, i) for i in range(1300)])
    source.fail_after = 1200
    with pytest.raises(SourceFault):
        await backfill(world.crosswalk, system(source.origin, source), quiet)
    result = await backfill(world.crosswalk, system(source.origin, source), quiet)
    assert source.resumed == [None, "1000"]
    assert result.records == 1300
    assert (await world.crosswalk.search(CustomerQuery())).total == 1300


async def test_a_backfill_that_ended_starts_anew_and_changes_nothing(world: Any) -> None:
    source = Customers(world.origins["erp"], [record(world, i) for i in range(120)])
    await backfill(world.crosswalk, system(source.origin, source), quiet)
    again = await backfill(world.crosswalk, system(source.origin, source), quiet)
    assert source.resumed == [None, None]
    assert (again.records, again.changed) == (120, 0)


async def test_changes_are_noted_from_before_the_backfill_on(world: Any) -> None:
    source = ChangingCustomers(world.origins["crm"], [record(world, 1)])
    source.pages = [(), (), ()]
    await backfill(world.crosswalk, system(source.origin, source), quiet)
    assert await world.crosswalk.watermark(world.uid("crm")) == "3"
    source.pages.append(())
    await backfill(world.crosswalk, system(source.origin, source), quiet)
    assert await world.crosswalk.watermark(world.uid("crm")) == "3"


async def test_an_empty_source_is_filled_at_once(world: Any) -> None:
    source = Customers(world.origins["erp"], [])
    assert (await backfill(world.crosswalk, system(source.origin, source), quiet)).records == 0


async def test_systems_of_record_come_first_and_others_without_customers_not_at_all(world: Any) -> None:
    systems = [system(origin, Customers(origin, [])) for origin in world.origins.values()]
    systems.append(system(world.origins["support"], object()))
    ordered = masters_first(systems, ("crm", "erp"))
    assert [s.name for s in ordered] == ["crm", "erp", "billing", "support"]


async def test_many_customers_of_two_sources_take_little_memory_and_time(world: Any) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    started = time.process_time()
    for name, numbered in (("erp", True), ("billing", False)):
        source = Customers(world.origins[name], [])
        source.records = Generated(world, name, numbered)
        await backfill(world.crosswalk, system(source.origin, source), quiet)
    seconds = time.process_time() - started
    assert process.memory_info().rss - before < MEMORY_BYTES
    assert 2 * CUSTOMERS / seconds > 300  # by processor time, of a machine that is busy with other things
    page = await world.crosswalk.search(CustomerQuery(text="customer 77", classes=frozenset(Sensitivity)))
    links = (await world.crosswalk.refs(page.uids[:1]))[page.uids[0]]
    assert {link.source_uid for link in links} == {world.uid("erp"), world.uid("billing")}


class Generated:
    """Records that are made when they are asked for, so that the source itself takes no memory."""

    def __init__(self, world: Any, kind: str, numbered: bool) -> None:
        self.make = lambda i: record(world, i, kind, numbered)

    def values(self) -> "Generated":
        return self

    def __iter__(self) -> Any:
        return (self.make(i) for i in range(CUSTOMERS))
