"""Query.node and nodes: any record by its global id, within what the viewer may see."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry.types import Info

from resolvers import ids
from resolvers.arguments import RecordId, RecordIds
from resolvers.context import Context, context
from resolvers.edges import RECORD_READS
from resolvers.errors import bad_input, from_fault
from resolvers.exposure import field
from resolvers.interfaces import Node
from resolvers.roots.conflicts import conflict_node
from resolvers.rows import admits
from sources.canonical.provenance import Listed
from sources.faults import SourceFault

CUSTOMER = "Customer"
MAX_NODES = 100
READS = {read.record.__name__: read for read in RECORD_READS}
NODE_READS: dict[str, Callable[[Context, str], Awaitable[Any]]] = {
    CUSTOMER: Context.customer,
    "IdentityConflict": conflict_node,
}
"""How what is no source's record is read, by its type's name: (context, the last part of its global id) -> it."""


async def node(info: Info[Any, Any], id: RecordId) -> Any:
    return await record_of_id(context(info), id)


async def nodes(info: Info[Any, Any], ids: RecordIds) -> list[Any]:
    if len(ids) > MAX_NODES:
        raise bad_input(f"ids holds {len(ids)} ids; at most {MAX_NODES} are read at once")
    shared = context(info)
    parts = [_decoded(each) for each in ids]
    customers = await _customers(shared, [each.id for each in parts if each is not None and each.type == CUSTOMER])
    others = [each for each in parts if each is not None and each.type != CUSTOMER]
    records = await asyncio.gather(*(_record(shared, each) for each in others), return_exceptions=True)
    given = {CUSTOMER: iter(customers)}
    rest = iter(records)
    return [None if each is None else next(given.get(each.type, rest)) for each in parts]


async def record_of_id(shared: Context, global_id: str) -> Any:
    """Any record by its global id; None where there is none within the viewer's rows. Raises what failed."""
    parts = _decoded(global_id)
    return None if parts is None else await _record(shared, parts)


async def _customers(shared: Context, uids: Sequence[str]) -> Sequence[Any]:
    """All in one batch, without a coroutine for each: a customer, None or an error for each uid."""
    if CUSTOMER in shared.mask.types:
        return [shared.mask.refusal(CUSTOMER) for _ in uids]
    try:
        found = await shared.loaders.customers(uids)
    except Exception as error:  # the crosswalk's, which is told at each of them
        return [error for _ in uids]
    return [each if each is not None and admits(shared.rows, each) else None for each in found]


async def _record(shared: Context, parts: ids.RecordId) -> Any:
    if parts.type in shared.mask.types:
        raise shared.mask.refusal(parts.type)
    if parts.type in NODE_READS:
        return await NODE_READS[parts.type](shared, parts.id)
    return await record_of(shared, parts) if parts.type in READS else None


def _decoded(global_id: str) -> ids.RecordId | None:
    try:
        return ids.decode(global_id)
    except ids.NotAnId:
        return None


async def record_of(shared: Context, parts: ids.RecordId) -> Listed | None:
    """The record of an id of a type in READS, within the viewer's rows. Raises the source's fault as an error."""
    system = shared.systems.by_uid(parts.source)
    if system is None:
        return None
    try:
        record: Listed | None = await shared.loaders.one(system, READS[parts.type].method, parts.id)
    except SourceFault as fault:
        raise from_fault(system.name, fault) from None
    if record is None or shared.rows.unlimited:
        return record
    owner = await shared.loaders.owner(record)
    return record if owner is not None and await shared.customer(owner.uid) else None


NODE = field(node, Node | None, "Any record by its id; null where there is none, or none within the viewer's rows.")
NODES = field(nodes, list[Node | None], "Several records by their ids, in their order.")
