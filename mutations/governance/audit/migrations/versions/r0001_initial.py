"""The first form of the audit log's tables. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

from sources.database import UtcDateTime

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UID = sa.String(26).with_variant(sa.String(26, collation="C"), "postgresql")
APPEND_ONLY = ("audit_events", "audit_customers", "audit_chain", "audit_checkpoints")
NOTHING = "0" * 64  # the digest before the first event
HEAD = sa.table("audit_head", *map(sa.column, ("id", "size", "digest", "frontier")))

SQLITE = (
    *(
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for verb in ("update", "delete")
    ),
    "CREATE TRIGGER audit_details_no_update BEFORE UPDATE ON audit_details "
    "BEGIN SELECT RAISE(ABORT, 'audit_details can be erased, and not changed'); END",
    "CREATE TRIGGER audit_events_pending AFTER INSERT ON audit_events "
    "BEGIN INSERT INTO audit_pending(event_uid) VALUES (NEW.uid); END",
)
POSTGRESQL = (
    "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END$$",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        for table in APPEND_ONLY
    ),
    "CREATE TRIGGER audit_details_append_only BEFORE UPDATE OR TRUNCATE ON audit_details "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    "CREATE FUNCTION audit_events_pend() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN INSERT INTO audit_pending(event_uid) SELECT uid FROM made; RETURN NULL; END$$",
    "CREATE TRIGGER audit_events_pending AFTER INSERT ON audit_events REFERENCING NEW TABLE AS made "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_pend()",
)


def upgrade() -> None:
    _create_events()
    _create_chain()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    op.bulk_insert(HEAD, [{"id": 1, "size": 0, "digest": NOTHING, "frontier": ""}])


def _create_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("uid", UID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("customer_uid", sa.String(length=16), nullable=True),
        sa.Column("workflow_uid", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("classes", sa.Integer(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=True),
        sa.Column("commitment", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_index("audit_events_at", "audit_events", ["at"])
    op.create_index("audit_events_actor", "audit_events", ["actor", "uid"])
    op.create_index("audit_events_action", "audit_events", ["action", "uid"])
    op.create_index("audit_events_correlation", "audit_events", ["correlation_id"])
    for column in ("customer_uid", "workflow_uid", "system"):
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"audit_events_{column}", "audit_events", [column, "uid"], sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "audit_customers",
        sa.Column("event_uid", UID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("customer_uid", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("event_uid", "position"),
    )
    op.create_index("audit_customers_customer", "audit_customers", ["customer_uid", "event_uid"])
    op.create_table(
        "audit_details",
        sa.Column("event_uid", UID, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_uid"),
    )


def _create_chain() -> None:
    op.create_table("audit_pending", sa.Column("event_uid", UID, nullable=False), sa.PrimaryKeyConstraint("event_uid"))
    op.create_table(
        "audit_chain",
        sa.Column("sequence", NUMBER, autoincrement=False, nullable=False),
        sa.Column("event_uid", UID, nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("event_uid"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("frontier", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("id = 1", name="audit_has_one_head"),
    )
