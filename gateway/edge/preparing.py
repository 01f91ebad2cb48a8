"""From what is asked to what will run: text -> document -> operation. The same for every transport."""

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from gateway.configuration.limits import LimitsSection
from gateway.edge.documents import Documents, Invalid, operation_of
from gateway.edge.parameters import Parameters
from gateway.edge.refusals import bad_request
from gateway.edge.texts import Texts
from resolvers.errors import ErrorCode, GatewayError


class Prepared(msgspec.Struct, frozen=True):
    """A valid operation and what it runs with."""

    document: DocumentNode
    operation: OperationDefinitionNode
    asked: Parameters
    deferring: DocumentNode | None = None
    """The document with its @defer, where it has any."""
    fields: int = 1
    """How many fields the answer may have."""

    @property
    def kind(self) -> OperationType:
        return self.operation.operation


class Preparation:
    """Prepares the operations of one schema."""

    def __init__(self, schema: GraphQLSchema, texts: Texts, limits: LimitsSection | None = None) -> None:
        self._documents = Documents(schema, limits)
        self._texts = texts

    async def prepared(self, asked: Parameters, *, introspection: bool) -> Prepared:
        """The operation that is asked for. Raises Refusal, and Invalid where its document cannot be executed."""
        text = await self._texts.of(asked)
        document, deferring = self._documents.get(text, introspection=introspection)
        await self._texts.accepted(asked, text)
        operation = operation_of(document, asked.operation_name)
        if operation is None:
            raise bad_request("operationName does not name an operation of the document")
        if operation.operation is OperationType.MUTATION and mutation_fields(document, operation) > 1:
            message = "a request has one mutation field: send the others as requests of their own"
            raise Invalid([GatewayError(ErrorCode.TOO_MANY_MUTATIONS, message)])
        return Prepared(document, operation, asked, deferring)


def mutation_fields(document: DocumentNode, operation: OperationDefinitionNode) -> int:
    """How many fields of the root a mutation selects: aliases, fragments, and what @skip and @include may leave out.

    Counted as it is written, before anything runs; __typename changes nothing and does not count. Each fragment is
    counted once and added as often as it is spread, so that the work is linear in the document.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    counted: dict[str, int] = {}

    def count(selections: SelectionSetNode) -> int:
        return sum(_of(selection) for selection in selections.selections)

    def _of(selection: object) -> int:
        if isinstance(selection, FieldNode):
            return int(selection.name.value != "__typename")
        if isinstance(selection, InlineFragmentNode):
            return count(selection.selection_set)
        if not isinstance(selection, FragmentSpreadNode):
            return 0
        name = selection.name.value
        if name not in counted:
            counted[name] = count(fragments[name].selection_set)
        return counted[name]

    return count(operation.selection_set)
