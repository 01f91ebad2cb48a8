"""Edges that are asked for all parents of a level at once, without a coroutine for each of them.

They put their keys into the loaders' line, so that a call is shared with whatever else asks for the same, and wait
for the batch. What is not usual (several systems, filters, places within a list) is worked out by the edge's own
resolver, out of the loaders.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from resolvers import edges, merging
from resolvers.connections import Connection, Edge, PageInfo, given, page_length
from resolvers.errors import from_fault
from resolvers.exposure import camel_case
from resolvers.lists import records_in
from resolvers.loaders import EVERYTHING
from resolvers.merging import Entry, Part
from resolvers.plans.shapes import Field
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Page
from sources.faults import SourceFault
from sources.systems import System

if TYPE_CHECKING:
    from resolvers.plans.plan import Site
    from resolvers.plans.running import Run, Waiting

Batch: TypeAlias = Callable[["Run", "Site", Sequence["Waiting"]], Awaitable[Sequence[Any]]]
NEVER = datetime.max.replace(tzinfo=UTC)


class ListBatch:
    """A list of customers, all of them in one wave."""

    def __init__(self, edge: edges.ListEdge) -> None:
        self._edge = edge

    def __str__(self) -> str:
        return f"{self._edge.method} of each system of record of {self._edge.kind}"

    async def __call__(self, run: "Run", site: "Site", entries: "Sequence[Waiting]") -> Sequence[Any]:
        edge, shared = self._edge, run.context
        if not shared.systems.of(edge.kind):
            return [None] * len(entries)
        given_values = run.arguments[site.field.number]
        if given(given_values.get("after")) is not None or given(given_values.get("filter")):
            return await run.each(site, entries)
        first = page_length(given(given_values.get("first")))  # outside its bounds it raises, as for each of them
        places = [records_in(shared, customer, edge.kind) for _, customer, _ in entries]
        loading = [
            shared.loaders.loading(each[0][0], edge.method, each[0][1], EVERYTHING) if len(each) == 1 else None
            for each in places
        ]
        others = [entry for entry, each in zip(entries, places, strict=True) if len(each) > 1]
        answers = iter(await run.each(site, others) if others else ())
        await all_of(loading)
        make = _with_cursors if site.cursors else _without_cursors
        results: list[Any] = []
        later: list[int] = []
        for index, (place, future) in enumerate(zip(places, loading, strict=True)):
            if future is not None:
                results.append(_page(make, place[0], future, first))
                if results[-1] is None:
                    later.append(index)
            else:
                results.append(next(answers) if place else NO_RECORDS)
        if later:
            more = await run.each(site, [entries[index] for index in later])
            for index, result in zip(later, more, strict=True):
                results[index] = result
        return results


class FirstBatch:
    """A customer's record in the first system of record that has one."""

    def __init__(self, kind: str, method: str) -> None:
        self._kind = kind
        self._method = method

    def __str__(self) -> str:
        return f"{self._method} of each system of record of {self._kind}"

    async def __call__(self, run: "Run", site: "Site", entries: "Sequence[Waiting]") -> Sequence[Any]:
        shared = run.context
        places = [records_in(shared, customer, self._kind) for _, customer, _ in entries]
        loading = [[shared.loaders.loading(system, self._method, ref) for system, ref in each] for each in places]
        await all_of([future for each in loading for future in each])
        return [_first(place, futures) for place, futures in zip(places, loading, strict=True)]


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


async def all_of(loading: "Sequence[asyncio.Future[Any] | None]") -> None:
    """Wait until all are there. Those of one batch come together, so few are waited for."""
    for future in loading:
        if future is not None and not future.done():
            try:
                await asyncio.shield(future)  # a plan that is given up must not take others' answers along
            except SourceFault:
                continue  # it is looked at in its place


def batch_of(field: Field) -> Batch | None:
    """The batch form of a field; None where each record asks by itself."""
    return BATCHES.get(field.coordinate)


def _page(make: Any, place: tuple[System, CustomerRef], future: "asyncio.Future[Any]", first: int) -> Any:
    """The first page of a customer's list; None where what came does not fill it and there is more."""
    fault = future.exception()
    if isinstance(fault, SourceFault):
        return from_fault(place[0].name, fault)
    page: Page[Any] = future.result()
    if page.next is not None and len(page.records) < first:
        return None
    return make(place[0], page, first)


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


def _first(places: Sequence[tuple[System, CustomerRef]], futures: "Sequence[asyncio.Future[Any]]") -> Any:
    faults = [future.exception() for future in futures]
    for future, fault in zip(futures, faults, strict=True):
        if fault is None and (found := future.result()) is not None:
            return found
    for (system, _), fault in zip(places, faults, strict=True):
        if isinstance(fault, SourceFault):
            return from_fault(system.name, fault)
    return None


BATCHES: dict[str, Batch] = {f"Customer.{camel_case(edge.field)}": ListBatch(edge) for edge in edges.CUSTOMER_LISTS} | {
    "Customer.erpAccount": FirstBatch("ledger", "ledger_accounts"),
    "Customer.taxContext": FirstBatch("tax", "tax_contexts"),
}
