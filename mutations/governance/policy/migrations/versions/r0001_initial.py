"""The first form of the policy's tables. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

from sources.database import UtcDateTime

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("policy_decisions", "policy_texts", "policy_switches")

SQLITE = tuple(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in APPEND_ONLY
    for verb in ("update", "delete")
)
POSTGRESQL = (
    "CREATE FUNCTION policy_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END$$",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION policy_append_only()"
        for table in APPEND_ONLY
    ),
)


def upgrade() -> None:
    _create_tables()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _create_tables() -> None:
    op.create_table(
        "policy_decisions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=14), nullable=False),
        sa.Column("workflow_uid", sa.String(length=16), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index("policy_decisions_at", "policy_decisions", ["at", "id"])
    op.create_index("policy_decisions_workflow", "policy_decisions", ["workflow_uid"])
    op.create_table(
        "policy_texts",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "policy_switches",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('action', 'source')", name="switch_kind_known"),
        sa.CheckConstraint("reason <> ''", name="switch_has_a_reason"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("policy_switches_newest", "policy_switches", ["kind", "target", "id"])
