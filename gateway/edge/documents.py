"""Documents: parsed and validated once, and kept."""

from collections.abc import Sequence
from typing import Any

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)

from gateway.edge.wording import in_plain_words
from resolvers.errors import ErrorCode, GatewayError

KEPT_CHARACTERS = 1_000_000  # of all documents together: some 100 MB parsed; an application has tens of 1,000
LONGEST_KEPT = 20_000  # a longer document is served and not kept
OVERHEAD_CHARACTERS = 200  # what keeping the shortest document costs, as characters of a longer one
MAX_TOKENS = 4000  # the whole schema queried once is about 1,500
MAX_DEPTH = 16  # customer -> cases -> messages needs 7; an introspection query 13
MAX_ERRORS = 10  # of validation


class Invalid(Exception):
    """The document cannot be executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("invalid document")
        self.errors = errors


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: LRUCache[tuple[str, bool], DocumentNode] = LRUCache(KEPT_CHARACTERS, getsizeof=_characters)

    def get(self, query: str, *, introspection: bool) -> DocumentNode:
        """The document of a query; raises Invalid."""
        document = self._kept.get((query, introspection))
        if document is None:
            document = self._read(query, introspection)
            if len(query) <= LONGEST_KEPT:
                self._kept[query, introspection] = document
        return document

    def _read(self, query: str, introspection: bool) -> DocumentNode:
        try:
            document = parse(query, max_tokens=MAX_TOKENS)
        except GraphQLSyntaxError as error:
            raise Invalid([_coded(error, ErrorCode.GRAPHQL_PARSE_FAILED)]) from None
        if deeper_than(document, MAX_DEPTH):
            raise Invalid([GatewayError(ErrorCode.LIMIT_EXCEEDED, f"the document is deeper than {MAX_DEPTH} levels")])
        rules: list[Any] = list(specified_rules)
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        errors = validate(
            self._schema, document, rules, MAX_ERRORS, hide_suggestions=True, allow_empty_selection_sets=False
        )
        if errors:
            raise Invalid([_coded(error, ErrorCode.GRAPHQL_VALIDATION_FAILED) for error in errors])
        return document


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that would run; None where the name does not settle it."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None:
        return operations[0] if len(operations) == 1 else None
    return next((each for each in operations if each.name and each.name.value == name), None)


def is_query(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.QUERY


def deeper_than(document: DocumentNode, limit: int) -> bool:
    """Whether fields nest deeper than `limit`. Each fragment is measured once; one in a circle counts as too deep."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    measured: dict[str, int] = {}

    def depth(selections: SelectionSetNode | None) -> int:
        return max((_levels(each) for each in selections.selections), default=0) if selections else 0

    def _levels(selection: Any) -> int:
        if isinstance(selection, FieldNode):
            return 1 + depth(selection.selection_set)
        if isinstance(selection, InlineFragmentNode):
            return depth(selection.selection_set)
        return _of_fragment(selection)

    def _of_fragment(spread: FragmentSpreadNode) -> int:
        name = spread.name.value
        if name not in measured:
            measured[name] = limit + 1  # what it is while a circle comes back to it
            fragment = fragments.get(name)
            measured[name] = depth(fragment.selection_set) if fragment else 0
        return measured[name]

    try:
        return any(
            depth(each.selection_set) > limit
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)
        )
    except RecursionError:
        return True


def _characters(document: DocumentNode) -> int:
    return OVERHEAD_CHARACTERS + (document.loc.end if document.loc else LONGEST_KEPT)


def _coded(error: GraphQLError, code: ErrorCode) -> GraphQLError:
    return in_plain_words(error, code)
