"""uvicorn's HTTP protocol with a bound on a request's head, in bytes and in time, which it does not have itself.

Without one a client that never ends a header holds memory, and one that sends a byte a minute a connection, for ever.
"""

import asyncio
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from resolvers.errors import ErrorCode

MAX_HEAD_BYTES = 64 * 1024  # a token may have 16 kB and a URL as much; proxies take 8 to 32 kB
HEAD_SECONDS = 10.0  # from its first byte to its last; one packet holds most heads
IDLE_SECONDS = 75.0  # without a first byte; load balancers open connections before they need them


class BoundedHttp(HttpToolsProtocol):
    """Refuses heads that are too large (431) or take too long (408), in JSON, and closes the connection."""

    _head_bytes = 0
    _reading_head = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(IDLE_SECONDS, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._reading_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431, f"the request's URL and headers are larger than {MAX_HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        self._stop_timer()
        self._head_bytes = 0
        self._reading_head = True
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._refuse, 408, "the request took too long to arrive")
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._reading_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's own answer to what is not HTTP."""
        self._refuse(400, "this is not HTTP as it should be")

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: int, message: str) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()  # the answer before this one is on its way, and nothing fits in between
            return
        extensions: dict[str, Any] = {"code": ErrorCode.BAD_REQUEST.value, "retryable": False}
        body = msgspec.json.encode({"errors": [{"message": message, "extensions": extensions}]})
        head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()
