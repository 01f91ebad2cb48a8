"""Server-sent events in distinct connections mode: one subscription, one response."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gateway.edge.answers import EVENT_TYPE, SECURITY_HEADERS, refused
from gateway.edge.framing import COMMENT, COMPLETE, told
from gateway.edge.operations import Answer
from gateway.edge.refusals import Refusal
from gateway.edge.streams.connections import Connections, TooManyConnections
from gateway.edge.streams.endings import ClientLeft, StreamEnded, expired, last_words, stopping
from gateway.edge.streams.results import Subscribed
from gateway.edge.viewing import Viewing
from resolvers.errors import ErrorCode

Write = Callable[[bytes], Awaitable[None]]


class EventStream(Response):
    """The answers to a subscription, one event each, with comments while nothing happens."""

    def __init__(self, results: Subscribed, viewing: Viewing, connections: Connections) -> None:
        headers = {
            **SECURITY_HEADERS,
            "content-type": f"{EVENT_TYPE}; charset=utf-8",
            "x-accel-buffering": "no",
            "x-correlation-id": viewing.correlation_id,
        }
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._results = results
        self._viewing = viewing
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell until the client leaves, the stream ends, the token expires or the gateway stops."""
        try:
            with self._connections.held(self._viewing.actor):
                await self._serve(receive, send)
        except TooManyConnections:
            message = f"at most {self._connections.section.connections} streams at one time: close one of them"
            refusal = Refusal(429, ErrorCode.TOO_MANY_STREAMS, message, retryable=True)
            await refused(refusal, self._viewing.correlation_id)(scope, receive, send)
        except ClientLeft:
            return
        finally:
            await self._results.aclose()

    async def _serve(self, receive: Receive, send: Send) -> None:
        async def write(content: bytes, more: bool = True) -> None:
            try:
                async with asyncio.timeout(self._connections.section.send_seconds):
                    await send({"type": "http.response.body", "body": content, "more_body": more})
            except (OSError, TimeoutError):  # gone, or it does not read: its connection is dropped as it is
                raise ClientLeft from None

        start: Message = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        await write(COMMENT)  # some clients take the stream for open only when something came
        telling = asyncio.create_task(self._tell(write))
        ending = asyncio.create_task(self._ending(receive))
        try:
            await asyncio.wait({telling, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done() and ending.result() is None:
                return
            ended = telling.exception() if telling.done() else ending.result()
        finally:
            telling.cancel()
            ending.cancel()
            await asyncio.gather(telling, ending, return_exceptions=True)
        if isinstance(ended, ClientLeft):
            return
        if ended is not None:
            errors = last_words(ended, self._viewing.correlation_id)
            await write(told(msgspec.json.encode({"errors": errors})))
        await write(COMPLETE, False)

    async def _tell(self, write: Write) -> None:
        """Write every result, and a comment where none comes for a while. Raises StreamEnded."""
        coming: asyncio.Future[Answer] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(self._results))
                done, _ = await asyncio.wait({coming}, timeout=self._connections.section.keep_alive_seconds)
                if done:
                    result, coming = coming.result(), None
                    await write(told(msgspec.json.encode(result)))
                else:
                    await write(COMMENT)
        except StopAsyncIteration:
            return
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    async def _ending(self, receive: Receive) -> StreamEnded | None:
        """Why the stream ends from outside; None where its client has left."""
        gone = asyncio.create_task(_left(receive))
        stopped = asyncio.create_task(self._connections.stopping.wait())
        try:
            left = max(0.0, self._viewing.actor.expires_at - time.time())
            done, _ = await asyncio.wait({gone, stopped}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            stopped.cancel()
        if gone in done:
            return None
        return stopping() if stopped in done else expired()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
