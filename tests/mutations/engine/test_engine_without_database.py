"""The database is gone for four leases: nothing is paid meanwhile, nothing twice, and nothing is lost."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.engine import make_url

pytestmark = pytest.mark.timeout(150)

GONE_SECONDS = 20.0


class CutOff:
    """A TCP proxy to one port of the loopback interface."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._cut = False

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    def cut(self) -> None:
        self._cut = True
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        self._cut = False

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers |= {writer, up_writer}
        await asyncio.gather(self._copy(reader, up_writer), self._copy(up_reader, writer))
        self._writers -= {writer, up_writer}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def a_way(url: str) -> AsyncIterator[tuple[str, object, object]]:
    """The URL that processes use, and how to take the database away from them and to give it back."""
    if url.startswith("sqlite"):
        files = [make_url(url).database, str(make_url(url).database).replace("c360.db", "c360-engine.db")]
        locks = [sqlite3.connect(file, isolation_level=None, timeout=10.0) for file in files]
        yield (
            url,
            lambda: [lock.execute("BEGIN IMMEDIATE") for lock in locks],
            lambda: [lock.execute("ROLLBACK") for lock in locks],
        )
        for lock in locks:
            lock.close()
        return
    way = CutOff(make_url(url).port)
    yield make_url(url).set(port=await way.open()).render_as_string(hide_password=False), way.cut, way.mend
    await way.close()


async def test_nothing_is_paid_while_the_database_is_gone_and_all_is_paid_once_when_it_is_back(processes):
    async with a_way(processes.url) as (url, take, give):
        first, second = await processes.start("A", url=url), await processes.start("B", url=url)
        await first.submit("gated-1:1", "gated-2:1")
        await second.submit("gated-3:1")
        await processes.until(3, "asked")
        take()
        await asyncio.sleep(6.0)  # longer than the lease
        processes.open_gate("A")
        processes.open_gate("B")
        await asyncio.sleep(GONE_SECONDS - 6.0)
        assert processes.effects("paid") == []
        assert len(processes.effects("refrained")) == 3
        give()
        await processes.until(3, "done")
        assert len(processes.effects("paid")) == 3
        assert await first.submit("plain-4:1") == ["submitted plain-4:1"]
        await processes.until(1, "done", run="plain-4:1")
        for worker in (first, second):
            status, errors = await worker.stopped()
            assert status == 0
            assert "Traceback" not in errors
