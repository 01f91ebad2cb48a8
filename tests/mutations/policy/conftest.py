"""The packaged policy, a directory for an operator's own, and a database on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from mutations.governance.policy.cedar import CedarPolicy, load_policy
from mutations.governance.policy.migrations import migrate
from sources.database import Database
from tests.support.databases import KINDS, Databases, databases, migrated, opened


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
def policy_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory, migrated(migrate)) as made:
        yield made


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, policy_databases: Databases, tmp_path: Path) -> str:
    """A new database with the policy's tables."""
    return policy_databases.new(request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async for each in opened(database_url):
        yield each
