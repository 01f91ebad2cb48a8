"""What plans know of a document's query before they compile it."""

from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    default_field_resolver,
    default_type_resolver,
    visit,
)
from graphql.execution import MiddlewareManager
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.incremental import IncrementalExecutor
from graphql.execution.values import VariableValues

from resolvers.context import Context


class Known(NamedTuple):
    """What is known of a document's operation. It keeps the document, so that its id is nobody else's."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    switches: tuple[str, ...]
    """The variables that @skip, @include and @defer ask."""

    def executor(
        self, schema: GraphQLSchema, context: Context, variables: VariableValues, middleware: Any
    ) -> IncrementalExecutor:
        """graphql-core's own, for variables that fit."""
        return IncrementalExecutor(
            schema,
            {name: each.definition for name, each in self.fragments.items()},
            self.fragments,
            None,
            context,
            self.operation,
            variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            middleware_manager=MiddlewareManager(middleware),
            hide_suggestions=True,
        )


def known_of(document: DocumentNode, name: str | None) -> Known | None:
    """The query that would run; None where there is none, or the name does not settle it."""
    operation = _operation(document, name)
    if operation is None or operation.operation is not OperationType.QUERY:
        return None
    return Known(document, operation, _fragments(document), _switches(document))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None:
        return operations[0] if len(operations) == 1 else None
    return next((each for each in operations if each.name and each.name.value == name), None)


def _fragments(document: DocumentNode) -> dict[str, FragmentDetails]:
    return {
        each.name.value: FragmentDetails(each)
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


class _Switches(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.names |= {each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)}


def _switches(document: DocumentNode) -> tuple[str, ...]:
    found = _Switches()
    visit(document, found)
    return tuple(sorted(found.names))
