"""WebSockets at /graphql: who may open one, and one conversation for each."""

import asyncio
from contextlib import suppress

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.edge.browsers import Browsers
from gateway.edge.operations import Operations
from gateway.edge.streams import messages
from gateway.edge.streams.connections import Connections
from gateway.edge.streams.conversation import Conversation
from gateway.edge.streams.endings import ClientLeft
from gateway.edge.streams.messages import Close

CLOSE_SECONDS = 2.0  # for a client that reads nothing; its connection is dropped then


class Sockets:
    """The ASGI app of every WebSocket on the path."""

    def __init__(self, operations: Operations, browsers: Browsers, connections: Connections) -> None:
        self._operations = operations
        self._browsers = browsers
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Accept, talk, close. A page of an origin that [cors] does not list is answered 403."""
        headers = WebSocket(scope, receive, send).headers
        await receive()  # websocket.connect
        if not self._browsers.admits(headers.get("origin"), headers.get("host")):
            await send({"type": "websocket.close", "code": messages.FORBIDDEN.code})
            return
        spoken = messages.SUBPROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": messages.SUBPROTOCOL if spoken else None})
        close: Close | None = messages.SUBPROTOCOL_NOT_ACCEPTABLE
        if spoken:
            close = await self._conversation(receive, send, headers.get("authorization")).held()
        if close is not None:
            await _closed(send, close)

    def _conversation(self, receive: Receive, send: Send, authorization: str | None) -> Conversation:
        async def take() -> str | None:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                raise ClientLeft
            text: str | None = message.get("text")
            return text

        async def say(text: str) -> None:
            async with asyncio.timeout(self._connections.section.send_seconds):
                await send({"type": "websocket.send", "text": text})

        return Conversation(self._operations, self._connections, take, say, authorization)


async def _closed(send: Send, close: Close) -> None:
    with suppress(OSError, TimeoutError):  # the client was faster, or reads nothing
        async with asyncio.timeout(CLOSE_SECONDS):
            await send({"type": "websocket.close", "code": close.code, "reason": close.reason})
