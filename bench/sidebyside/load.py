"""A load generator that costs little: bare sockets, a fixed request for each client, kept-alive connections."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any
from urllib.parse import urlsplit

import httptools
import msgspec

ERRORS = b'"errors":'  # no answer of the bench has any, and no value holds the word
GRACE_SECONDS = 120.0  # for what is under way when the time is over: a slow one with 64 clients takes a minute


class Load(msgspec.Struct):
    """What came of it: how long each request took, and how many were not answered well."""

    seconds: list[float]
    elapsed: float
    failed: int
    failure: str = ""
    """How the first of them was answered."""

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class _Client(asyncio.Protocol):
    """Sends its next request as soon as the last was answered, while there are any and until told to stop."""

    def __init__(self, requests: Iterator[bytes], load: Load, until: float) -> None:
        self.requests = requests
        self.load = load
        self.until = until
        self.parser: Any = None
        self.last = bytearray()
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._begin()

    def _begin(self) -> None:
        self._send()

    def _send(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self._end()
            return
        self.parser = httptools.HttpResponseParser(self)
        self.last = bytearray()
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.last += body

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.load.seconds.append(now - self.sent)
        if self.parser.get_status_code() != 200 or ERRORS in self.last:
            self.load.failed += 1
            self.load.failure = self.load.failure or self._told()
        if now < self.until:
            self._go_on(now)
        else:
            self._end()

    def _told(self) -> str:
        begin = max(0, self.last.find(ERRORS))
        return f"{self.parser.get_status_code()} {self.last[begin : begin + 300].decode(errors='replace')}"

    def _go_on(self, now: float) -> None:
        self.loop.call_soon(self._send)

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.load.failed += 1
            self.done.set_result(None)


class _Paced(_Client):
    """Sends on its own beat, whether answers are quick or not: what comes late makes the next one late, and counts."""

    def __init__(self, requests: Iterator[bytes], load: Load, until: float, first: float, interval: float) -> None:
        super().__init__(requests, load, until)
        self.due = first
        self.interval = interval

    def _begin(self) -> None:
        self._wait(time.perf_counter())

    def _go_on(self, now: float) -> None:
        self.due += self.interval
        self._wait(now)

    def _wait(self, now: float) -> None:
        if self.due <= now:
            self._send()
            self.sent = self.due
        else:
            self.loop.call_later(self.due - now, self._send)


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
    until = time.perf_counter() + seconds
    return await _run(
        url,
        [
            lambda load, nth=nth: _Client(repeat(request_of(url, bodies[nth % len(bodies)], token)), load, until)
            for nth in range(clients)
        ],
        GRACE_SECONDS + seconds,
    )


async def put_under_pace(
    url: str, bodies: list[bytes], token: str, clients: int, seconds: float, per_second: float
) -> Load:
    """So many requests a second from all clients together, each on a beat that begins at a time of its own."""
    began, interval = time.perf_counter(), clients / per_second
    places = random.Random(clients)
    beats = [began + places.random() * interval for _ in range(clients)]
    return await _run(
        url,
        [
            lambda load, nth=nth, first=first: _Paced(
                repeat(request_of(url, bodies[nth % len(bodies)], token)), load, began + seconds, first, interval
            )
            for nth, first in enumerate(beats)
        ],
        GRACE_SECONDS + seconds,
    )


async def send_all(url: str, requests: Iterator[bytes], clients: int, seconds: float) -> Load:
    """Every request once, by so many clients. Gives up after so many seconds."""
    return await _run(url, [lambda load: _Client(requests, load, math.inf)] * clients, seconds)


async def _run(url: str, clients: Sequence[Callable[[Load], _Client]], seconds: float) -> Load:
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    began = time.perf_counter()
    load = Load([], 0.0, 0)
    opened = [
        await loop.create_connection(lambda make=make: make(load), parts.hostname, parts.port)  # type: ignore[misc]
        for make in clients
    ]
    _, late = await asyncio.wait([client.done for _, client in opened], timeout=seconds)
    load.failed += len(late)
    load.elapsed = time.perf_counter() - began
    for transport, client in opened:
        client.done.cancel()
        transport.close()
    return load


async def answer_of(url: str, body: bytes, token: str) -> bytes:
    """One answer, as it came."""
    load = Load([], 0.0, 0)
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    transport, client = await loop.create_connection(
        lambda: _Client(repeat(request_of(url, body, token)), load, 0.0), parts.hostname, parts.port
    )
    await asyncio.wait_for(client.done, GRACE_SECONDS)
    transport.close()
    return bytes(client.last)
