"""Which customers an answer tells of: noted where a record becomes an object of the answer.

graphql-core asks each type whether a value is of it, once for each object. That question is where it is noted, so it
costs a call for each record that begins a customer's part of the answer, and nothing for the fields below.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any, TypeVar

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from resolvers.disclosure.owners import CUSTOMER, owned_types
from resolvers.disclosure.selecting import Disclosure
from sources.canonical.provenance import CustomerRef, Listed
from sources.canonical.sensitivity import Sensitivity

K = TypeVar("K")


class Shown:
    """What one answer has told so far, and of whom. `on_first` is called when the first of it is noted."""

    def __init__(self, disclosure: Disclosure, on_first: Callable[[], None]) -> None:
        self.customers: dict[str, frozenset[Sensitivity]] = {}
        self.owners: dict[tuple[str, CustomerRef], frozenset[Sensitivity]] = {}
        """By records in sources that stand for customers, whose uids are not known yet."""
        self.records: dict[tuple[str, str], frozenset[Sensitivity]] = {}
        """By records of nobody that is known: the system's name and the vendor's id."""
        self.systems: dict[str, str] = {}
        """Names of systems by their uids, as the records tell them."""
        self._sites = disclosure.sites
        self._on_first: Callable[[], None] | None = on_first

    def note(self, type_name: str, record: Any, nodes: list[Any]) -> None:
        """A record of an owned type is an object of the answer, brought by these fields."""
        told: frozenset[Sensitivity] = frozenset()
        for node in nodes:
            types = self._sites.get(id(node))
            if types is not None:
                told |= types.get(type_name, told)
        if not told:
            return
        noted, key = self._place(type_name, record)
        if key is not None:
            add(noted, key, told)
        if self._on_first is not None:
            self._on_first()
            self._on_first = None

    def _place(self, type_name: str, record: Any) -> tuple[dict[Any, frozenset[Sensitivity]], Any]:
        if not isinstance(record, Listed):
            return self.customers, record.uid if type_name == CUSTOMER else record.customer_uid
        origin = record.provenance
        if record.customer_ref is None:
            return self.records, (origin.system, origin.record_id)
        self.systems[origin.source] = origin.system
        return self.owners, (origin.source, record.customer_ref)


def add(noted: dict[K, frozenset[Sensitivity]], key: K, classes: frozenset[Sensitivity]) -> None:
    """Note classes beside those that are noted."""
    noted[key] = noted.get(key, frozenset()) | classes


def note_owners(schema: GraphQLSchema) -> None:
    """Let every type whose records are some customer's note them. Once for a schema."""
    for name in owned_types(schema):
        kind = schema.type_map[name]
        if isinstance(kind, GraphQLObjectType) and kind.is_type_of is not None:
            kind.is_type_of = partial(_noting, name, kind.is_type_of)


def _noting(name: str, is_type_of: Callable[[Any, Any], Any], value: Any, info: Any) -> Any:
    is_it = is_type_of(value, info)
    shown: Shown | None = getattr(info.context, "shown", None)
    if is_it and shown is not None:
        shown.note(name, value, info.field_nodes)
    return is_it


def once_per_operation(schema: GraphQLSchema) -> None:
    """Let what a mutation did be answered again without being done again. Once for a schema.

    An answer is worked out anew where it turns out late that a part of it has to be withheld.
    """
    root = schema.mutation_type
    for field in root.fields.values() if root is not None else ():
        _do_once(field)


def _do_once(field: GraphQLField) -> None:
    resolve: Any = field.resolve

    def resolved(source: Any, info: Any, **arguments: Any) -> Any:
        done: dict[str, Any] = info.context.done
        if info.path.key not in done:
            result = resolve(source, info, **arguments)
            done[info.path.key] = asyncio.ensure_future(result) if isawaitable(result) else result
        return done[info.path.key]

    field.resolve = resolved
