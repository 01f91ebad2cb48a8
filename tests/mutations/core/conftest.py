"""A whole governance over a vendor in memory, on both databases. Policy, audit log and alerts are the real ones.

The engine is one that tests can kill at any boundary; that the real one keeps the same promises is its own suite's.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sources.database import Database, open_database
from tests.mutations.core.vendor_in_memory import House, open_house, prepare
from tests.support.databases import KINDS, Databases, databases, opened


@pytest.fixture(scope="session")
def core_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory, prepare) as made:
        yield made


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, core_databases: Databases, tmp_path: Path) -> str:
    """A new database with all tables."""
    return core_databases.new(request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async for each in opened(database_url):
        yield each


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as there:
        yield there


@pytest.fixture
def small_url(core_databases: Databases, tmp_path: Path) -> str:
    return core_databases.new("sqlite", tmp_path)


@pytest.fixture
async def small(small_url: str) -> AsyncIterator[House]:
    """The same on SQLite alone, for what does not depend on the database."""
    async for each in opened(small_url):
        async with open_house(each) as there:
            yield there


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[Callable[..., Awaitable[House]]]:
    """Opens the same house in another process, as it were: its own connections, its own memory."""
    async with AsyncExitStack() as stack:

        async def another_house(vendor_of: House) -> House:
            database = open_database(database_url)
            stack.push_async_callback(database.close)
            return await stack.enter_async_context(open_house(database, vendor=vendor_of.vendor))

        yield another_house
