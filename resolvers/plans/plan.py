"""A plan: the functions that write an operation's answer, and what is known of its fields."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    StringValueNode,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments

from resolvers.context import Context
from resolvers.masks import Mask
from resolvers.plans.batches import batch_of
from resolvers.plans.coming import Answered, answered
from resolvers.plans.deferring import Deferring, Instead
from resolvers.plans.outcomes import Bail
from resolvers.plans.reading import Reader
from resolvers.plans.running import Run
from resolvers.plans.sections import Cut
from resolvers.plans.shapes import Field, Object, objects_of
from resolvers.plans.sites import Site
from resolvers.plans.writing import written

NO_VARIABLES = VariableValues({}, {})
SIMPLE_NODES = (IntValueNode, StringValueNode, BooleanValueNode, EnumValueNode, NullValueNode)
CURSORS = frozenset({"cursor", "start_cursor", "end_cursor"})
PLACES = frozenset({"edges", "page_info"})


class Plan:
    """An operation, compiled for one mask."""

    def __init__(self, schema: Any, reader: Reader, root: Object) -> None:
        self.root = root
        self.fields: Sequence[Field] = reader.fields
        self.source, names = written(root, reader.fields)
        exec(compile(self.source, "<plan>", "exec"), names)  # noqa: S102 - names of the answer come in by repr alone
        self.sites: Mapping[int, Site] = {
            field.number: _site(field, names[f"z{field.number}"]) for field in reader.fields if field.is_site
        }
        writes = {each.number: names[f"w{each.number}"] for each in reader.objects if f"w{each.number}" in names}
        cut = Cut(root, self.sites, writes)
        self._first, self.deferred = cut.first, cut.deferred
        self._schema = schema
        self._constant: dict[int, dict[str, Any]] = {}
        """Arguments that no variable changes."""
        self._with_arguments: list[tuple[Field, GraphQLField]] = []
        for field in reader.fields:
            if field.definition is not None and field.how.arguments:
                self._place_arguments(field, field.definition)

    async def run(
        self, context: Context, variables: VariableValues, roots: dict[str, Any], instead: Instead
    ) -> Answered:
        """The result. Raises Bail; `roots` has what the fields of the root gave until then."""
        arguments = self._arguments(variables)
        if self.deferred:
            deferring = Deferring(self.fields, self.deferred, context, arguments, roots, instead)
            return await answered(deferring, self._first)
        run = Run(self.fields, self._first.sites, context, arguments, roots)
        data = await run.answer(self._first.write)
        return ExecutionResult(data, run.errors or None)

    def _arguments(self, variables: VariableValues) -> dict[int, dict[str, Any]]:
        try:
            asked = {field.number: self._arguments_of(field, each, variables) for field, each in self._with_arguments}
        except Exception:
            raise Bail("arguments") from None
        return {**self._constant, **asked}

    def _place_arguments(self, field: Field, definition: GraphQLField) -> None:
        if all(isinstance(each.value, SIMPLE_NODES) for each in field.nodes[0].arguments or ()):
            with suppress(GraphQLError):  # it is told of when it is asked
                self._constant[field.number] = self._arguments_of(field, definition, NO_VARIABLES)
                return
        self._with_arguments.append((field, definition))

    def _arguments_of(self, field: Field, definition: GraphQLField, variables: VariableValues) -> dict[str, Any]:
        given = get_argument_values(definition, field.nodes[0], variables, None, True)
        converter = self._schema._strawberry_schema.schema_converter
        return convert_arguments(
            given,
            list(field.how.arguments),
            scalar_registry=converter.scalar_registry,
            config=converter.config,
        )


def compiled(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDetails],
    operation: OperationDefinitionNode,
    variables: VariableValues,
    mask: Mask,
) -> Plan:
    """The plan of an operation. Raises Uncovered."""
    reader = Reader(schema, fragments, operation, variables, mask)
    return Plan(schema, reader, reader.root())


def _site(field: Field, complete: Any) -> Site:
    return Site(field, complete, batch_of(field), _waits(field), _cursors(field))


def _waits(field: Field) -> bool:
    """Whether something below the field is waited for."""
    below = [each for shape in objects_of(field.value) for each in shape.fields]
    return any(each.is_site or _waits(each) for each in below)


def _cursors(field: Field) -> bool:
    below = [each for shape in objects_of(field.value) for each in shape.all_fields()]
    return any(each.how.name in CURSORS or (each.how.name in PLACES and _cursors(each)) for each in below)
