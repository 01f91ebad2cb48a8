"""The packaged policy, a directory for an operator's own, and a database on SQLite and on PostgreSQL."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from mutations.governance.policy.cedar import CedarPolicy, load_policy
from mutations.governance.policy.migrations import migrate
from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def policy() -> CedarPolicy:
    """The packaged policy."""
    return load_policy()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An empty directory for an operator's own rules."""
    made = tmp_path / "policy"
    made.mkdir()
    return made


@pytest.fixture
def write(directory: Path) -> Callable[[str, str], Path]:
    """Put a file into the directory; gives the directory."""

    def written(name: str, text: str) -> Path:
        (directory / name).write_text(text, encoding="utf-8")
        return directory

    return written


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A new database with the policy's tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/c360.db"
    else:
        url = request.getfixturevalue("server").create_database(f"t{uuid.uuid4().hex}")
    opened = open_database(url)
    await migrate(opened)
    yield opened
    await opened.close()
