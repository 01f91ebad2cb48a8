"""A load generator that costs little: bare sockets, a fixed request for each client, kept-alive connections."""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import httptools
import msgspec

ERRORS = b'"errors":'  # no answer of the bench has any, and no value holds the word
GRACE_SECONDS = 30.0  # for what is under way when the time is over


class Load(msgspec.Struct):
    """What came of it: how long each request took, and how many were not answered well."""

    seconds: list[float]
    elapsed: float
    failed: int

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class _Client(asyncio.Protocol):
    """Sends its request again as soon as it was answered, until told to stop."""

    def __init__(self, request: bytes, load: Load, until: float) -> None:
        self.request = request
        self.load = load
        self.until = until
        self.parser: Any = None
        self.last = bytearray()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.last = bytearray()
        self.sent = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.last += body

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.load.seconds.append(now - self.sent)
        if self.parser.get_status_code() != 200 or ERRORS in self.last:
            self.load.failed += 1
        if now < self.until:
            asyncio.get_running_loop().call_soon(self._send)
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.load.failed += 1
            self.done.set_result(None)


def request_of(url: str, body: bytes, token: str) -> bytes:
    """A whole POST as bytes."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\naccept: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def put_under_load(url: str, bodies: list[bytes], token: str, clients: int, seconds: float) -> Load:
    """So many clients for so long; each asks for something of its own as far as there are bodies."""
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    began = time.perf_counter()
    load = Load([], 0.0, 0)
    opened = []
    for nth in range(clients):
        request = request_of(url, bodies[nth % len(bodies)], token)
        opened.append(
            await loop.create_connection(
                lambda request=request: _Client(request, load, began + seconds),  # type: ignore[misc]
                parts.hostname,
                parts.port,
            )
        )
    await asyncio.wait([client.done for _, client in opened], timeout=GRACE_SECONDS + seconds)
    load.elapsed = time.perf_counter() - began
    for transport, _ in opened:
        transport.close()
    return load


async def answer_of(url: str, body: bytes, token: str) -> bytes:
    """One answer, as it came."""
    load = Load([], 0.0, 0)
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    transport, client = await loop.create_connection(
        lambda: _Client(request_of(url, body, token), load, 0.0), parts.hostname, parts.port
    )
    await asyncio.wait_for(client.done, GRACE_SECONDS)
    transport.close()
    return bytes(client.last)
