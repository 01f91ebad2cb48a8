"""Runs a prepared operation to its end, and tells the errors that are the gateway's own fault to the log, once each."""

from collections.abc import Awaitable, Sequence
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute

from gateway.edge.preparing import Prepared
from gateway.edge.viewing import Viewing
from sources.wire.deadline import Deadline, within

log = structlog.get_logger("gateway.edge")


async def executed(
    schema: GraphQLSchema, prepared: Prepared, viewing: Viewing, deadline_seconds: float, event: Any = None
) -> ExecutionResult:
    """The result of an operation under one deadline; of a subscription for one of its events."""
    with within(Deadline(deadline_seconds)):
        result = execute(
            schema,
            prepared.document,
            event,
            context_value=viewing,
            variable_values=prepared.asked.variables,
            operation_name=prepared.asked.operation_name,
            hide_suggestions=True,
        )
        return await result if isinstance(result, Awaitable) else result


def log_unexpected(errors: Sequence[GraphQLError], correlation: str) -> None:
    """A line for each coordinate and kind of exception that no error of ours explains."""
    told: set[tuple[object, ...]] = set()
    for error in errors:
        cause = error.original_error
        if cause is None or isinstance(cause, GraphQLError):
            continue
        coordinate = tuple(part for part in error.path or () if isinstance(part, str))
        if (coordinate, type(cause)) not in told:
            told.add((coordinate, type(cause)))
            log.error("resolver failed", correlation_id=correlation, path=error.path, exc_info=cause)
