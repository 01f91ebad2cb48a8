"""One socket to a server, and one request at a time over it."""

import asyncio
from typing import cast

from sources.wire.deadline import Limit
from sources.wire.http.answers import Answers
from sources.wire.http.failures import BrokenOff, HttpFailure, NoAnswer, NotConnected
from sources.wire.http.servers import Server
from sources.wire.messages import Response


class Connection(asyncio.Protocol):
    """Open until it is aborted, the server closes, or anything comes that nobody waits for."""

    def __init__(self, server: Server, max_body_bytes: int) -> None:
        self.server = server
        self._answers = Answers(max_body_bytes)
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        """Done when the socket is closed."""
        self._transport: asyncio.Transport | None = None
        self._awaited: asyncio.Future[None] | None = None

    @property
    def usable(self) -> bool:
        """It is open, as far as is known."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def reusable(self) -> bool:
        """The last answer ended where it said, nothing is behind it, and all of the request has gone out."""
        transport = self._transport
        return (
            self._answers.reusable
            and transport is not None
            and not transport.is_closing()
            and not transport.get_write_buffer_size()
        )

    async def exchange(self, method: str, data: bytes, limit: Limit) -> Response:
        """Send a request and wait for its answer. Raises HttpFailure or TimeoutError."""
        if self._transport is None or self._transport.is_closing():
            raise NotConnected("closed meanwhile")
        remaining = limit.remaining()
        if not remaining:
            raise TimeoutError
        self._answers.expect(method)
        self._awaited = awaited = self._loop.create_future()
        self._timer = self._loop.call_later(remaining, self._look, limit)
        try:
            self._transport.write(data)
            await awaited
            return self._answers.take()
        finally:
            self._timer.cancel()
            self._awaited = None
            if not self.reusable:
                self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """As asyncio.Protocol."""
        awaited = self._awaited
        if awaited is None or awaited.done():
            self.abort()  # unasked: it must never answer the next request
            return
        try:
            self._answers.feed(data)
        except HttpFailure as failure:
            awaited.set_exception(failure)
            self.abort()
        else:
            if self._answers.complete:
                awaited.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """As asyncio.Protocol."""
        self.lost.set_result(None)
        self._transport = None
        awaited = self._awaited
        if awaited is not None and not awaited.done():
            self._conclude(awaited, orderly=error is None)
        self._answers.forget()

    def _conclude(self, awaited: asyncio.Future[None], *, orderly: bool) -> None:
        if orderly:
            self._answers.end()
        if self._answers.complete:
            awaited.set_result(None)
        else:
            awaited.set_exception(BrokenOff("it ends too early") if self._answers.begun else NoAnswer("lost"))

    def _look(self, limit: Limit) -> None:
        """The timer has fired: the time is over, unless the deadline was extended meanwhile."""
        remaining = limit.remaining()
        if remaining > 0:
            self._timer = self._loop.call_later(remaining, self._look, limit)
        elif self._awaited is not None and not self._awaited.done():
            self._awaited.set_exception(TimeoutError())
