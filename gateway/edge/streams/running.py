"""The operations under way over one WebSocket, each in a task of its own."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

from graphql import OperationType

from gateway.edge.operations import Operations
from gateway.edge.parameters import Parameters
from gateway.edge.refusals import Refusal
from gateway.edge.streams import messages
from gateway.edge.streams.endings import ClientLeft, last_words
from gateway.edge.streams.results import subscribed
from resolvers.errors import ErrorCode
from sources.canonical.actor import Actor
from sources.wire.correlation import correlation_id


class Running:
    """Begins, ends and counts them."""

    def __init__(self, operations: Operations, actor: Actor, say: Callable[[str], Awaitable[None]], most: int) -> None:
        self._operations = operations
        self._actor = actor
        self._say = say
        self._most = most
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # those too whose last word the client has not read yet

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._by_id

    async def begin(self, operation_id: str, asked: Parameters | Refusal) -> None:
        """Run an operation; its answers and its end go to the client as they come."""
        if len(self._tasks) >= self._most:
            message = f"at most {self._most} operations at one time over one connection"
            asked = Refusal(429, ErrorCode.TOO_MANY_STREAMS, message, retryable=True)
        if isinstance(asked, Refusal):  # said here and now: a client that does not read is not read from either
            await self._say(messages.failed(operation_id, last_words(asked, uuid.uuid4().hex)))
            return
        task = asyncio.create_task(self._run(operation_id, asked))
        self._by_id[operation_id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self, operation_id: str) -> None:
        """The client wants no more of it."""
        task = self._by_id.pop(operation_id, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """End all of them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, operation_id: str, asked: Parameters) -> None:
        correlation = uuid.uuid4().hex
        correlation_id.set(correlation)
        try:
            last = await self._answered(operation_id, asked, correlation)
        except ClientLeft:
            return  # which the conversation notices as well
        except Exception as failure:
            last = messages.failed(operation_id, last_words(failure, correlation))
        if self._by_id.get(operation_id) is asyncio.current_task():
            del self._by_id[operation_id]  # before the last word: the client may use the id again when it hears it
            with suppress(ClientLeft):
                await self._say(last)

    async def _answered(self, operation_id: str, asked: Parameters, correlation: str) -> str:
        """Say the answers; gives the last word."""
        viewing = self._operations.open_context(self._actor, correlation)
        with await self._operations.admitted(self._actor) as admitted:
            prepared = await self._operations.prepared(asked, viewing)
            if prepared.kind is not OperationType.SUBSCRIPTION:
                answer = await self._operations.answer(prepared, viewing, slot=admitted.slot)
        if prepared.kind is not OperationType.SUBSCRIPTION:
            await self._say(messages.following(operation_id, answer))
            return messages.complete(operation_id)
        results = await subscribed(self._operations, prepared, viewing)
        try:
            async for answer in results:
                await self._say(messages.following(operation_id, answer))
        finally:
            await results.aclose()
        return messages.complete(operation_id)
