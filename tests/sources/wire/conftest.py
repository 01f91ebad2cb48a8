"""Raw loopback servers that say exactly these bytes, and wires that are closed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from sources.faults import SourceFault, Throttled, Unavailable
from sources.plugin import SourceSettings
from sources.wire.messages import Response
from sources.wire.transport import HttpTransport
from sources.wire.wire import Wire, open_wire

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


Open = Callable[..., HttpTransport]


class RawServer:
    """Serves each request of each connection with `talk`, and keeps what it was sent."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.requests: list[bytes] = []
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while not writer.is_closing():
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                await self._talk(reader, writer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)


Serve = Callable[[Talk | bytes], Awaitable[tuple[str, RawServer]]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """A transport, and a look afterwards that no task is left."""
    transports: list[HttpTransport] = []

    def new(**options: Any) -> HttpTransport:
        transports.append(HttpTransport(**{"connections": 4, **options}))
        return transports[-1]

    yield new
    for transport in transports:
        await transport.close()
    mine = ("HttpTransport", "Connection", "Pool", "start_connection", "getaddrinfo")
    assert not [task for task in asyncio.all_tasks() if any(word in repr(task) for word in mine)]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve a conversation, or always the same bytes; gives (base URL, server)."""
    servers: list[RawServer] = []

    async def start(talk: Talk | bytes) -> tuple[str, RawServer]:
        async def always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert isinstance(talk, bytes)
            writer.write(talk)

        server = RawServer(always if isinstance(talk, bytes) else talk)
        servers.append(server)
        return await server.start(), server

    yield start
    for server in servers:
        await server.stop()


def classify(response: Response) -> SourceFault | None:
    """429 is Throttled, with what Retry-After says; 5xx is Unavailable; the rest is good."""
    if response.status == 429:
        after = response.headers.get("retry-after")
        return Throttled("429", retry_after_seconds=float(after) if after else None)
    return Unavailable(str(response.status)) if response.status >= 500 else None


OpenWire = Callable[..., Wire]


@pytest.fixture
async def wire_to() -> AsyncIterator[OpenWire]:
    """A wire to a base URL; settings by name, and `options` for open_wire."""
    wires: list[Wire] = []

    def new(base_url: str, *, options: dict[str, Any] | None = None, **settings: Any) -> Wire:
        section = SourceSettings(kind="x", base_url=base_url, customer_key="k", **settings)
        wires.append(open_wire("x", section, classify, **(options or {})))
        return wires[-1]

    yield new
    for wire in wires:
        await wire.close()


def ok(body: bytes = b"{}", *headers: bytes) -> bytes:
    """A whole HTTP answer."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.fixture
def answer_ok() -> Callable[..., bytes]:
    return ok
