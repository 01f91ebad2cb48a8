"""The database: its URL, its transactions, its tables in their newest form, on both kinds."""

import asyncio
import random
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from sources.crosswalk.migrations import VERSION_TABLE, migrate
from sources.crosswalk.tables import leases, metadata
from sources.database import Database, UnsupportedDatabase, open_database, to_the_end
from sources.prepared import Prepared, Rows
from sources.simulation.real.postgres import Postgres


def test_what_is_no_database_of_ours_is_refused() -> None:
    for url in ("", "nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(UnsupportedDatabase):
            open_database(url)


async def test_the_migrations_make_the_tables_that_the_code_expects(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        return list(compare_metadata(context, metadata))

    def ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
        return not (kind == "table" and name is not None and name.startswith(("customer_search", VERSION_TABLE)))

    async with database.transaction() as connection:
        assert await connection.run_sync(differences) == []


async def test_two_processes_may_migrate_at_once(server: Postgres, tmp_path: Path) -> None:
    postgres = server.create_database("twice")
    for url in (f"sqlite:///{tmp_path}/twice.db", postgres):
        databases = [open_database(url) for _ in range(2)]
        await asyncio.gather(*(migrate(database) for database in databases))
        for database in databases:
            await database.close()


async def test_an_exception_rolls_a_transaction_back(database: Database) -> None:
    insert = text("INSERT INTO leases VALUES ('l', 'me', 1)")

    async def fail() -> None:
        async with database.transaction() as connection:
            await connection.execute(insert)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM leases"))).scalar_one() == 0


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as writing:
        await writing.execute(text("INSERT INTO leases VALUES ('l', 'me', 1)"))
        async with asyncio.timeout(5), database.reading() as reading:
            assert (await reading.execute(text("SELECT count(*) FROM leases"))).scalar_one() == 0


async def test_writers_of_one_process_take_turns(database: Database) -> None:
    async def add() -> None:
        async with database.transaction() as connection:
            more = "ON CONFLICT (name) DO UPDATE SET expires_at = leases.expires_at + 1"
            await connection.execute(text(f"INSERT INTO leases VALUES ('l', 'me', 1) {more}"))

    await asyncio.gather(*(add() for _ in range(20)))
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT expires_at FROM leases"))).scalar_one() == 20


LEASES = Prepared(select(func.count()).select_from(leases))
EXPIRES = Prepared(select(leases.c.expires_at))


def _leases(rows: Rows) -> int:
    return int(rows(LEASES)[0][0])


async def test_a_change_is_there_for_who_asks_and_one_that_fails_is_not(database: Database) -> None:
    def add(connection: Connection) -> None:
        connection.execute(text("INSERT INTO leases VALUES ('l', 'me', 1)"))

    def fail(connection: Connection) -> None:
        connection.execute(text("INSERT INTO leases VALUES ('other', 'me', 1)"))
        raise KeyError

    await database.change(add)
    with pytest.raises(KeyError):
        await database.change(fail)
    assert await database.ask(_leases) == 1


async def test_who_asks_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as writing:
        await writing.execute(text("INSERT INTO leases VALUES ('l', 'me', 1)"))
        async with asyncio.timeout(5):
            assert await database.ask(_leases) == 0


async def test_a_read_that_fails_is_the_same_kind_of_error_on_both(database: Database) -> None:
    nowhere = Prepared(select(Table("nowhere", MetaData(), Column("id", Integer)).c.id))
    with pytest.raises(DBAPIError):
        await database.ask(lambda rows: rows(nowhere))
    assert await database.ask(_leases) == 0


async def test_changes_and_transactions_take_turns(database: Database) -> None:
    more = "ON CONFLICT (name) DO UPDATE SET expires_at = leases.expires_at + 1"
    statement = text(f"INSERT INTO leases VALUES ('l', 'me', 1) {more}")

    async def add() -> None:
        async with database.transaction() as connection:
            await connection.execute(statement)

    await asyncio.gather(*(add() if nth % 2 else database.change(lambda c: c.execute(statement)) for nth in range(20)))
    assert [tuple(row) for row in await database.ask(lambda rows: rows(EXPIRES))] == [(20,)]


@pytest.mark.parametrize(
    "wrong",
    [
        "INSERT INTO match_keys VALUES ('email:x', 1)",
        "INSERT INTO conflicts VALUES ('c', 1, '[]', '2026-01-01', 'open', NULL, NULL)",
        "INSERT INTO watermarks VALUES ('none', 'changes', 'w', NULL, NULL)",
    ],
)
async def test_a_row_that_points_nowhere_is_refused(database: Database, wrong: str) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as connection:
            await connection.execute(text(wrong))


async def test_a_database_that_cannot_be_reached_is_an_error_and_no_wait(tmp_path: Path) -> None:
    nowhere = open_database("postgresql://x:y@127.0.0.1:1/none")
    with pytest.raises((DBAPIError, OSError)):
        async with nowhere.reading():
            pass
    await nowhere.close()


async def test_whoever_goes_away_while_it_writes_leaves_no_lock_behind(database: Database) -> None:
    chance = random.Random(7)

    @to_the_end
    async def write(seconds: float) -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            await asyncio.sleep(seconds)

    for _ in range(200):
        tasks = [asyncio.create_task(write(chance.random() * 0.003)), asyncio.create_task(write(0))]
        await asyncio.sleep(chance.random() * 0.006)
        chance.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(3):
            await write(0)
