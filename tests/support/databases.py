"""New databases for tests, on SQLite and on PostgreSQL: copies of one of each that was prepared once."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres

Prepare = Callable[[str], Awaitable[None]]
KINDS = ("sqlite", "postgresql")


class Databases:
    """Makes databases with tables. PostgreSQL starts when the first one is wanted."""

    def __init__(self, folder: Path, prepare: Prepare) -> None:
        self._folder = folder
        self._prepare = prepare
        self._server: Postgres | None = None
        self._stack = ExitStack()

    def new(self, kind: str, folder: Path) -> str:
        """The URL of a new database; a SQLite file lies in the folder."""
        if kind == "sqlite":
            shutil.copy(self.file, folder / "c360.db")
            return f"sqlite:///{folder}/c360.db"
        return self.server.create_database(f"t{uuid.uuid4().hex}", template="made")

    @property
    def file(self) -> Path:
        """The SQLite database that is copied."""
        made = self._folder / "made.db"
        if not made.exists():
            asyncio.run(self._prepare(f"sqlite:///{made}"))
        return made

    @property
    def server(self) -> Postgres:
        """The PostgreSQL on which databases are made."""
        if self._server is None:
            self._server = self._stack.enter_context(postgres())
            asyncio.run(self._prepare(self._server.create_database("made")))
        return self._server

    def close(self) -> None:
        """Stop the server."""
        self._stack.close()


@contextmanager
def databases(tmp_path_factory: pytest.TempPathFactory, prepare: Prepare) -> Iterator[Databases]:
    """For a fixture of a session. `prepare` makes the tables of an empty database."""
    made = Databases(tmp_path_factory.mktemp("databases"), prepare)
    try:
        yield made
    finally:
        made.close()


def migrated(*migrations: Callable[[Database], Awaitable[None]]) -> Prepare:
    """Prepares a database by migrations."""

    async def prepare(url: str) -> None:
        opened = open_database(url)
        for migrate in migrations:
            await migrate(opened)
        await opened.close()

    return prepare


async def opened(url: str) -> AsyncIterator[Database]:
    """An open database, for a fixture."""
    database = open_database(url)
    yield database
    await database.close()
