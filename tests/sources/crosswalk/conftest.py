"""Every test runs on both databases; PostgreSQL is a real server, started once for the session."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.migrations import migrate
from sources.database import Database, open_database
from sources.simulation.real.postgres import Postgres, postgres

SECTIONS = [
    ("erp", "tryton", "http://127.0.0.1:1/erp", 1),
    ("crm", "salesforce", "http://127.0.0.1:1/crm", 1),
    ("billing", "stripe", "http://127.0.0.1:1/billing", 1),
    ("support", "zendesk", "http://127.0.0.1:1/support", 1),
]


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database("made")
        asyncio.run(_make(running.url("made")))
        yield running


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("crosswalk") / "made.db"
    asyncio.run(_make(f"sqlite:///{made}"))
    return made


async def _make(url: str) -> None:
    opened = open_database(url)
    await migrate(opened)
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database with the crosswalk's tables: a copy of one that was made once."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("file"), tmp_path / "c360.db")
        return f"sqlite:///{tmp_path}/c360.db"
    return str(request.getfixturevalue("server").create_database(f"t{uuid.uuid4().hex}", template="made"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


class World:
    """A crosswalk with four systems, and short words to fill it."""

    def __init__(self, crosswalk: Crosswalk, origins: dict[str, Origin]) -> None:
        self.crosswalk = crosswalk
        self.origins = origins

    def record(self, ident: str, number: str | None = None, **said: object) -> CustomerRecord:
        return CustomerRecord(ref=CustomerRef("party", ident), number=number, **{"name": f"Name {ident}", **said})

    async def observe(self, system: str, *records: CustomerRecord) -> None:
        await self.crosswalk.observe(self.origins[system], records)

    async def see(self, system: str, ident: str, number: str | None = None, **said: object) -> None:
        await self.observe(system, self.record(ident, number, **said))

    async def whose(self, system: str, ident: str) -> str | None:
        key = (self.origins[system].uid, CustomerRef("party", ident))
        return (await self.crosswalk.owners([key]))[key]

    async def together(self, *records: tuple[str, str]) -> bool:
        owners = {await self.whose(*record) for record in records}
        return len(owners) == 1 and None not in owners

    def uid(self, system: str) -> str:
        return self.origins[system].uid


@pytest.fixture
async def world(database: Database) -> World:
    crosswalk = Crosswalk(database)
    return World(crosswalk, await crosswalk.register_systems(SECTIONS))
