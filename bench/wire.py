"""What one call to a source costs: `PYTHONPATH=. python bench/wire.py` prints a table, CPU microseconds a call.

A server in another process answers 2 kB at once. Sixteen callers; rounds are interleaved and the quietest counts.
`kept` connections, and one for each call, as from a server that closes after each answer.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import IO, Any, cast

import aiohttp
import uvloop

from sources.plugin import SourceSettings
from sources.wire.deadline import Deadline, Limit, within
from sources.wire.messages import Request, Response
from sources.wire.transport import HttpTransport
from sources.wire.wire import Wire, open_wire

ROUNDS = 9
CALLS = 800  # about 50 ms: short enough that some round meets nobody else on the core
CALLERS = 16
LIMIT_SECONDS = 10.0
BODY = b'{"results":[' + b",".join(b'{"id":%d,"subject":"It does not start"}' % n for n in range(50)) + b"]}"
FIELDS = (b"Date: Thu, 01 Jan 2026 00:00:00 GMT", b"Content-Type: application/json", b"Server: bench")
FIELDS += tuple(b"X-Field-%d: some value of it" % n for n in range(9))
KEPT = b"\r\n".join([b"HTTP/1.1 200 OK", *FIELDS, b"Content-Length: %d" % len(BODY), b"", BODY])
CLOSED = KEPT.replace(b"Server: bench", b"Server: bench\r\nConnection: close")
SENT = {"Authorization": "Bearer " + "x" * 100, "Accept": "application/json"}

Call = Callable[[], Awaitable[object]]


class Answering(asyncio.Protocol):
    """Answers each request without reading it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if b"/close" in data:
            self._transport.write(CLOSED)
            self._transport.close()
        else:
            self._transport.write(KEPT)


async def serve() -> None:
    """Answer until standard input is closed."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


class Instant:
    """A transport without a socket: what is measured is the wire around it."""

    async def send(self, request: Request, limit: Limit) -> Response:
        """The same answer, one turn of the loop later."""
        await asyncio.sleep(0)
        return Response(status=200, headers={}, body=BODY)

    async def close(self) -> None:
        """Nothing is open."""


def whole(base: str, transport: Any = None) -> Wire:
    """The wire with all its layers."""
    settings = SourceSettings(kind="x", base_url=base, customer_key="k", max_concurrency=CALLERS)
    return open_wire("x", settings, lambda response: None, transport=transport)


async def cpu_of(call: Call, calls: int) -> float:
    """CPU seconds of one call."""

    async def caller() -> None:
        with within(Deadline(LIMIT_SECONDS)):
            for _ in range(calls // CALLERS):
                await call()

    began = time.process_time()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return (time.process_time() - began) / calls


async def compare(base: str) -> dict[str, float]:
    """The quietest round of each way to ask."""
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=CALLERS))
    transport, wire, instant = HttpTransport(connections=CALLERS), whole(base), whole(base, Instant())
    kept, closed = (Request(url=f"{base}/{path}", headers=SENT) for path in ("kept?a=1", "close?a=1"))

    async def by_aiohttp(url: str) -> None:
        async with session.get(url, headers=SENT, allow_redirects=False) as answer:
            await answer.read()

    ways: dict[str, Call] = {
        "one turn of the loop": lambda: asyncio.sleep(0),
        "aiohttp's session": lambda: by_aiohttp(kept.url),
        "the transport": lambda: transport.send(kept, Limit(LIMIT_SECONDS)),
        "the wire without a socket": lambda: instant.send(kept),
        "the whole wire": lambda: wire.send(kept),
        "aiohttp's session, a connection each": lambda: by_aiohttp(closed.url),
        "the whole wire, a connection each": lambda: wire.send(closed),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, call in ways.items():
            best[name] = min(best[name], await cpu_of(call, CALLS))
    for open_one in (session, transport, wire):
        await open_one.close()
    return best


def main() -> None:
    """Print the table."""
    if "--serve" in sys.argv:
        uvloop.run(serve())
        return
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:  # noqa: S603 (ourselves)
        port = int(cast(IO[bytes], server.stdout).readline())
        for name, seconds in uvloop.run(compare(f"http://127.0.0.1:{port}")).items():
            sys.stdout.write(f"{name:<40}{1e6 * seconds:>8.1f} µs\n")
        cast(IO[bytes], server.stdin).close()


if __name__ == "__main__":
    main()
