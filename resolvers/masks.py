"""Who may see what: worked out once for each set of grants, never for each row.

A field needs the class on itself, the class of the type that it leads to (through lists and connections) and the
permission that it names. A type's class so closes every path to the type; an interface or a union is judged by the
record that stands behind it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias

import msgspec
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, get_named_type, is_abstract_type
from strawberry import Schema

from resolvers.errors import GatewayError, forbidden, unrecorded
from resolvers.exposure import CLASS, PERMISSION
from sources.canonical.actor import Grants
from sources.canonical.sensitivity import Sensitivity, class_of_type

Resolver = Callable[..., Any]
ResolveInfo: TypeAlias = "GraphQLResolveInfo[Any]"


class Need(msgspec.Struct, frozen=True):
    """What a viewer needs to see a field."""

    classes: frozenset[Sensitivity]
    permission: str | None

    def met_by(self, grants: Grants) -> bool:
        return self.classes <= grants.classes and (self.permission is None or self.permission in grants.permissions)


class Mask(msgspec.Struct, frozen=True):
    """What a viewer cannot see: field coordinates, and types by name; and the classes that it can see."""

    coordinates: frozenset[str]
    types: frozenset[str]
    seen: frozenset[Sensitivity]
    unrecorded: frozenset[str] = frozenset()
    """Of these, what is withheld only because it cannot be recorded that it is looked at."""

    def refusal(self, name: str) -> GatewayError:
        """Why a coordinate or a type is withheld."""
        return unrecorded(name) if name in self.unrecorded else forbidden(name)


class Masks:
    """The needs of a schema's fields, and the masks made of them. Installs the guards into the schema."""

    def __init__(self, schema: Schema, records: Mapping[str, type]) -> None:
        self._schema = schema
        self._type_classes = {name: class_of_type(record) for name, record in records.items()}
        self._needs: dict[str, Need] = {}
        self._masks: dict[Grants, Mask] = {}
        self._bare: dict[Grants, Mask] = {}
        graph = schema._schema
        for kind in graph.type_map.values():
            if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                self._declare(kind)

    def of(self, grants: Grants) -> Mask:
        """The mask of what these grants do not cover."""
        mask = self._masks.get(grants)
        if mask is None:
            coordinates = frozenset(at for at, need in self._needs.items() if not need.met_by(grants))
            types = frozenset(n for n, c in self._type_classes.items() if c is not None and c not in grants.classes)
            mask = self._masks[grants] = Mask(coordinates, types, grants.classes)
        return mask

    def without(self, grants: Grants, classes: frozenset[Sensitivity]) -> Mask:
        """The mask of these grants while looking at some classes cannot be recorded. Of one set of classes only."""
        mask = self._bare.get(grants)
        if mask is None:
            usual, bare = self.of(grants), self.of(msgspec.structs.replace(grants, classes=grants.classes - classes))
            more = (bare.coordinates - usual.coordinates) | (bare.types - usual.types)
            mask = self._bare[grants] = msgspec.structs.replace(bare, unrecorded=more)
        return mask

    def needs(self) -> Mapping[str, Need]:
        """What each field coordinate needs, e.g. {"Customer.taxContext": Need(...)}."""
        return self._needs

    def _declare(self, kind: GraphQLObjectType) -> None:
        for name, field in kind.fields.items():
            coordinate = f"{kind.name}.{name}"
            own = _metadata(field)
            classes = {own.get(CLASS), self._type_classes.get(kind.name), *self._classes_behind(field)} - {None}
            need = Need(frozenset(c for c in classes if c is not None), own.get(PERMISSION))
            self._needs[coordinate] = need
            if is_abstract_type(get_named_type(field.type)):
                field.resolve = partial(_judge_record, field.resolve)
            if need.permission or need.classes - {self._type_classes.get(kind.name)}:  # the rest is closed on the way
                field.resolve = partial(_guard, coordinate, field.resolve)
                if field.subscribe is not None:
                    field.subscribe = partial(_guard, coordinate, field.subscribe)

    def _classes_behind(self, field: GraphQLField) -> set[Sensitivity | None]:
        target = get_named_type(field.type)
        found = {self._type_classes.get(target.name)}
        if isinstance(target, GraphQLObjectType) and "nodes" in target.fields:
            found.add(self._type_classes.get(get_named_type(target.fields["nodes"].type).name))
        return found


def _guard(coordinate: str, resolve: Resolver, source: Any, info: ResolveInfo, **arguments: Any) -> Any:
    mask: Mask = info.context.mask
    if coordinate in mask.coordinates:
        raise mask.refusal(coordinate)
    return resolve(source, info, **arguments)


def _judge_record(resolve: Resolver, source: Any, info: ResolveInfo, **arguments: Any) -> Any:
    found = resolve(source, info, **arguments)
    if isawaitable(found):
        return _judge_later(found, info)
    return _judged(found, info)


async def _judge_later(found: Any, info: ResolveInfo) -> Any:
    return _judged(await found, info)


def _judged(found: Any, info: ResolveInfo) -> Any:
    mask: Mask = info.context.mask
    if isinstance(found, list):
        return [mask.refusal(type(one).__name__) if type(one).__name__ in mask.types else one for one in found]
    if type(found).__name__ in mask.types:
        raise mask.refusal(type(found).__name__)
    return found


def _metadata(field: GraphQLField) -> Mapping[Any, Any]:
    definition = (field.extensions or {}).get("strawberry-definition")
    return definition.metadata if definition is not None else {}
