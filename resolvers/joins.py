"""Records that name one another: found in the lists of the customer whose they are.

The lists are those that the customer's own edges ask for, so a join costs nothing more where these were asked;
a record that is named by its id and is not in the list is read by it.
"""

from collections.abc import Callable
from typing import Any

from strawberry.types import Info

from resolvers.context import context, named
from resolvers.edges import ListEdge
from resolvers.errors import from_fault
from resolvers.lists import records_in
from resolvers.loaders import settled
from sources.canonical.customer import Customer
from sources.canonical.provenance import Listed
from sources.faults import NotOffered, SourceFault


async def siblings(record: Listed, info: Info[Any, Any], edge: ListEdge) -> tuple[Any, ...]:
    """The same customer's records of another kind in the same source. Raises the source's fault as an error."""
    shared = context(info)
    system = shared.systems.by_uid(record.provenance.source)
    if system is None or record.customer_ref is None:
        return ()
    try:
        return await shared.loaders.everything(system, edge.method, record.customer_ref)
    except SourceFault as fault:
        raise from_fault(system.name, fault) from None


async def relatives(customer: Customer, info: Info[Any, Any], edge: ListEdge) -> list[Any]:
    """A customer's records of a kind in all systems of record; those that did not answer are told beside."""
    shared = context(info)
    places = records_in(shared, customer, edge.kind)
    answers = await settled([shared.loaders.everything(system, edge.method, ref) for system, ref in places])
    failed = [(system, answer) for (system, _), answer in zip(places, answers, strict=True) if _failed(answer)]
    if failed and len(failed) == len(places):
        system, fault = failed[0]
        raise from_fault(system.name, fault)
    shared.tell(info, named([(system, fault) for system, fault in failed if not isinstance(fault, NotOffered)]))
    return [record for answer in answers if not _failed(answer) for record in answer]


async def sibling(
    record: Listed,
    info: Info[Any, Any],
    edge: ListEdge,
    is_it: Callable[[Any], bool],
    *,
    by_id: tuple[str, str] | None = None,
) -> Any:
    """One of the siblings; where none is it, the record that (method, id) gives."""
    found = next(filter(is_it, await siblings(record, info, edge)), None)
    if found is not None or by_id is None:
        return found
    shared = context(info)
    system = shared.systems.by_uid(record.provenance.source)
    if system is None:
        return None
    method, key = by_id
    try:
        return await shared.loaders.one(system, method, key)
    except SourceFault as fault:
        raise from_fault(system.name, fault) from None


def _failed(answer: Any) -> bool:
    return isinstance(answer, SourceFault)
