"""How a list of a customer is read: from every system of record where the customer has a record."""

from collections.abc import Sequence
from typing import Any

from strawberry.types import Info

from resolvers.connections import Connection, page_length
from resolvers.context import Context, context, named
from resolvers.cursors import NotACursor
from resolvers.edges import ListEdge
from resolvers.errors import bad_input, from_fault
from resolvers.loaders import EVERYTHING
from resolvers.merging import Merged, Part, merge
from sources.canonical.customer import Customer
from sources.canonical.provenance import CustomerRef, Position
from sources.capabilities import CaseFilter, InvoiceFilter, Page, Window
from sources.systems import System

Filter = CaseFilter | InvoiceFilter | None


def records_in(shared: Context, customer: Customer, kind: str) -> list[tuple[System, CustomerRef]]:
    """Where a customer has records of a kind: each system of record with the record that stands for the customer."""
    found = []
    for system in shared.systems.of(kind):
        uid = system.uid
        for identity in customer.identities:
            if identity.source == uid:
                found.append((system, CustomerRef(identity.record_type, identity.record_id)))
    return found


def part(shared: Context, system: System, ref: CustomerRef, method: str, keep: Filter, key: str | None = None) -> Part:
    """A customer's list in one system, as a part of a merged one."""

    async def read(after: Position | None) -> Page[Any]:
        window = EVERYTHING if after is None and keep is None else Window(after=after, filter=keep)
        page: Page[Any] = await shared.loaders.one(system, method, ref, window)
        return page

    return Part(key or system.uid, system, read)


async def customer_list(
    customer: Customer, info: Info[Any, Any], edge: ListEdge, first: int | None, after: str | None, keep: Filter = None
) -> Connection[Any] | None:
    """An edge of a customer; None where no source is configured for it."""
    shared = context(info)
    if not shared.systems.of(edge.kind):
        return None
    parts = [part(shared, system, ref, edge.method, keep) for system, ref in records_in(shared, customer, edge.kind)]
    return (await page_of_parts(info, parts, first, after)).connection


async def page_of_parts(info: Info[Any, Any], parts: Sequence[Part], first: int | None, after: str | None) -> Merged:
    """A merged page. Where every part failed the edge is null with their errors; where some did, these are told."""
    shared = context(info)
    try:
        merged = await merge(parts, page_length(first), after)
    except NotACursor:
        raise bad_input("after is not a cursor of this list") from None
    faults = named([(failed.system, fault) for failed, fault in merged.faults])
    if faults and len(merged.faults) == len(parts):
        system, fault = faults.popitem()
        shared.tell(info, faults)
        raise from_fault(system, fault)
    shared.tell(info, faults)
    return merged
