"""A document -> shapes. Selections are merged by graphql-core's own functions, so that they are what it would run."""

from collections.abc import Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from resolvers.disclosure.owners import CUSTOMER, owned_types
from resolvers.exposure import RECORDS
from resolvers.masks import Mask
from resolvers.plans.outcomes import Uncovered
from resolvers.plans.resolvers import How, Way, how_of
from resolvers.plans.shapes import TEXT, Choice, Deferral, Field, Items, Later, Leaf, Object, Value
from resolvers.plans.spots import Spot, Spots
from sources.canonical.money import Money

MAX_PARTS = 1000  # fields and objects of a plan, for each possible type: some 100 ms to compile, and nothing runs then
TYPENAME = "__typename"
CLASSES: dict[str, type] = {"Money": Money}  # of types that are not made from a record


class Reader:
    """Reads one operation, for one mask and one set of values of what @skip and @include ask."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDetails],
        operation: OperationDefinitionNode,
        variables: VariableValues,
        mask: Mask,
    ) -> None:
        self.fields: list[Field] = []
        self.objects: list[Object] = []
        self.choices: list[Choice] = []
        self._schema = schema
        self._fragments = fragments
        self._operation = operation
        self._variables = variables
        self._mask = mask
        self._owned = owned_types(schema)
        self._spots = Spots()

    def root(self) -> Object:
        """The operation's own selection. Raises Uncovered."""
        kind = self._schema.query_type
        if kind is None:
            raise Uncovered("type")
        found = collect_fields(self._schema, self._fragments, self._variables, kind, self._operation, True)
        return self._object(kind, found, None, Spot())

    def _object(self, kind: GraphQLObjectType, found: CollectedFields, nodes: Any, spot: Spot) -> Object:
        owned = kind.name in self._owned
        noted = nodes if kind.name == CUSTOMER or (owned and not spot.is_owned) else None
        here = self._spots.opened(spot, found.new_defer_usages, is_owned=spot.is_owned or owned)
        at_once, later = self._spots.split(here, found.grouped_field_set)
        fields = [self._field(kind, key, details, here) for key, details in at_once.items()]
        record = CLASSES.get(kind.name) or RECORDS.get(kind.name) if kind.is_type_of is not None else None
        if kind.is_type_of is not None and record is None:
            raise Uncovered("type")
        parts = [self._later(kind, usages, grouped, here) for usages, grouped in later]
        opened = here.fragments[len(spot.fragments) :]
        deferral = Deferral(here.depth, opened, here.fragments, parts) if opened or parts else None
        return self._made(kind, record, fields, noted, deferral)

    def _later(self, kind: GraphQLObjectType, usages: Any, grouped: Any, spot: Spot) -> Later:
        within = self._spots.within(spot, usages)
        fields = [self._field(kind, key, details, within) for key, details in grouped.items()]
        shape = self._made(kind, None, fields, None, None)
        return Later(shape, kind, self._spots.fragments_of(usages), usages, grouped)

    def _made(self, kind: GraphQLObjectType, *parts: Any) -> Object:
        made = Object(len(self.objects), kind.name, *parts)
        self.objects.append(made)
        return made

    def _field(self, parent: GraphQLObjectType, key: str, details: FieldDetailsList, spot: Spot) -> Field:
        nodes = [each.node for each in details]
        name = nodes[0].name.value
        if name == TYPENAME:
            return self._numbered(key, parent.name, nodes, None, How(Way.TYPENAME, name), TEXT)
        definition = parent.fields.get(name)
        if definition is None:  # introspection
            raise Uncovered("introspection")
        how = how_of(definition)
        if how.guarded and f"{parent.name}.{name}" in self._mask.coordinates:
            if isinstance(definition.type, GraphQLNonNull):
                raise Uncovered("withheld")
            return self._numbered(key, parent.name, nodes, definition, how.withheld(), TEXT)
        value = self._value(definition.type, details, nodes, spot.below())
        return self._numbered(key, parent.name, nodes, definition, how, value)

    def _numbered(self, *parts: Any) -> Field:
        if len(self.fields) + len(self.objects) >= MAX_PARTS:
            raise Uncovered("large")
        made = Field(len(self.fields), *parts)
        self.fields.append(made)
        return made

    def _value(self, kind: Any, details: FieldDetailsList, nodes: Sequence[FieldNode], spot: Spot) -> Value:
        nullable = not isinstance(kind, GraphQLNonNull)
        kind = kind if nullable else kind.of_type
        if isinstance(kind, GraphQLList):
            return Value(nullable, Items(self._value(kind.of_type, details, nodes, spot.below())))
        if is_leaf_type(kind):
            return Value(nullable, Leaf(kind))
        if isinstance(kind, GraphQLObjectType):
            return Value(nullable, self._selected(kind, details, nodes, spot))
        return Value(nullable, self._choice(kind, details, nodes, spot))

    def _selected(
        self, kind: GraphQLObjectType, details: FieldDetailsList, nodes: Sequence[FieldNode], spot: Spot
    ) -> Object:
        found = collect_subfields(self._schema, self._fragments, self._variables, self._operation, kind, details, True)
        return self._object(kind, found, nodes, spot)

    def _choice(
        self,
        kind: GraphQLInterfaceType | GraphQLUnionType,
        details: FieldDetailsList,
        nodes: Sequence[FieldNode],
        spot: Spot,
    ) -> Choice:
        possible = self._schema.get_possible_types(kind)
        options = [self._selected(each, details, nodes, spot) for each in possible]
        if any(option.record is None for option in options):
            raise Uncovered("type")
        made = Choice(len(self.choices), kind.name, options)
        self.choices.append(made)
        return made
