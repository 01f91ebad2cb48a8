"""SQLite without hops in between: short reads on the loop itself, writes from BEGIN to COMMIT in one thread."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from sources.prepared import Prepared, Rows, rows_of

READERS = 4  # each is a thread; more than that only wait for one another's GIL
AT_ONCE = 100  # keys of a read on the loop: some 3 ms at worst, which every other request waits for

R = TypeVar("R")


class Sqlite:
    """One file."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._writing = ThreadPoolExecutor(1, "sqlite-writer")
        self._reading = ThreadPoolExecutor(READERS, "sqlite-reader")
        self._at_once: sqlite3.Connection | None = None

    async def ask(self, read: Callable[[Rows], R], keys: int) -> R:
        """What a read gives: at once where it is short, in a thread where it is not or SQLite would have to wait.

        An error is the thread's to tell: by then it is none of the moment.
        """
        if keys <= AT_ONCE:
            try:
                return self._asked_at_once(read)
            except sqlite3.Error:
                pass
        return await self._in_thread(self._reading, self._reader, lambda connection: read(rows_of(connection)))

    async def change(self, write: Callable[[Connection], R]) -> R:
        return await self._in_thread(self._writing, self._writer, write)

    def close(self) -> None:
        """What is under way was waited for, or nobody waits for it."""
        self._writing.shutdown()
        self._reading.shutdown()
        if self._at_once is not None:
            self._at_once.close()
        self._writer.dispose()
        self._reader.dispose()

    def _asked_at_once(self, read: Callable[[Rows], R]) -> R:
        connection = self._at_once
        if connection is None:
            connection = self._at_once = _bare(self._reader)
        connection.execute("BEGIN")
        try:
            return read(partial(_rows, connection))
        finally:
            connection.execute("ROLLBACK")

    async def _in_thread(self, threads: ThreadPoolExecutor, engine: Engine, work: Callable[[Connection], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(threads, _in_transaction, engine, work)


def _rows(connection: sqlite3.Connection, statement: Prepared, **given: Any) -> Sequence[Any]:
    return statement.rows(connection, given)


def _bare(engine: Engine) -> sqlite3.Connection:
    """A connection that is prepared as the engine's are, and never waits."""
    pooled = engine.raw_connection()
    connection = cast(sqlite3.Connection, pooled.driver_connection)
    pooled.detach()
    connection.execute("PRAGMA busy_timeout=0")
    connection.execute("PRAGMA query_only=ON")
    return connection


def _in_transaction(engine: Engine, work: Callable[[Connection], R]) -> R:
    with engine.begin() as connection:
        return work(connection)
