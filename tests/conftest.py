"""Real servers for any test that asks for one by name; each starts once in a session, on a free port."""

import uuid
from collections.abc import Iterator

import pytest

from sources.simulation.real.localstripe import localstripe
from sources.simulation.real.postgres import Postgres, postgres
from sources.simulation.real.valkey import valkey


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL cluster."""
    with postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The URL of an empty database of the test's own, postgresql://…"""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The URL of a Valkey server that the session's tests share: use keys of your own."""
    with valkey() as url:
        yield url


@pytest.fixture(scope="session")
def localstripe_url() -> Iterator[str]:
    """The base URL of a localstripe that the session's tests share."""
    with localstripe() as url:
        yield url
