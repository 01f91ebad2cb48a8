"""The selections of an operation, merged and typed: what a plan's source is written from."""

from collections.abc import Sequence

import msgspec
from graphql import FieldNode, GraphQLField, GraphQLLeafType, GraphQLString

from resolvers.plans.resolvers import How, Way

SIMPLE = frozenset({Way.ATTRIBUTE, Way.TYPENAME})


class Leaf(msgspec.Struct, frozen=True):
    """A scalar or an enum."""

    type: GraphQLLeafType


class Items(msgspec.Struct, frozen=True):
    """A list."""

    item: "Value"


class Value(msgspec.Struct, frozen=True):
    """What a field, or an item of a list, is."""

    nullable: bool
    of: "Leaf | Items | Object | Choice"


TEXT = Value(True, Leaf(GraphQLString))


class Object(msgspec.Struct, eq=False):
    """A selection on an object type."""

    number: int
    type_name: str
    record: type | None
    """The class that its source must be of; None where the type does not ask."""
    fields: Sequence["Field"]
    noted: Sequence[FieldNode] | None
    """The fields that bring it, where whose it is must be noted."""

    @property
    def is_plain(self) -> bool:
        """Whether it is written by an expression alone: no path, no request, nothing to wait for."""
        return self.noted is None and all(field.is_plain for field in self.fields)


class Choice(msgspec.Struct, eq=False):
    """A selection on an interface or a union, by the record's class."""

    number: int
    type_name: str
    options: Sequence[Object]


class Field(msgspec.Struct, eq=False):
    """A field of the answer."""

    number: int
    key: str
    """Its name in the answer."""
    parent: str
    """The type that it is a field of."""
    nodes: Sequence[FieldNode]
    definition: GraphQLField | None
    """None for __typename."""
    how: How
    value: Value

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.nodes[0].name.value}"

    @property
    def is_site(self) -> bool:
        """Whether it is waited for."""
        return self.how.way is Way.ASYNC

    @property
    def is_plain(self) -> bool:
        how = self.how
        simple = how.way in SIMPLE or (how.way is Way.SYNC and not how.info)
        return simple and not (how.judged or how.arguments) and _plain(self.value)


def _plain(value: Value) -> bool:
    of = value.of
    if isinstance(of, Items):
        return _plain(of.item)
    return isinstance(of, Leaf) or (isinstance(of, Object) and of.is_plain)


def inner(value: Value) -> Leaf | Object | Choice:
    """What a value holds below its lists."""
    of = value.of
    while isinstance(of, Items):
        of = of.item.of
    return of


def objects_of(value: Value) -> Sequence[Object]:
    """The objects that a value may be."""
    found = inner(value)
    if isinstance(found, Choice):
        return found.options
    return (found,) if isinstance(found, Object) else ()
