"""Documents: parsed and validated once, and kept."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from cachetools import LRUCache
from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    VisitorAction,
    parse,
    specified_rules,
    validate,
    visit,
)

from gateway.configuration.limits import LimitsSection
from gateway.edge.measuring import refuse_excess
from gateway.edge.wording import in_plain_words
from resolvers.errors import ErrorCode, GatewayError

KEPT_CHARACTERS = 1_000_000  # of all documents together: some 100 MB parsed; an application has tens of 1,000
LONGEST_KEPT = 20_000  # a longer document is served and not kept
OVERHEAD_CHARACTERS = 200  # what keeping the shortest document costs, as characters of a longer one
MAX_ERRORS = 10  # of validation
DEFER = "defer"
TOKENS_EXCEEDED = re.compile(r"contains more than \d+ tokens")  # Source: graphql-core, Parser.advance_lexer
TOO_NESTED = "nested too deeply"  # Source: graphql-core, Parser


class Invalid(Exception):
    """The document cannot be executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("invalid document")
        self.errors = errors


class Document(NamedTuple):
    """A valid document in its two readings."""

    inline: DocumentNode
    """Without @defer: what is measured, estimated, and run for a client that takes one answer."""
    deferring: DocumentNode | None
    """As it was written; None where nothing in it is deferred."""


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema, limits: LimitsSection | None = None) -> None:
        self._schema = schema
        self._limits = limits or LimitsSection()
        self._kept: LRUCache[tuple[str, bool], Document] = LRUCache(KEPT_CHARACTERS, getsizeof=_characters)

    def get(self, query: str, *, introspection: bool) -> Document:
        """The document of a query; raises Invalid."""
        document = self._kept.get((query, introspection))
        if document is None:
            document = self._read(query, introspection)
            if len(query) <= LONGEST_KEPT:
                self._kept[query, introspection] = document
        return document

    def _read(self, query: str, introspection: bool) -> Document:
        document = self._parsed(query)
        try:
            refuse_excess(document, self._limits)
        except GatewayError as error:
            raise Invalid([error]) from None
        rules: list[Any] = list(specified_rules)
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        errors = validate(
            self._schema, document, rules, MAX_ERRORS, hide_suggestions=True, allow_empty_selection_sets=False
        )
        if errors:
            raise Invalid([_coded(error, ErrorCode.GRAPHQL_VALIDATION_FAILED) for error in errors])
        return _read_twice(document) if DEFER in query else Document(document, None)

    def _parsed(self, query: str) -> DocumentNode:
        limits = self._limits
        if len(query.encode(errors="replace")) > limits.document_bytes:
            message = f"the document is larger than {limits.document_bytes} bytes"
            raise Invalid([GatewayError(ErrorCode.DOCUMENT_TOO_LARGE, message)])
        try:
            return parse(query, max_tokens=limits.tokens)
        except GraphQLSyntaxError as error:
            if TOKENS_EXCEEDED.search(error.message):
                message = f"the document has more than {limits.tokens} tokens"
                raise Invalid([GatewayError(ErrorCode.TOO_MANY_TOKENS, message)]) from None
            if TOO_NESTED in error.message:
                raise Invalid([GatewayError(ErrorCode.TOO_DEEP, "the document is nested too deeply")]) from None
            raise Invalid([_coded(error, ErrorCode.GRAPHQL_PARSE_FAILED)]) from None


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that would run; None where the name does not settle it."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None:
        return operations[0] if len(operations) == 1 else None
    return next((each for each in operations if each.name and each.name.value == name), None)


def is_query(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.QUERY


class _Inline(Visitor):
    """Leaves out every @defer."""

    def enter_directive(self, node: DirectiveNode, *_: Any) -> VisitorAction:
        return REMOVE if node.name.value == DEFER else None


def _read_twice(document: DocumentNode) -> Document:
    inline = visit(document, _Inline())
    return Document(inline, None if inline is document else document)


def _characters(document: Document) -> int:
    node = document.inline
    return OVERHEAD_CHARACTERS + (node.loc.end if node.loc else LONGEST_KEPT) * (2 if document.deferring else 1)


def _coded(error: GraphQLError, code: ErrorCode) -> GraphQLError:
    return in_plain_words(error, code)
