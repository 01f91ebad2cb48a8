"""A subscription's events as answers. Each is executed in a context of its own: loaders, deadline and mask anew."""

from collections.abc import AsyncIterator, Awaitable
from typing import Any

from graphql import ExecutionResult, Executor, create_source_event_stream

from gateway.edge.documents import Invalid
from gateway.edge.operations import Answer, Operations
from gateway.edge.preparing import Prepared
from gateway.edge.streams.endings import interrupted, mask_changed
from gateway.edge.viewing import Viewing
from gateway.edge.wording import in_plain_words
from resolvers.errors import ErrorCode
from sources.announcements import Interrupted
from sources.wire.deadline import Deadline, within


class Subscribed:
    """The answers to a subscription, as an iterator. Close it at the end.

    Raises StreamEnded where the stream ends before its client ends it.
    """

    def __init__(self, operations: Operations, source: Any, prepared: Prepared, opened: Viewing) -> None:
        self._operations = operations
        self._source = source
        self._prepared = prepared
        self._opened = opened
        self._over = False

    def __aiter__(self) -> AsyncIterator[Answer]:
        return self

    async def __anext__(self) -> Answer:
        if self._over:
            raise StopAsyncIteration
        try:
            event = await anext(self._source)
        except Interrupted:
            raise interrupted() from None
        viewing = self._operations.open_context(self._opened.actor, self._opened.correlation_id)
        if viewing.grants != self._opened.grants:
            raise mask_changed()
        answer = await self._operations.answer(self._prepared, viewing, event)
        self._over = answer["data"] is None  # it may be seen no longer, or cannot be worked out: the error says which
        return answer

    async def aclose(self) -> None:
        """Hear of no more events."""
        await self._source.aclose()


async def subscribed(operations: Operations, prepared: Prepared, viewing: Viewing) -> Subscribed:
    """The answers to come. Raises Invalid where the stream is refused."""
    try:
        source = await _source(operations, prepared, viewing)
    finally:
        viewing.close()
    return Subscribed(operations, source, prepared, viewing)


async def _source(operations: Operations, prepared: Prepared, viewing: Viewing) -> Any:
    executor = Executor.build(
        operations.schema,
        prepared.document,
        None,
        viewing,
        prepared.asked.variables,
        prepared.asked.operation_name,
        hide_suggestions=True,
    )
    if isinstance(executor, list):
        raise Invalid([in_plain_words(error, ErrorCode.BAD_USER_INPUT) for error in executor])
    with within(Deadline(operations.deadline_seconds)):
        opening = create_source_event_stream(executor)
        source = await opening if isinstance(opening, Awaitable) else opening
    if isinstance(source, ExecutionResult):
        raise Invalid(source.errors or [])
    return source
