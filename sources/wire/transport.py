"""Sends one request once, over a client of our own: half of the cost of aiohttp for each call (decision 0017)."""

import asyncio
from typing import Final

from sources.faults import Malformed, Refused, SourceFault, Unavailable
from sources.wire.deadline import Limit
from sources.wire.http.connection import Connection
from sources.wire.http.failures import (
    BrokenOff,
    HttpFailure,
    NoAnswer,
    NotConnected,
    NotHttp,
    NotSendable,
    NotTrusted,
    TooLarge,
)
from sources.wire.http.packing import unpacked
from sources.wire.http.pool import Pool
from sources.wire.http.request import written
from sources.wire.http.servers import located
from sources.wire.messages import Request, Response
from sources.wire.naming import asked

MAX_BODY_BYTES = 32 * 1024 * 1024  # the largest page seen is 3 MiB; a source gone mad must not take the process along
UNPACKED_ASIDE_BYTES = 64 * 1024  # packed; some milliseconds of work, for which the other requests must not stop


class HttpTransport:
    """The connections to one source: kept alive, verified TLS, no cookies, no redirects, no proxy.

    The pool is made at the first request and belongs to that event loop.
    """

    def __init__(self, *, connections: int, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._connections = connections
        self._max_body_bytes = max_body_bytes
        self._pool: Pool | None = None
        self._closed = False

    async def send(self, request: Request, limit: Limit) -> Response:
        """The answer, whatever its status. Raises Unavailable or Timeout; Malformed: no HTTP, or too large."""
        pool = self._open()
        connection: Connection | None = None
        try:
            server, target = located(request.url)
            data = written(request.method, target, server, request.headers, request.body)
            connection = await pool.take(server, limit)
            try:
                response = await connection.exchange(request.method, data, limit)
            finally:
                pool.give_back(connection)
            return await self._plain(response) if "content-encoding" in response.headers else response
        except TimeoutError:
            raise limit.fault(asked(request.method, request.url), sent=connection is not None) from None
        except HttpFailure as failure:
            raise _fault(asked(request.method, request.url), failure) from None

    async def close(self) -> None:
        """Close the connections. What is sent afterwards is Unavailable."""
        self._closed = True
        if self._pool is not None:
            await self._pool.close()

    async def _plain(self, response: Response) -> Response:
        packed, encoding = response.body, response.headers["content-encoding"]
        if not packed:
            return response
        if len(packed) > UNPACKED_ASIDE_BYTES:
            body = await asyncio.to_thread(unpacked, packed, encoding, self._max_body_bytes)
        else:
            body = unpacked(packed, encoding, self._max_body_bytes)
        return Response(status=response.status, headers=response.headers, body=body)

    def _open(self) -> Pool:
        if self._closed:
            raise Unavailable("the connection to this source is closed: the gateway is stopping", sent=False)
        if self._pool is None:
            self._pool = Pool(self._connections, self._max_body_bytes)
        elif self._pool.loop is not asyncio.get_running_loop():
            raise RuntimeError("a transport serves one event loop only")
        return self._pool


_FAULTS: Final[dict[type[HttpFailure], tuple[type[SourceFault], str, bool]]] = {
    NotSendable: (Refused, "not sent, a header or the URL holds what HTTP forbids", False),
    NotConnected: (Unavailable, "no connection", False),
    NotTrusted: (Unavailable, "the server's certificate is not trusted", False),
    NoAnswer: (Unavailable, "the connection was lost", True),
    BrokenOff: (Unavailable, "the answer broke off or its encoding is broken", True),
    NotHttp: (Malformed, "the answer is not HTTP", True),
    TooLarge: (Malformed, "the answer has {}", True),
}


def _fault(what: str, failure: HttpFailure) -> SourceFault:
    kind, reason, sent = _FAULTS[type(failure)]
    return kind(f"{what}: {reason.format(failure)}", sent=sent)
