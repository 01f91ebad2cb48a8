"""The walk over an operation: its fields with their variables, and what each asks for."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    value_from_ast_untyped,
)

from resolvers.costing.demand import Demand, Estimate, Population
from resolvers.costing.prices import PRICES
from resolvers.costing.roots import ROOTS
from resolvers.masks import Mask
from sources.systems import Systems


def estimate(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
    *,
    systems: Systems,
    mask: Mask | None = None,
) -> Estimate:
    """The most calls that the operation is expected to make. The document is valid and within the limits.

    Variables are taken as they came: one that does not fit is refused later, whatever it would have cost. What the
    mask withholds asks nobody.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:
        return Estimate({})
    told = _Variables(_values(operation, variables))
    walk = _Walk(schema, document, told, Demand(systems), mask)
    walk.selections(root, operation.selection_set, Population(1))
    return Estimate(walk.demand.by_system(), frozenset(told.read))


class _Variables(dict[str, Any]):
    """The values of variables, and which of them were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __bool__(self) -> bool:
        return True  # graphql-core would not look into what is empty, and that something is missing is read too

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


class _Arguments(Mapping[str, Any]):
    """The arguments of a field. What nobody asks for is not worked out, and its variables are not read."""

    def __init__(self, node: FieldNode, variables: _Variables) -> None:
        self._nodes = {each.name.value: each.value for each in node.arguments or ()}
        self._variables = variables

    def __getitem__(self, name: str) -> Any:
        return _value(self._nodes[name], self._variables)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        variables: _Variables,
        demand: Demand,
        mask: Mask | None,
    ) -> None:
        self.demand = demand
        self._schema = schema
        self._variables = variables
        self._withheld = mask.coordinates if mask else frozenset()
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._seen: set[tuple[int, str, Population]] = set()

    def selections(self, parent: Any, selections: SelectionSetNode, who: Population) -> None:
        """What the selections of these records ask for; the same of the same records once."""
        place = (id(selections), parent.name, who)
        if place in self._seen:
            return
        self._seen.add(place)
        for selection in selections.selections:
            if not self._included(selection.directives or ()):
                continue
            if isinstance(selection, FieldNode):
                self._field(parent, selection, who)
            elif isinstance(selection, InlineFragmentNode):
                self._fragment(parent, selection, who)
            else:
                self._fragment(parent, self._fragments[selection.name.value], who)  # type: ignore[attr-defined]

    def _fragment(self, parent: Any, fragment: InlineFragmentNode | FragmentDefinitionNode, who: Population) -> None:
        condition = fragment.type_condition
        kind = self._schema.get_type(condition.name.value) if condition else parent
        narrows = isinstance(kind, GraphQLObjectType) and not isinstance(parent, GraphQLObjectType)
        if not narrows or who.type_name in (None, condition.name.value if condition else None):
            self.selections(kind, fragment.selection_set, who)

    def _field(self, parent: Any, node: FieldNode, who: Population) -> None:
        coordinate = f"{parent.name}.{node.name.value}"
        field = None if isinstance(parent, GraphQLUnionType) else parent.fields.get(node.name.value)
        if field is None or coordinate in self._withheld:
            return
        found = self._priced(coordinate, who, node)
        kind = get_named_type(field.type)
        if node.selection_set and isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            for each in found:
                self.selections(kind, node.selection_set, each)

    def _priced(self, coordinate: str, who: Population, node: FieldNode) -> list[Population]:
        root, price = ROOTS.get(coordinate), PRICES.get(coordinate)
        if root is not None:
            return root(self.demand, self._arguments(node))
        if price is not None:
            return [price(self.demand, who, self._arguments(node)) or who]
        return [who]

    def _arguments(self, node: FieldNode) -> Mapping[str, Any]:
        return _Arguments(node, self._variables)

    def _included(self, directives: tuple[DirectiveNode, ...]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in ("skip", "include") and directive.arguments:
                told = _value(directive.arguments[0].value, self._variables)
                if told is (name == "skip"):
                    return False
        return True


def _value(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    try:
        return value_from_ast_untyped(node, variables)
    except ValueError:  # an integer of thousands of digits: refused later
        return None


def _values(operation: OperationDefinitionNode, given: Mapping[str, Any] | None) -> dict[str, Any]:
    defaults = {
        each.variable.name.value: _value(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return {**defaults, **(given or {})}
