"""Every test runs on both databases."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mutations.governance.alerts.migrations import migrate
from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def alerts_server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A new database with the outbox."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/c360.db"
    else:
        url = str(request.getfixturevalue("alerts_server").create_database(f"t{uuid.uuid4().hex}"))
    opened = open_database(url)
    await migrate(opened)
    yield opened
    await opened.close()
