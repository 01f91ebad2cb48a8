"""The fields with which an operation begins: which records they bring, and what finding them costs."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from resolvers import ids
from resolvers.costing.demand import Demand, Population
from resolvers.costing.prices import Arguments, length_of
from resolvers.edges import RECORD_READS
from sources.capabilities import CustomerReads, DocumentSearch
from sources.methods import METHODS

Root: TypeAlias = Callable[[Demand, Arguments], list[Population]]
READS = {read.record.__name__: read.method for read in RECORD_READS}
CUSTOMER = "Customer"


def _customer(_: Demand, __: Arguments) -> list[Population]:
    return [Population(1, type_name=CUSTOMER)]


def _customer_by(demand: Demand, arguments: Arguments) -> list[Population]:
    key = arguments.get("key")
    if isinstance(key, dict) and key.get("number") is not None:
        _numbers(demand, 1)
    return [Population(1, type_name=CUSTOMER)]


def _customers(demand: Demand, arguments: Arguments) -> list[Population]:
    if arguments.get("search"):
        for system in demand.systems.all:
            if isinstance(system.adapter, DocumentSearch):
                demand.records(system, "customers_of_document", Population(1))
    return [Population(length_of(arguments), type_name=CUSTOMER)]


def _conflicts(_: Demand, arguments: Arguments) -> list[Population]:
    return [Population(length_of(arguments), type_name="IdentityConflict")]


def _node(demand: Demand, arguments: Arguments) -> list[Population]:
    return _records(demand, [arguments.get("id")])


def _nodes(demand: Demand, arguments: Arguments) -> list[Population]:
    asked = arguments.get("ids")
    return _records(demand, asked if isinstance(asked, list) else [asked])


def _entities(demand: Demand, arguments: Arguments) -> list[Population]:
    given = arguments.get("representations")
    asked = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, dict)]
    named = [each for each in asked if each.get("__typename") == CUSTOMER]
    by_number = {str(each.get("number")) for each in named if each.get("id") is None}
    if by_number:
        _numbers(demand, len(by_number))
    found = _records(demand, [each.get("id") for each in asked if each not in named])
    return [*found, Population(len(named), type_name=CUSTOMER)] if named else found


def _numbers(demand: Demand, count: int) -> None:
    """Customer numbers that the crosswalk may not know: every source that has customers is asked."""
    asked = Population(count)
    for system in demand.systems.all:
        if isinstance(system.adapter, CustomerReads):
            demand.records(system, "customers_by_number", asked)


def _records(demand: Demand, global_ids: Iterable[Any]) -> list[Population]:
    counts: Counter[tuple[str, str]] = Counter()
    for global_id in {each for each in global_ids if isinstance(each, str)}:
        try:
            parts = ids.decode(global_id)
        except ids.NotAnId:
            continue
        counts[parts.type, parts.source] += 1
    populations = []
    for (type_name, source), count in counts.items():
        population = Population(count, type_name=type_name)
        populations.append(population)
        system = demand.systems.by_uid(source)
        method = READS.get(type_name)
        if system is not None and method is not None and isinstance(system.adapter, METHODS[method].protocol):
            demand.records(system, method, population)
    return populations


ROOTS: dict[str, Root] = {
    "Query.customer": _customer,
    "Query.customerBy": _customer_by,
    "Query.customers": _customers,
    "Query.identityConflicts": _conflicts,
    "Query.node": _node,
    "Query.nodes": _nodes,
    "Query._entities": _entities,
}
