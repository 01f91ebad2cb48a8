"""Every test runs on both databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mutations.governance.alerts.migrations import migrate
from sources.database import Database
from tests.support.databases import KINDS, Databases, databases, migrated, opened


@pytest.fixture(scope="session")
def alerts_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory, migrated(migrate)) as made:
        yield made


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, alerts_databases: Databases, tmp_path: Path) -> str:
    """A new database with the outbox."""
    return alerts_databases.new(request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async for each in opened(database_url):
        yield each
