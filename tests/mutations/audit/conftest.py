"""The audit log on both databases; PostgreSQL is a real server, started once for the session."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mutations.governance.audit.checkpoints import origin_of
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.migrations import migrate
from mutations.governance.audit.notes import Signer
from sources.database import Database
from tests.support.databases import KINDS, Databases, databases, migrated, opened


@pytest.fixture(scope="session")
def audit_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory, migrated(migrate)) as made:
        yield made


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, audit_databases: Databases, tmp_path: Path) -> str:
    """A new database with the audit log's tables."""
    return audit_databases.new(request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async for each in opened(database_url):
        yield each


@pytest.fixture
def signer() -> Signer:
    return Signer(origin_of("acme"), Ed25519PrivateKey.generate())


@pytest.fixture
def event():
    """Makes events; what is not given is some reading of a person's."""

    def make(**said: object) -> Event:
        usual = {
            "at": datetime.now(UTC),
            "actor": "ada",
            "issuer": "urn:issuer",
            "action": "read",
            "outcome": AuditOutcome.READ,
            "correlation_id": "c-1",
        }
        return Event(**{**usual, **said})

    return make
