"""The connections of one transport: those that are under way, and those that are kept for the next request."""

import asyncio
from collections import defaultdict

from sources.wire.deadline import Limit
from sources.wire.http.connecting import connect
from sources.wire.http.connection import Connection
from sources.wire.http.failures import NotConnected
from sources.wire.http.servers import Server

KEEPALIVE_SECONDS = (
    30.0  # below the 60 s and more after which vendors' proxies close, so that few requests meet a closing
)


class Pool:
    """At most `connections` are open. Belongs to one event loop."""

    def __init__(self, connections: int, max_body_bytes: int) -> None:
        self.loop = asyncio.get_running_loop()
        self._connections = connections
        self._max_body_bytes = max_body_bytes
        self._under_way = 0
        self._places = asyncio.Semaphore(connections)
        self._kept: defaultdict[Server, list[Connection]] = defaultdict(list)  # the longest idle first
        self._open: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def take(self, server: Server, limit: Limit) -> Connection:
        """A connection for one request; give it back. Raises NotConnected or TimeoutError."""
        if self._places.locked():
            async with limit.bound():
                await self._places.acquire()
        else:
            await self._places.acquire()
        self._under_way += 1
        try:
            return self._last_kept(server) or await self._another(server, limit)
        except BaseException:
            self._leave()
            raise

    def give_back(self, connection: Connection) -> None:
        """Keep it for the next request where its last answer allows that."""
        self._leave()
        if not connection.reusable or self._closed:
            connection.abort()
            return
        connection.idle_since = self.loop.time()
        self._kept[connection.server].append(connection)
        if self._sweep is None:
            self._sweep = self.loop.call_later(KEEPALIVE_SECONDS, self._close_idle)

    async def close(self) -> None:
        """Close all of them, those under way too, and wait until they are."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in self._open:
            connection.abort()
        if self._open:
            await asyncio.wait([connection.lost for connection in self._open])

    def _leave(self) -> None:
        self._under_way -= 1
        self._places.release()

    def _last_kept(self, server: Server) -> Connection | None:
        kept = self._kept[server]
        while kept:
            connection = kept.pop()
            if connection.usable and self.loop.time() - connection.idle_since < KEEPALIVE_SECONDS:
                return connection
            connection.abort()
        return None

    async def _another(self, server: Server, limit: Limit) -> Connection:
        if self._under_way + sum(map(len, self._kept.values())) > self._connections:
            self._close_longest_idle()
        async with limit.bound():
            connection = await connect(server, self._max_body_bytes)
        self._open.add(connection)
        connection.lost.add_done_callback(lambda _: self._open.discard(connection))
        if self._closed:
            connection.abort()
            raise NotConnected("closed meanwhile")
        return connection

    def _close_longest_idle(self) -> None:
        first = min((kept[0] for kept in self._kept.values() if kept), key=lambda each: each.idle_since, default=None)
        if first is not None:
            self._kept[first.server].remove(first)
            first.abort()

    def _close_idle(self) -> None:
        self._sweep = None
        now = self.loop.time()
        for server, kept in list(self._kept.items()):
            staying = [each for each in kept if each.usable and now - each.idle_since < KEEPALIVE_SECONDS]
            for connection in kept:
                if connection not in staying:
                    connection.abort()
            self._kept[server] = staying
        oldest = min((kept[0].idle_since for kept in self._kept.values() if kept), default=None)
        if oldest is not None:
            self._sweep = self.loop.call_later(oldest + KEEPALIVE_SECONDS - now, self._close_idle)
