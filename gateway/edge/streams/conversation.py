"""One graphql-transport-ws conversation: who it is, then operations side by side, until somebody ends it.

Source: graphql-ws, PROTOCOL.md.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import structlog

from gateway.edge.operations import Operations
from gateway.edge.parameters import Parameters, parameters_of
from gateway.edge.refusals import Refusal
from gateway.edge.streams import messages
from gateway.edge.streams.connections import Connections, TooManyConnections
from gateway.edge.streams.endings import ClientLeft
from gateway.edge.streams.messages import Close, Closed, Incoming
from gateway.edge.streams.running import Running
from resolvers.errors import ErrorCode
from sources.canonical.actor import Actor

log = structlog.get_logger("gateway.edge")
Take = Callable[[], Awaitable[str | None]]
Say = Callable[[str], Awaitable[None]]


class Conversation:
    """Takes the client's messages one after another. `take` gives the text of a frame, None of one that is none."""

    def __init__(
        self,
        operations: Operations,
        connections: Connections,
        take: Take,
        say: Say,
        authorization: str | None,
    ) -> None:
        self._operations = operations
        self._connections = connections
        self._take = take
        self._say = say
        self._authorization = authorization  # of the handshake; connection_init may bring another
        self._actor: Actor | None = None
        self._running: Running | None = None
        self._over: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._held = ExitStack()

    async def held(self) -> Close | None:
        """Talk until it ends; gives the code to close with, None where the client has left or does not read."""
        self._end_after(self._connections.section.connection_init_seconds, messages.INIT_TIMEOUT)
        listening = asyncio.create_task(self._listen())
        stopped = asyncio.create_task(self._until_stopped())
        try:
            return await self._over
        finally:
            self._end_after(0, None)
            listening.cancel()
            stopped.cancel()
            await asyncio.gather(listening, stopped, return_exceptions=True)
            if self._running is not None:
                await self._running.close()
            self._held.close()

    def _end(self, close: Close | None) -> None:
        if not self._over.done():
            self._over.set_result(close)

    def _end_after(self, seconds: float, close: Close | None) -> None:
        """End at that moment, in place of the moment that was set before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end, close)

    async def _until_stopped(self) -> None:
        await self._connections.stopping.wait()
        self._end(messages.STOPPING)

    async def _spoken(self, text: str) -> None:
        try:
            await self._say(text)
        except (OSError, TimeoutError):
            self._end(None)
            raise ClientLeft from None

    async def _listen(self) -> None:
        try:
            while True:
                await self._heard(messages.read(await self._take()))
        except Closed as closed:
            self._end(closed.close)
        except ClientLeft:
            self._end(None)
        except Exception:
            log.exception("conversation failed")
            self._end(messages.INTERNAL)

    async def _heard(self, message: Incoming) -> None:
        match message.type:
            case "connection_init":
                await self._begin(messages.object_of(message.payload))
            case "ping":
                await self._spoken(messages.pong(messages.object_of(message.payload)))
            case "pong":
                messages.object_of(message.payload)
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                if self._running is not None:
                    self._running.cancel(messages.id_of(message))
            case _:
                raise Closed(messages.BAD_REQUEST)

    async def _begin(self, payload: dict[str, Any]) -> None:
        if self._actor is not None:
            raise Closed(messages.TOO_MANY_INITS)
        try:
            actor = await self._operations.actor(self._authorization_of(payload))
            self._held.enter_context(self._connections.held(actor))
        except Refusal as refusal:
            raise Closed(messages.LATER if refusal.retryable else messages.FORBIDDEN) from None
        except TooManyConnections:
            raise Closed(messages.TOO_MANY_CONNECTIONS) from None
        self._actor = actor
        self._running = Running(self._operations, actor, self._spoken, self._connections.section.operations)
        self._end_after(max(0.0, actor.expires_at - time.time()), messages.EXPIRED)
        await self._spoken(messages.ack())

    def _authorization_of(self, payload: dict[str, Any]) -> str | None:
        given = next((value for name, value in payload.items() if name.lower() == "authorization"), None)
        if given is not None and not isinstance(given, str):
            raise Closed(messages.FORBIDDEN)
        return given or self._authorization

    async def _subscribe(self, message: Incoming) -> None:
        if self._running is None:
            raise Closed(messages.UNAUTHORIZED)
        operation_id = messages.id_of(message)
        if operation_id in self._running:
            raise Closed(messages.DUPLICATE)
        await self._running.begin(operation_id, self._asked(message))

    def _asked(self, message: Incoming) -> Parameters | Refusal:
        """What is asked. A payload that is no request ends the conversation; one that is too deep only itself."""
        try:
            return parameters_of(bytes(message.payload), self._operations.limits)
        except Refusal as refusal:
            if refusal.code is ErrorCode.BAD_REQUEST:
                raise Closed(messages.BAD_REQUEST) from None
            return refusal
