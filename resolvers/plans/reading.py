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
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from resolvers.disclosure.owners import CUSTOMER, owned_types
from resolvers.exposure import RECORDS
from resolvers.masks import Mask
from resolvers.plans.outcomes import Uncovered
from resolvers.plans.resolvers import How, Way, how_of
from resolvers.plans.shapes import TEXT, Choice, Field, Items, Leaf, Object, Value
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

    def root(self) -> Object:
        """The operation's own selection. Raises Uncovered."""
        kind = self._schema.query_type
        if kind is None:
            raise Uncovered("type")
        found = collect_fields(self._schema, self._fragments, self._variables, kind, self._operation, True)
        return self._object(kind, found.grouped_field_set, None, is_owned=False)

    def _object(
        self, kind: GraphQLObjectType, grouped: dict[str, FieldDetailsList], nodes: Any, *, is_owned: bool
    ) -> Object:
        """`is_owned`: whether a record above is a customer's, so that these fields are told of it."""
        owned = kind.name in self._owned
        noted = nodes if kind.name == CUSTOMER or (owned and not is_owned) else None
        fields = [self._field(kind, key, details, is_owned or owned) for key, details in grouped.items()]
        record = CLASSES.get(kind.name) or RECORDS.get(kind.name) if kind.is_type_of is not None else None
        if kind.is_type_of is not None and record is None:
            raise Uncovered("type")
        made = Object(len(self.objects), kind.name, record, fields, noted)
        self.objects.append(made)
        return made

    def _field(self, parent: GraphQLObjectType, key: str, details: FieldDetailsList, is_owned: bool) -> Field:
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
        value = self._value(definition.type, details, nodes, is_owned)
        return self._numbered(key, parent.name, nodes, definition, how, value)

    def _numbered(self, *parts: Any) -> Field:
        if len(self.fields) + len(self.objects) >= MAX_PARTS:
            raise Uncovered("large")
        made = Field(len(self.fields), *parts)
        self.fields.append(made)
        return made

    def _value(self, kind: Any, details: FieldDetailsList, nodes: Sequence[FieldNode], is_owned: bool) -> Value:
        nullable = not isinstance(kind, GraphQLNonNull)
        kind = kind if nullable else kind.of_type
        if isinstance(kind, GraphQLList):
            return Value(nullable, Items(self._value(kind.of_type, details, nodes, is_owned)))
        if is_leaf_type(kind):
            return Value(nullable, Leaf(kind))
        if isinstance(kind, GraphQLObjectType):
            return Value(nullable, self._selected(kind, details, nodes, is_owned))
        return Value(nullable, self._choice(kind, details, nodes, is_owned))

    def _selected(
        self, kind: GraphQLObjectType, details: FieldDetailsList, nodes: Sequence[FieldNode], is_owned: bool
    ) -> Object:
        found = collect_subfields(self._schema, self._fragments, self._variables, self._operation, kind, details, True)
        return self._object(kind, found.grouped_field_set, nodes, is_owned=is_owned)

    def _choice(
        self,
        kind: GraphQLInterfaceType | GraphQLUnionType,
        details: FieldDetailsList,
        nodes: Sequence[FieldNode],
        is_owned: bool,
    ) -> Choice:
        possible = self._schema.get_possible_types(kind)
        options = [self._selected(each, details, nodes, is_owned) for each in possible]
        if any(option.record is None for option in options):
            raise Uncovered("type")
        made = Choice(len(self.choices), kind.name, options)
        self.choices.append(made)
        return made
