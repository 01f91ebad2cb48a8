"""The selections of an operation, merged and typed: what a plan's source is written from."""

from collections.abc import Iterable, Sequence

import msgspec
from graphql import FieldNode, GraphQLField, GraphQLLeafType, GraphQLObjectType, GraphQLString
from graphql.execution.collect_fields import DeferUsage, GroupedFieldSet
from graphql.execution.incremental import DeferUsageSet

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


class Fragment(msgspec.Struct, eq=False):
    """A fragment that is deferred. It begins anew for each object that it is spread in."""

    number: int
    usage: DeferUsage
    depth: int
    """The length of its objects' paths."""
    above: "Fragment | None"
    """The deferred fragment that it is written in."""


class Later(msgspec.Struct, eq=False):
    """Fields of an object that come later than the object, since only deferred fragments ask for them."""

    shape: "Object"
    kind: GraphQLObjectType
    fragments: Sequence[Fragment]
    """Those that ask for them."""
    usages: DeferUsageSet
    """The same, as graphql-core has them."""
    grouped: GroupedFieldSet
    """What graphql-core executes in place of the shape."""


class Deferral(msgspec.Struct, eq=False):
    """What is deferred of an object."""

    depth: int
    """The length of its path."""
    opened: Sequence[Fragment]
    """The fragments that begin at it."""
    around: Sequence[Fragment]
    """These, and those that began above it."""
    later: Sequence[Later]


class Object(msgspec.Struct, eq=False):
    """A selection on an object type."""

    number: int
    type_name: str
    record: type | None
    """The class that its source must be of; None where the type does not ask."""
    fields: Sequence["Field"]
    noted: Sequence[FieldNode] | None
    """The fields that bring it, where whose it is must be noted."""
    deferral: Deferral | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is written by an expression alone: no path, no request, nothing to wait for."""
        return self.noted is None and self.deferral is None and all(field.is_plain for field in self.fields)

    @property
    def later(self) -> Sequence[Later]:
        return self.deferral.later if self.deferral else ()

    def all_fields(self) -> Iterable["Field"]:
        """Those that come at once and those that come later."""
        yield from self.fields
        for each in self.later:
            yield from each.shape.fields


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
