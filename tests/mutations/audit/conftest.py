"""The audit log on both databases; PostgreSQL is a real server, started once for the session."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mutations.governance.audit.checkpoints import origin_of
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.migrations import migrate
from mutations.governance.audit.notes import Signer
from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def audit_server() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database("made")
        asyncio.run(_make(running.url("made")))
        yield running


@pytest.fixture(scope="session")
def audit_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("audit") / "made.db"
    asyncio.run(_make(f"sqlite:///{made}"))
    return made


async def _make(url: str) -> None:
    opened = open_database(url)
    await migrate(opened)
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database with the audit log's tables: a copy of one that was made once."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("audit_file"), tmp_path / "c360.db")
        return f"sqlite:///{tmp_path}/c360.db"
    return str(request.getfixturevalue("audit_server").create_database(f"t{uuid.uuid4().hex}", template="made"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


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
