"""HTTP connections that cannot be held open, or filled, by who never ends a request.

uvicorn bounds neither the bytes of a request's head nor its time, nor what comes after an early answer, nor how
many connections there are. A body is bounded where it is read, in edge/bodies.py.
"""

import resource
from asyncio import TimerHandle, Transport

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from resolvers.errors import ErrorCode

HEAD_BYTES = 64 * 1024  # a token with many roles, a trace and cookies are a quarter; a GET's document has room
HEAD_SECONDS = 10.0  # from a request's first byte until its head is whole; one packet holds most heads
IDLE_SECONDS = 75.0  # until a connection's first byte; load balancers open them before they need them
FRAMING_BYTES = 2 * 1024 * 1024  # of chunk sizes and trailers; a chunk of one byte has six
LINGER_SECONDS = 3.0  # in which a client that still sends a refused body may read why
SHARE_OF_FILES = 0.5  # of the files that the process may open; the rest is for sources, stores and logs


class HeadTooLarge(Exception):
    """The line and the headers of a request, or its trailers, are larger than HEAD_BYTES."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection: bounded in bytes and seconds wherever no body is expected, its refusals JSON.

    Where there are too many connections, the one that has been idle for longest makes place.
    """

    idle_since: float | None = None
    """When it began to wait for a request, by the clock of the loop; None while it has one."""
    _late: TimerHandle | None = None
    _in_head = True
    _begun = False
    _headers_bytes = 0
    _other_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._close_after(IDLE_SECONDS)
        if len(self.connections) > most_connections():
            self._make_place()

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep_open()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._begun = False
        super().data_received(data)
        if not self._begun:  # else it is not known how much of it belongs to the request before
            self._other_bytes += len(data)
        if self._too_large and not self.transport.is_closing():
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._headers_bytes = self._other_bytes = 0
        self._in_head = self._begun = True
        self._close_after(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._keep_open()
        self._in_head, self._other_bytes, self.idle_since = False, 0, None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._other_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.cycle is not None and self.cycle.response_complete:  # None where it becomes a WebSocket
            self._keep_open()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        unread = self.cycle.more_body
        super().on_response_complete()
        if unread:
            self._close_after(LINGER_SECONDS)
        elif not self.pipeline:
            self.idle_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or one whose head is too large, and close."""
        self._keep_open()
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()  # the answer to the request before is on its way, and nothing fits in between
            return
        status, code, message = 400, ErrorCode.BAD_REQUEST, "this is no HTTP request"
        if self._too_large:
            status, code, message = 431, ErrorCode.LIMIT_EXCEEDED, f"its head is larger than {HEAD_BYTES} bytes"
        body = {"errors": [{"message": message, "extensions": {"code": code.value, "retryable": False}}]}
        self.transport.write(_closing_answer(status, msgspec.json.encode(body)))
        self.transport.close()

    @property
    def _too_large(self) -> bool:
        return max(self._headers_bytes, self._other_bytes if self._in_head else 0) > HEAD_BYTES or (
            self._other_bytes > FRAMING_BYTES
        )

    def _count(self, size: int) -> None:
        self._headers_bytes += size
        if self._headers_bytes > HEAD_BYTES:
            raise HeadTooLarge

    def _make_place(self) -> None:
        idle = [each for each in self.connections if isinstance(each, GuardedProtocol) and each.idle_since is not None]
        min(idle, key=lambda each: each.idle_since or 0.0).transport.close()

    def _close_after(self, seconds: float) -> None:
        self._keep_open()
        self._late = self.loop.call_later(seconds, self._close_unless_answering)

    def _keep_open(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close_unless_answering(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.timeout_keep_alive_handler()


def most_connections() -> int:
    """How many connections one process serves at the same time."""
    return int(resource.getrlimit(resource.RLIMIT_NOFILE)[0] * SHARE_OF_FILES)


def _closing_answer(status: int, body: bytes) -> bytes:
    lines = (
        b"content-type: application/json; charset=utf-8",
        b"content-length: %d" % len(body),
        b"connection: close",
    )
    return STATUS_LINE[status] + b"\r\n".join(lines) + b"\r\n\r\n" + body
