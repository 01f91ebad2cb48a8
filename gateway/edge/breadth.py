"""How large an answer may become: fields times the lengths of the lists that they stand in, before anything runs.

What asks no source costs no call, and yet a hundred customers times a hundred aliases of their identities are an
answer of megabytes that keeps everybody else waiting.
"""

from collections.abc import Mapping
from typing import Any

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from gateway.edge.documents import DEFER, Invalid
from resolvers.connections import DEFAULT_FIRST, MAX_FIRST
from resolvers.errors import ErrorCode, GatewayError

PLAIN_LIST = 6  # items of a list without `first`: identities, lines, tags; a guess that need not be right, only finite
PAGE_LISTS = ("nodes", "edges")
KEPT = 2000  # an application has some hundred operations, each with a few lengths of its lists
LONGEST_KEY = 50  # with more variables than that it is counted each time
OTHER, NUMBER, LIST = range(3)


class Breadths:
    """The breadths of one schema's operations, counted once for all requests that differ in no number and no length."""

    def __init__(self, schema: GraphQLSchema, limit: int) -> None:
        self._schema = schema
        self._limit = limit
        self._kept: LRUCache[tuple[Any, ...], tuple[DocumentNode, int]] = LRUCache(KEPT)

    def of(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
    ) -> int:
        """How many fields the answer may have. Raises Invalid with TOO_MANY_FIELDS where they are above the limit."""
        name = operation.name.value if operation.name else None
        key = (id(document), name, *sorted(map(_told, (variables or {}).items())))
        kept = self._kept.get(key)
        if kept is None or kept[0] is not document:
            kept = document, breadth(self._schema, document, operation, variables)
            if len(key) <= LONGEST_KEY:
                self._kept[key] = kept
        fields = kept[1]
        if fields > self._limit:
            message = (
                f"the answer may have {fields} fields, more than {self._limit}: "
                "ask for fewer records, or for less of each"
            )
            raise Invalid([GatewayError(ErrorCode.TOO_MANY_FIELDS, message, limit=self._limit)])
        return fields


def _told(variable: tuple[str, Any]) -> tuple[str, int, int]:
    """What of a variable is read here: a number, or how long a list is."""
    name, value = variable
    if isinstance(value, list):
        return name, LIST, len(value)
    if isinstance(value, int):
        return name, NUMBER, min(max(value, -1), MAX_FIRST + 1)
    return name, OTHER, 0


def breadth(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
) -> int:
    """How many fields the answer may have. The document is valid and within the limits on documents."""
    root = schema.get_root_type(operation.operation)
    return _Breadth(schema, document, variables or {}).of(root, operation.selection_set, 1)


def deferred_parts(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode | None,
    variables: Mapping[str, Any] | None,
) -> int:
    """How many parts the operation may defer, counted as its fields are."""
    if operation is None:
        return 0
    root = schema.get_root_type(operation.operation)
    return _Deferred(schema, document, variables or {}).of(root, operation.selection_set, 1)


class _Breadth:
    field: int = 1
    deferred: int = 0

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def of(self, parent: Any, selections: SelectionSetNode | None, page: int) -> int:
        """The fields of one record of `parent`; `page` is the length of the page where it is a connection."""
        return sum(self._one(parent, each, page) for each in selections.selections) if selections else 0

    def _one(self, parent: Any, selection: Any, page: int) -> int:
        if isinstance(selection, FieldNode):
            return self._field(parent, selection, page)
        own: int = self.deferred * sum(each.name.value == DEFER for each in selection.directives or ())
        if not isinstance(selection, InlineFragmentNode):
            selection = self._fragments[selection.name.value]
        condition = selection.type_condition
        return own + self.of(
            self._schema.get_type(condition.name.value) if condition else parent, selection.selection_set, page
        )

    def _field(self, parent: Any, node: FieldNode, page: int) -> int:
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None:  # __typename and introspection, which is bounded by the depth
            return self.field
        arguments = {each.name.value: each.value for each in node.arguments or ()}
        items = self._items(field.type, node.name.value, arguments, page)
        first = self._number(arguments.get("first"), DEFAULT_FIRST)
        return items * (self.field + self.of(get_named_type(field.type), node.selection_set, first))

    def _items(self, kind: Any, name: str, arguments: Mapping[str, Any], page: int) -> int:
        if not is_list_type(get_nullable_type(kind)):
            return 1
        if name in PAGE_LISTS and not arguments:
            return page
        asked = [self._value(each) for key, each in arguments.items() if key in ("ids", "representations")]
        return len(asked[0]) if asked and isinstance(asked[0], list) else PLAIN_LIST

    def _number(self, node: Any, otherwise: int) -> int:
        told = self._value(node) if node is not None else None
        return min(max(told, 0), MAX_FIRST) if isinstance(told, int) else otherwise

    def _value(self, node: Any) -> Any:
        try:
            return value_from_ast_untyped(node, self._variables)
        except ValueError:  # an integer of thousands of digits: refused later
            return None


class _Deferred(_Breadth):
    field = 0
    deferred = 1
