"""The engine's own tables. Every moment is in seconds since 1970 by the database's clock, the only one all share.

executors     the processes that run workflows, each with its lease
engine_runs   every run: whose it is, and how often it failed

dbos keeps what the steps gave in tables of its own.
"""

from typing import Any

from sqlalchemy import CheckConstraint, Column, Double, Index, Integer, MetaData, String, Table, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData()


class database_now(FunctionElement[float]):
    """The moment, in seconds since 1970, by the database's clock. Not the transaction's: a lock may be waited for."""

    type = Double()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite(element: Any, compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now, "postgresql")
def _postgresql(element: Any, compiler: Any, **_: Any) -> str:
    return "(extract(epoch from clock_timestamp())::double precision)"


executors = Table(
    "executors",
    metadata,
    Column("executor_id", String(120), primary_key=True),
    Column("lease_until", Double, nullable=False),
    Column("started_at", Double, nullable=False),
)

runs = Table(
    "engine_runs",
    metadata,
    Column("run_id", String(80), primary_key=True),
    Column("workflow_uid", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("direction", String(8), nullable=False),
    Column("journal", String(120), nullable=False, unique=True),  # the name of what dbos remembers of it
    Column("state", String(8), nullable=False),
    Column("executor_id", String(120)),  # null: whoever comes takes it up
    Column(
        "fence", Integer, nullable=False
    ),  # counted up with each change of hands: who holds an older one has lost it
    Column("failures", Integer, nullable=False),  # how often its process died or its drive raised
    Column("trouble", String(120)),  # the last of them: the kind of an exception, never its text
    Column("not_before", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("touched_at", Double, nullable=False),
    Column("ended_at", Double),
    CheckConstraint("direction IN ('forward', 'back')", name="engine_runs_direction"),
    CheckConstraint("state IN ('QUEUED', 'RUNNING', 'DONE', 'PARKED', 'RESTORED')", name="engine_runs_state"),
)
Index(
    "engine_runs_unended",
    runs.c.executor_id,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
