"""Where dbos keeps what the steps gave: a file beside the gateway's SQLite file, or a schema in its PostgreSQL."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

BUSY_TIMEOUT_MS = 30_000  # a step's result is waited for: without it the step would be done again
POSTGRES_CONNECTIONS = 6  # each is held for one statement; a busy process runs eight drives
CONNECT_SECONDS = 5
LOST_CONNECTION_MS = 10_000  # what was sent and not acknowledged by then is sent anew on a new connection


def system_database_url(database_url: str) -> URL:
    """Where dbos's tables are: for …/c360.db the file …/c360-engine.db, on PostgreSQL the same database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        return url.set(drivername="sqlite", database=str(file.with_name(f"{file.stem}-engine{file.suffix}")))
    query = dict(url.query)
    if "ssl" in query:  # asyncpg's word; libpq's is sslmode
        query["sslmode"] = query.pop("ssl")
    return url.set(drivername="postgresql+psycopg", query=query)


def open_system_database(url: URL) -> Engine:
    """Connections for dbos, which is not asynchronous; whoever opens them disposes of them."""
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # so that two writers wait for one another, and none fails midway
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a power cut must not forget a step that moved money
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": LOST_CONNECTION_MS,
            "application_name": "c360-engine",
        },
    )
