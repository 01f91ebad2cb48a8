"""Runs a prepared operation to its end, and tells the errors that are the gateway's own fault to the log, once each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias, TypeVar, cast

import structlog
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema
from graphql.execution import ExperimentalIncrementalExecutionResults, experimental_execute_incrementally

from gateway.admission import Slot
from gateway.edge.pacing import Place
from gateway.edge.parameters import Parameters
from gateway.edge.preparing import Prepared
from gateway.edge.refusals import Refusal
from gateway.edge.viewing import Viewing
from resolvers.errors import ErrorCode
from resolvers.plans import Plans
from sources.wire.deadline import Deadline, within
from sources.wire.spending import Spending, counted

T = TypeVar("T")
Begun: TypeAlias = ExecutionResult | ExperimentalIncrementalExecutionResults
log = structlog.get_logger("gateway.edge")


class Running:
    """What bounds one operation, from its first step to its last: its place, the deadline, what it may spend."""

    def __init__(
        self, deadline_seconds: float, grace_seconds: float, spending: Spending, place: Place, slot: Slot | None
    ) -> None:
        self.spending = spending
        self._deadline = Deadline(deadline_seconds)
        self._deadline_seconds = deadline_seconds
        self._grace_seconds = grace_seconds
        self._place = place
        self._slot = slot
        self._scope: asyncio.Timeout | None = None

    def over(self) -> None:
        """The operation runs no more: another may have its place."""
        self._place.leave()

    async def recess(self, work: Callable[[], Awaitable[T]]) -> T:
        """What the work gives. Until then the operation holds nothing that others wait for, and its clock stands.

        Afterwards it is neither refused nor sent back to the line: what it waited for has happened.
        """
        self._place.leave()
        with nullcontext() if self._slot is None else self._slot.given_up():
            self._cut_off_in(None)
            try:
                return await work()
            finally:
                self._deadline.extend_to(Deadline(self._deadline_seconds))
                self._cut_off_in(self._deadline.remaining() + self._grace_seconds)

    def _cut_off_in(self, seconds: float | None) -> None:
        if self._scope is not None:
            self._scope.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    async def step(self, work: Callable[[], Awaitable[T]]) -> T:
        """What the work gives. Raises Refusal: 503 where it goes on after the deadline and the grace.

        What the sources do not give by the deadline is told by then; what comes later is cut off here.
        """
        try:
            with within(self._deadline), counted(self.spending):
                async with asyncio.timeout(self._deadline.remaining() + self._grace_seconds) as self._scope:
                    return await work()
        except TimeoutError:
            message = f"the operation took more than {self._deadline_seconds + self._grace_seconds:g} seconds"
            raise Refusal(503, ErrorCode.OPERATION_TIMEOUT, message, retryable=True) from None


async def executed(
    schema: GraphQLSchema, prepared: Prepared, viewing: Viewing, event: Any = None, *, plans: Plans | None = None
) -> ExecutionResult:
    """The whole result of an operation, by its plan where it has one; of a subscription for one of its events."""
    document, asked = prepared.document, prepared.asked
    if event is None:
        result = await begun(schema, document, asked, viewing, plans=plans)
    else:
        result = await _executed(schema, document, asked, viewing, event, ())
    return cast(ExecutionResult, result)  # since the document defers nothing


async def begun(
    schema: GraphQLSchema, document: DocumentNode, asked: Parameters, viewing: Viewing, *, plans: Plans | None = None
) -> Begun:
    """The result of an operation; where something is deferred, what is not, and the rest to come."""
    middleware: Sequence[Any] = ()
    if plans is not None:
        planned = await plans.attempt(document, asked.operation_name, asked.variables, viewing)
        if planned.result is not None:
            return planned.result
        middleware = planned.middleware
    return await _executed(schema, document, asked, viewing, None, middleware)


async def _executed(
    schema: GraphQLSchema,
    document: DocumentNode,
    asked: Parameters,
    viewing: Viewing,
    event: Any,
    middleware: Sequence[Any],
) -> Begun:
    result = experimental_execute_incrementally(  # graphql-core's `execute` takes no schema that has @defer
        schema,
        document,
        event,
        context_value=viewing,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
        hide_suggestions=True,
        middleware=list(middleware) or None,
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
