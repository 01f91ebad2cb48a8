"""A house in a small world, for stories told through /graphql; databases for gateways in processes of their own."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from sources.simulation.real.postgres import Postgres, postgres
from sources.simulation.real.servers_environment import servers_environment
from sources.simulation.world import world
from tests.support.house import open_house


@cache
def small_world():
    return world(customers=30)


@pytest.fixture
def history():
    return small_world()


@pytest.fixture
async def house(history, tmp_path):
    async with open_house(history, tmp_path) as opened:
        yield opened


@pytest.fixture
def seed() -> int:
    """Another one each day; C360_FAULTS_SEED gives one again."""
    given = int(os.environ.get("C360_FAULTS_SEED", datetime.now(UTC).toordinal()))
    print(f"C360_FAULTS_SEED={given}")  # noqa: T201  pytest shows it where the test fails
    return given


@pytest.fixture(scope="session")
def proof_server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def proof_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database for gateways."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/town/c360.db"
    return str(request.getfixturevalue("proof_server").create_database(f"f{uuid.uuid4().hex}"))


@pytest.fixture(scope="session")
def servers() -> Path:
    """The programs of the servers' own environment, made where it is missing."""
    return servers_environment()
