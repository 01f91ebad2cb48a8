"""Who still asks for what is deprecated: read off the validated document, once for each document that is kept."""

import hashlib
import weakref
from collections.abc import Callable
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from sources.canonical.actor import Actor

MAX_CONSUMERS = 100  # labels of a metric live as long as the process; who comes later is counted as "other"
OTHER = "other"
Count = Callable[[str, str], None]


class Deprecations:
    """Counts the deprecated coordinates that documents hold, by consumer."""

    def __init__(self, schema: GraphQLSchema, count: Count) -> None:
        self._schema = schema
        self._any = any(_is_deprecated(each) for kind in schema.type_map.values() for each in _members(kind))
        self._count = count
        self._found: dict[int, frozenset[str]] = {}  # by the document's identity, as long as it lives
        self._consumers: dict[tuple[str, str], str] = {}

    def note(self, document: DocumentNode, actor: Actor) -> None:
        """Someone asks with a valid document."""
        if not self._any:
            return
        for coordinate in self._coordinates(document):
            self._count(coordinate, self._consumer(actor))

    def _coordinates(self, document: DocumentNode) -> frozenset[str]:
        found = self._found.get(id(document))
        if found is None:
            found = self._found[id(document)] = deprecated_in(document, self._schema)
            weakref.finalize(document, self._found.pop, id(document), None).atexit = False
        return found

    def _consumer(self, actor: Actor) -> str:
        who = (actor.issuer, actor.subject)
        if who not in self._consumers:
            if len(self._consumers) >= MAX_CONSUMERS:
                return OTHER
            self._consumers[who] = consumer_name(*who)
        return self._consumers[who]


def consumer_name(issuer: str, subject: str) -> str:
    """A consumer in a metric: the same in every process, and no name of a person."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode(errors="replace")).hexdigest()[:12]


def deprecated_in(document: DocumentNode, schema: GraphQLSchema) -> frozenset[str]:
    """The deprecated coordinates that a valid document holds: fields, arguments, input fields and enum values."""
    info = TypeInfo(schema)
    collector = _Collector(info)
    visit(document, TypeInfoVisitor(info, collector))
    return frozenset(collector.found)


class _Collector(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._info = info

    def enter_field(self, node: Any, *_: Any) -> None:
        self._judge(self._info.get_field_def(), f"{self._info.get_parent_type()}.{node.name.value}")

    def enter_argument(self, node: Any, _key: Any, _parent: Any, _path: Any, ancestors: Any) -> None:
        field = ancestors[-1] if not isinstance(ancestors[-1], list | tuple) else ancestors[-2]
        coordinate = f"{self._info.get_parent_type()}.{field.name.value}({node.name.value}:)"
        self._judge(self._info.get_argument(), coordinate)

    def enter_object_field(self, node: Any, *_: Any) -> None:
        kind = get_named_type(self._info.get_parent_input_type())
        if isinstance(kind, GraphQLInputObjectType):
            self._judge(kind.fields.get(node.name.value), f"{kind.name}.{node.name.value}")

    def enter_enum_value(self, node: Any, *_: Any) -> None:
        self._judge(self._info.get_enum_value(), f"{get_named_type(self._info.get_input_type())}.{node.value}")

    def _judge(self, definition: Any, coordinate: str) -> None:
        if definition is not None and _is_deprecated(definition):
            self.found.add(coordinate)


def _members(kind: Any) -> list[Any]:
    found = [*getattr(kind, "fields", {}).values(), *getattr(kind, "values", {}).values()]
    return found + [argument for field in found for argument in getattr(field, "args", {}).values()]


def _is_deprecated(definition: Any) -> bool:
    return getattr(definition, "deprecation_reason", None) is not None
