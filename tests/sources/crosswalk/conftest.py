"""Every test runs on both databases; PostgreSQL is a real server, started once for the session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.migrations import migrate
from sources.database import Database
from sources.simulation.real.postgres import Postgres
from tests.support.databases import KINDS, Databases, databases, migrated, opened

SECTIONS = [
    ("erp", "tryton", "http://127.0.0.1:1/erp", 1),
    ("crm", "salesforce", "http://127.0.0.1:1/crm", 1),
    ("billing", "stripe", "http://127.0.0.1:1/billing", 1),
    ("support", "zendesk", "http://127.0.0.1:1/support", 1),
]


@pytest.fixture(scope="session")
def crosswalk_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory, migrated(migrate)) as made:
        yield made


@pytest.fixture(scope="session")
def file(crosswalk_databases: Databases) -> Path:
    """A SQLite database to copy."""
    return crosswalk_databases.file


@pytest.fixture
def server(crosswalk_databases: Databases) -> Postgres:
    return crosswalk_databases.server


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, crosswalk_databases: Databases, tmp_path: Path) -> str:
    """A new database with the crosswalk's tables."""
    return crosswalk_databases.new(request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async for each in opened(database_url):
        yield each


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
