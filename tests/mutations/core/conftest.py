"""A whole governance over a vendor in memory, on both databases. Policy, audit log and alerts are the real ones.

The engine is one that tests can kill at any boundary; that the real one keeps the same promises is its own suite's.
"""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres
from tests.mutations.core.vendor_in_memory import House, open_house, prepare


@pytest.fixture(scope="session")
def core_server() -> Iterator[Postgres]:
    with postgres() as running:
        asyncio.run(prepare(running.create_database("made")))
        yield running


@pytest.fixture(scope="session")
def core_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("core") / "made.db"
    asyncio.run(prepare(f"sqlite:///{made}"))
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database with all tables: a copy of one that was made once."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("core_file"), tmp_path / "c360.db")
        return f"sqlite:///{tmp_path}/c360.db"
    return str(request.getfixturevalue("core_server").create_database(f"c{uuid.uuid4().hex}", template="made"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


@pytest.fixture
async def small(core_file: Path, tmp_path: Path) -> AsyncIterator[House]:
    """The same on SQLite alone, for what does not depend on the database."""
    shutil.copy(core_file, tmp_path / "small.db")
    opened = open_database(f"sqlite:///{tmp_path}/small.db")
    async with open_house(opened) as there:
        yield there
    await opened.close()


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[Callable[..., Awaitable[House]]]:
    """Opens the same house in another process, as it were: its own connections, its own memory."""
    async with AsyncExitStack() as stack:

        async def opened(vendor_of: House) -> House:
            database = open_database(database_url)
            stack.push_async_callback(database.close)
            return await stack.enter_async_context(open_house(database, vendor=vendor_of.vendor))

        yield opened
