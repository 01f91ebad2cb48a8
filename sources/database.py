"""The gateway's own database: a SQLite file on a laptop, PostgreSQL for many processes. One way to write for both.

SQLite: WAL, so that readers never wait; one writer at a time, over all processes (BEGIN IMMEDIATE).

A transaction of AsyncConnection's costs a hop to a thread and back for each statement, its BEGIN and its COMMIT, on
SQLite: 1 to 3 ms of the processor. `ask` and `change` take a function for what every request does: no hop, or one.
"""

import asyncio
import functools
import importlib.resources
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from sources.prepared import Rows, rows_of
from sources.sqlite import READERS, Sqlite

BUSY_TIMEOUT_MS = 10_000  # another process may hold the write lock for one backfill batch: about a second at worst
POSTGRES_CONNECTIONS = 10
STATEMENT_SECONDS = 30.0  # no statement of ours takes a second; one that does not come back must not hold a request
POOL_SECONDS = 10.0


class UnsupportedDatabase(ValueError):
    """The URL names no database that the gateway can use."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, on both databases. SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


P = ParamSpec("P")
R = TypeVar("R")
_under_way: set[asyncio.Task[Any]] = set()  # writes, each held until its end


def to_the_end(write: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """A write that is carried to its end though whoever asked for it goes away.

    A statement that is cancelled costs SQLite its connection, and that connection keeps the lock which it had asked
    for: nobody could write any more.
    """

    @functools.wraps(write)
    async def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        task = asyncio.create_task(write(*args, **kwargs))
        _under_way.add(task)
        task.add_done_callback(_over)
        return await asyncio.shield(task)

    return carried


def _over(task: asyncio.Task[Any]) -> None:
    """What a write raises is for who waits; where nobody does any more, it is no news for the log of the loop."""
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()


class Database:
    """Connections to one database. `dialect` is "sqlite" or "postgresql"."""

    def __init__(self, dialect: str, writer: AsyncEngine, reader: AsyncEngine, sqlite: Sqlite | None = None) -> None:
        self.dialect = dialect
        self._writer = writer
        self._reader = reader
        self._sqlite = sqlite
        self._turn = asyncio.Lock()

    @property
    def is_sqlite(self) -> bool:
        return self.dialect == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that may write; committed at the end, rolled back by an exception.

        Only for what runs `to_the_end`: it must not be cancelled inside.
        """
        async with self._only_writer(), self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that only reads; never waits for a writer."""
        async with self._reader.begin() as connection:
            yield connection

    async def ask(self, read: Callable[[Rows], R], keys: int = 1) -> R:
        """What a read gives, in a transaction of its own: for short ones, which every request makes.

        `keys`: of how many it asks. It may be begun twice, so it does nothing but read.
        """
        if self._sqlite is not None:
            return await self._sqlite.ask(read, keys)
        async with self.reading() as connection:
            return await connection.run_sync(lambda connection: read(rows_of(connection)))

    async def change(self, write: Callable[[Connection], R]) -> R:
        """What a write gives, in a transaction of its own. Only for what runs `to_the_end`."""
        if self._sqlite is not None:
            async with self._only_writer():
                return await self._sqlite.change(write)
        async with self.transaction() as connection:
            return await connection.run_sync(write)

    async def close(self) -> None:
        """Close every connection, once the writes under way are done."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(task for task in _under_way if task.get_loop() is loop), return_exceptions=True)
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
        if self._sqlite is not None:
            await asyncio.to_thread(self._sqlite.close)

    @asynccontextmanager
    async def _only_writer(self) -> AsyncIterator[None]:
        """SQLite: in the order of asking. Its own lock is for who happens to look when it is free."""
        if not self.is_sqlite:
            yield
            return
        try:
            async with asyncio.timeout(POOL_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            raise NoConnection(f"another write of this process took more than {POOL_SECONDS:g} seconds") from None
        try:
            yield
        finally:
            self._turn.release()


def open_database(url: str) -> Database:
    """Open "sqlite:///./c360.db" or "postgresql://…"; connects on first use. Raises UnsupportedDatabase."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise UnsupportedDatabase("is not a database URL, such as sqlite:///./c360.db") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed)
    if backend in ("postgresql", "postgres"):
        return _postgresql(parsed)
    raise UnsupportedDatabase(f"{backend} is not supported: use sqlite:///… or postgresql://…")


def _sqlite(url: URL) -> Database:
    if not url.database or url.database == ":memory:":
        raise UnsupportedDatabase("a SQLite database needs a file, such as sqlite:///./c360.db")
    # What is committed is on the disk: an intent that a power cut forgets would be money without a record.
    writer = _sqlite_engine(url, "BEGIN IMMEDIATE", connections=1, synchronous="FULL")
    reader = _sqlite_engine(url, "BEGIN", connections=READERS, synchronous="NORMAL")
    return Database("sqlite", writer, reader, _without_hops(url))


def _without_hops(url: URL) -> Sqlite:
    url = url.set(drivername="sqlite+pysqlite")
    options: dict[str, Any] = {
        "max_overflow": 0,
        "hide_parameters": True,
        # each of the threads takes any of their connections, one at a time
        "connect_args": {"isolation_level": None, "check_same_thread": False},
    }
    writer = create_engine(url, pool_size=1, **options)
    reader = create_engine(url, pool_size=READERS, **options)
    _prepare(writer, "BEGIN IMMEDIATE", "FULL")
    _prepare(reader, "BEGIN", "NORMAL")
    return Sqlite(writer, reader)


def _sqlite_engine(url: URL, begin: str, connections: int, synchronous: str) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        hide_parameters=True,  # an error's text must not hold what customers are called
        # None: the driver begins no transaction by itself, so that ours begin as `begin` says, also around DDL.
        connect_args={"isolation_level": None},
    )
    _prepare(engine.sync_engine, begin, synchronous)
    return engine


def _prepare(engine: Engine, begin: str, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgresql(url: URL) -> Database:
    query = dict(url.query)
    if "sslmode" in query:  # libpq's word; asyncpg's is ssl
        query["ssl"] = query.pop("sslmode")
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg", query=query),
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"command_timeout": STATEMENT_SECONDS, "timeout": POOL_SECONDS},
    )
    return Database("postgresql", engine, engine)


async def upgrade(database: Database, package: str, version_table: str) -> None:
    """Bring the tables of one part to their newest form; `package` holds the part's alembic scripts.

    Runs in one transaction, and in one process at a time: a second one waits and finds nothing to do.
    """
    with importlib.resources.as_file(importlib.resources.files(package)) as scripts:
        async with database.transaction() as connection:
            if not database.is_sqlite:
                await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(360, 1)")
            await connection.run_sync(_upgrade, scripts, version_table)


def _upgrade(connection: Connection, scripts: Path, version_table: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = version_table
    command.upgrade(config, "head")
