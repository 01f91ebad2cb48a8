"""Edges that are asked for all parents of a level at once, without a coroutine for each of them.

They put their keys into the loaders' line, so that a call is shared with whatever else asks for the same, and wait
for the batch. What is not usual (several systems, filters, places within a list) is worked out by the edge's own
resolver, out of the loaders.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from aiodataloader import DataLoader

from resolvers import edges, merging
from resolvers.connections import Connection, Edge, PageInfo, given, page_length
from resolvers.errors import from_fault
from resolvers.exposure import camel_case
from resolvers.lists import records_in
from resolvers.loaders import EVERYTHING, arrived
from resolvers.merging import Entry, Part
from resolvers.plans.shapes import Field
from resolvers.plans.sites import Asking, Batch, Site, Waiting
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Page
from sources.faults import SourceFault
from sources.systems import System

Place: TypeAlias = tuple[System, CustomerRef]
NEVER = datetime.max.replace(tzinfo=UTC)


class ListBatch:
    """A list of customers, all of them in one wave."""

    def __init__(self, edge: edges.ListEdge) -> None:
        self._edge = edge

    def __str__(self) -> str:
        return f"{self._edge.method} of each system of record of {self._edge.kind}"

    def begin(self, run: Asking, site: Site, entries: Sequence[Waiting]) -> Any:
        """The customers' places, with the page of each that has one; None where each is to ask by itself."""
        edge, named = self._edge, run.arguments[site.field.number]
        systems = run.context.systems.of(edge.kind)
        if not systems or given(named.get("after")) is not None or given(named.get("filter")):
            return None
        page_length(given(named.get("first")))  # raises, as for each of them
        lines = _lines(run, systems, edge.method, EVERYTHING)
        places = [records_in(run.context, customer, edge.kind) for _, customer, _ in entries]
        return [(each, lines[each[0][0].uid].load(each[0][1]) if len(each) == 1 else None) for each in places]

    async def finish(self, run: Asking, site: Site, entries: Sequence[Waiting], begun: Any) -> Sequence[Any]:
        if begun is None:
            return await run.each(site, entries)
        await arrived([future for _, future in begun])
        first = page_length(given(run.arguments[site.field.number].get("first")))
        make = _with_cursors if site.cursors else _without_cursors
        results = [_page(make, places, future, first) for places, future in begun]
        left = [index for index, result in enumerate(results) if result is None]
        if left:
            more = await run.each(site, [entries[index] for index in left])
            for index, result in zip(left, more, strict=True):
                results[index] = result
        return results


class FirstBatch:
    """A customer's record in the first system of record that has one."""

    def __init__(self, kind: str, method: str) -> None:
        self._kind = kind
        self._method = method

    def __str__(self) -> str:
        return f"{self._method} of each system of record of {self._kind}"

    def begin(self, run: Asking, site: Site, entries: Sequence[Waiting]) -> Any:
        """The customers' places, each with its record on its way."""
        lines = _lines(run, run.context.systems.of(self._kind), self._method)
        places = [records_in(run.context, customer, self._kind) for _, customer, _ in entries]
        return [(each, [lines[system.uid].load(ref) for system, ref in each]) for each in places]

    async def finish(self, run: Asking, site: Site, entries: Sequence[Waiting], begun: Any) -> Sequence[Any]:
        await arrived([future for _, futures in begun for future in futures])
        return [_first(places, futures) for places, futures in begun]


class Listing:
    """A page of a list as far as it is asked for: its cursors are not."""

    __slots__ = ("_has_next", "nodes")

    def __init__(self, nodes: Sequence[Any], has_next: bool) -> None:
        self.nodes = nodes
        self._has_next = has_next

    @property
    def edges(self) -> list[Edge[Any]]:
        return [Edge(node, "") for node in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(has_next_page=self._has_next, has_previous_page=False)


NO_RECORDS: Connection[Any] = Connection([], has_next=False, after=None)


def batch_of(field: Field) -> Batch | None:
    """The batch form of a field; None where each record asks by itself."""
    return BATCHES.get(field.coordinate)


def _lines(run: Asking, systems: Sequence[System], method: str, *args: Any) -> dict[str, DataLoader[Any, Any]]:
    return {system.uid: run.context.loaders.line(system, method, *args) for system in systems}


def _page(make: Any, places: Sequence[Place], future: "asyncio.Future[Any] | None", first: int) -> Any:
    """The first page of a customer's list; None where more has to be read for it, or from several places."""
    if future is None:
        return None if places else NO_RECORDS
    fault = future.exception()
    if isinstance(fault, SourceFault):
        return from_fault(places[0][0].name, fault)
    page: Page[Any] = future.result()
    if page.next is not None and len(page.records) < first:
        return None
    return make(places[0][0], page, first)


def _without_cursors(system: System, page: Page[Any], first: int) -> Any:
    """Records that are newest first, and all behind what is left, are as they come; others are merged."""
    before = NEVER
    for record in page.records:
        if not (record.at < before and record.provenance.record_id.__class__ is str):
            return _with_cursors(system, page, first)
        before = record.at
    if page.next is not None and page.records and not merging._position(page.records[-1]) >= page.next:
        return _with_cursors(system, page, first)
    return Listing(page.records[:first], len(page.records) > first or page.next is not None)


def _with_cursors(system: System, page: Page[Any], first: int) -> Any:
    part = Part(system.uid, system, _unread)
    reading = merging._Reading(part, None)
    reading.entries = [Entry(merging._position(record), record, part) for record in page.records]
    reading.more, reading.place = page.next is not None, page.next
    horizon = merging._horizon([reading])
    if horizon is not None and len(merging._newest_first([reading], horizon)) < first:
        return None
    return merging._merged([reading], first, {}, None).connection


async def _unread(after: Any) -> Page[Any]:
    return Page(())


def _first(places: Sequence[Place], futures: "Sequence[asyncio.Future[Any]]") -> Any:
    faults = [future.exception() for future in futures]
    for future, fault in zip(futures, faults, strict=True):
        if fault is None and (found := future.result()) is not None:
            return found
    for (system, _), fault in zip(places, faults, strict=True):
        if isinstance(fault, SourceFault):
            return from_fault(system.name, fault)
        if fault is not None:
            raise fault
    return None


BATCHES: dict[str, Batch] = {f"Customer.{camel_case(edge.field)}": ListBatch(edge) for edge in edges.CUSTOMER_LISTS} | {
    "Customer.erpAccount": FirstBatch("ledger", "ledger_accounts"),
    "Customer.taxContext": FirstBatch("tax", "tax_contexts"),
}
