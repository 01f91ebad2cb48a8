"""Sends one request once, over aiohttp: a quarter of the cost of httpx for each call."""

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from sources.faults import Malformed, Refused, SourceFault, Unavailable
from sources.wire.deadline import Limit
from sources.wire.messages import Request, Response
from sources.wire.naming import asked

MAX_BODY_BYTES = 32 * 1024 * 1024  # the largest page seen is 3 MiB; a source gone mad must not take the process along
MAX_HEADER_FIELDS = 256  # some vendors behind two proxies send more than 100
KEEPALIVE_SECONDS = (
    30.0  # below the 60 s and more after which vendors' proxies close, so that few requests meet a closing
)

_ACCEPT: Final = {"Accept-Encoding": "gzip, deflate"}  # said explicitly: Tryton's answers claim gzip either way


class AiohttpTransport:
    """One session to one source: keep-alive, verified TLS, no cookies, no redirects, no proxy out of the environment.

    The session is made at the first request and belongs to that event loop.
    """

    def __init__(self, *, connections: int, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._connections = connections
        self._max_body_bytes = max_body_bytes
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def send(self, request: Request, limit: Limit) -> Response:
        """The answer, whatever its status. Raises Unavailable or Timeout; Malformed: no HTTP, or too large."""
        session = self._open()
        try:
            async with (
                limit.bound(),
                session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=request.headers,
                    data=request.body or None,
                    allow_redirects=False,
                ) as answer,
            ):
                body = await self._read(answer)
                return Response(status=answer.status, headers=_joined(answer.headers), body=body)
        except TimeoutError:
            raise limit.fault(asked(request.method, request.url)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _fault(asked(request.method, request.url), error) from None

    async def close(self) -> None:
        """Close the connections. What is sent afterwards is Unavailable."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in answer.content.iter_any():
            size += len(chunk)
            if size > self._max_body_bytes:
                raise _TooLarge(f"more than {self._max_body_bytes} bytes")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise Unavailable("the connection to this source is closed: the gateway is stopping", sent=False)
        if self._session is None:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEPALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                headers=_ACCEPT,
                max_headers=MAX_HEADER_FIELDS,
            )
            # aiohttp sends GET, PUT and DELETE again by itself when a kept connection turns out to be closed;
            # it has no public switch. Only the layer above may try again, and never a write.
            self._session._retry_connection = False
        elif self._loop is not loop:
            raise RuntimeError("a transport serves one event loop only")
        return self._session


class _TooLarge(aiohttp.ClientPayloadError):
    """The body is larger than the bound."""


def _joined(fields: Mapping[str, str]) -> dict[str, str]:
    """Names in lower case; a repeated field is one list, as it means. Source: RFC 9110, 5.3."""
    headers: dict[str, str] = {}
    for name, value in fields.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _fault(what: str, error: Exception) -> SourceFault:
    if isinstance(error, _TooLarge):
        return Malformed(f"{what}: the answer has {error}")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Unavailable(f"{what}: the server's certificate is not trusted", sent=False)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Unavailable(f"{what}: no connection", sent=False)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Unavailable(f"{what}: the answer broke off or its encoding is broken")
    if isinstance(error, aiohttp.ClientResponseError):
        return Malformed(f"{what}: the answer is not HTTP")
    if isinstance(error, ValueError):  # such as a secret with a line break at its end
        return Refused(f"{what}: not sent, a header or the URL holds what HTTP forbids", sent=False)
    return Unavailable(f"{what}: the connection was lost")
