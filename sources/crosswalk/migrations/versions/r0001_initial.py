"""The first form of the crosswalk's tables. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

from sources.database import UtcDateTime

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

SQLITE = (
    # A column for each class of sensitivity: a search names the columns that its viewer may match.
    "CREATE VIRTUAL TABLE customer_search USING fts5(internal, personal, tax, tokenize='unicode61', prefix='1 2 3')",
    *(
        f"CREATE TRIGGER decisions_no_{verb} BEFORE {verb} ON decisions "
        "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END"
        for verb in ("update", "delete")
    ),
)
POSTGRESQL = (
    "CREATE TABLE customer_search (id bigint PRIMARY KEY REFERENCES customers(id), "
    "internal tsvector NOT NULL, personal tsvector NOT NULL, tax tsvector NOT NULL)",
    *(f"CREATE INDEX customer_search_{c} ON customer_search USING gin({c})" for c in ("internal", "personal", "tax")),
    "CREATE FUNCTION decisions_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION 'decisions are append-only'; END$$",
    "CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions "
    "FOR EACH STATEMENT EXECUTE FUNCTION decisions_append_only()",
)


def upgrade() -> None:
    _create_tables()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _create_tables() -> None:
    op.create_table(
        "customers",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("number_key", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.String(length=16), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("sort_name", SORTABLE, nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("parent_uid", sa.String(length=16), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("golden", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("merged_into IS NULL OR NOT live", name="merged_is_not_live"),
        sa.CheckConstraint("merged_into IS NULL OR merged_into <> uid", name="not_merged_into_itself"),
        sa.CheckConstraint("parent_uid IS NULL OR parent_uid <> uid", name="not_its_own_parent"),
        sa.ForeignKeyConstraint(["merged_into"], ["customers.uid"]),
        sa.ForeignKeyConstraint(["parent_uid"], ["customers.uid"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index(
        "customers_newest",
        "customers",
        ["since", "uid"],
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live"),
    )
    op.create_index(
        "customers_number",
        "customers",
        ["number_key"],
        unique=True,
        sqlite_where=sa.text("merged_into IS NULL"),
        postgresql_where=sa.text("merged_into IS NULL"),
    )
    op.create_index(
        "customers_merged",
        "customers",
        ["merged_into"],
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index(("ix_customers_parent_uid"), "customers", ["parent_uid"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "systems",
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "backfills",
        sa.Column("system_uid", sa.String(length=16), nullable=False),
        sa.Column("resume", sa.Text(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["system_uid"], ["systems.uid"]),
        sa.PrimaryKeyConstraint("system_uid"),
    )
    op.create_table(
        "records",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("system_uid", sa.String(length=16), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=True),
        sa.Column("parent_type", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("own_uid", sa.String(length=16), nullable=True),
        sa.Column("customer_uid", sa.String(length=16), nullable=True),
        sa.Column("method", sa.String(length=12), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.CheckConstraint("method IN ('EXPLICIT_KEY', 'RULE', 'STEWARD')", name="method_known"),
        sa.CheckConstraint(
            "(customer_uid IS NULL) = (method IS NULL) AND (customer_uid IS NULL) = (confidence IS NULL)",
            name="a_link_has_a_reason",
        ),
        sa.CheckConstraint("NOT deleted OR customer_uid IS NULL", name="deleted_is_not_linked"),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence_is_a_fraction"),
        sa.ForeignKeyConstraint(["customer_uid"], ["customers.uid"]),
        sa.ForeignKeyConstraint(["own_uid"], ["customers.uid"]),
        sa.ForeignKeyConstraint(["system_uid"], ["systems.uid"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("system_uid", "record_id", "record_type"),
    )
    op.create_index(("ix_records_customer_uid"), "records", ["customer_uid"], unique=False)
    op.create_index("records_by_id", "records", ["record_id"], unique=False)
    op.create_index("records_by_parent", "records", ["system_uid", "parent_id"], unique=False)
    op.create_table(
        "watermarks",
        sa.Column("system_uid", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("watermark", sa.Text(), nullable=False),
        sa.Column("polled_at", UtcDateTime(), nullable=True),
        sa.Column("last_change_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["system_uid"], ["systems.uid"]),
        sa.PrimaryKeyConstraint("system_uid", "stream"),
    )
    op.create_table(
        "conflicts",
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("detected_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_has_a_time"),
        sa.CheckConstraint("state IN ('open', 'resolved')", name="state_known"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("record_id"),
    )
    op.create_index("conflicts_newest", "conflicts", ["state", "detected_at", "uid"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("record_id", ID, nullable=True),
        sa.Column("from_customer", sa.String(length=16), nullable=True),
        sa.Column("to_customer", sa.String(length=16), nullable=True),
        sa.Column("method", sa.String(length=12), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint("action IN ('linked', 'moved', 'unlinked', 'merged', 'resolved')", name="action_known"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(("ix_decisions_record_id"), "decisions", ["record_id"], unique=False)
    op.create_table(
        "match_keys",
        sa.Column("key", SORTABLE, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("key", "record_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(("ix_match_keys_record_id"), "match_keys", ["record_id"], unique=False)
    op.create_table(
        "rulings",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("customer_uid", sa.String(length=16), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_uid"], ["customers.uid"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("record_id", "customer_uid"),
    )
    op.create_table(
        "conflict_candidates",
        sa.Column("conflict_uid", sa.String(length=16), nullable=False),
        sa.Column("customer_uid", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["conflict_uid"], ["conflicts.uid"]),
        sa.ForeignKeyConstraint(["customer_uid"], ["customers.uid"]),
        sa.PrimaryKeyConstraint("conflict_uid", "customer_uid"),
    )
    op.create_index(("ix_conflict_candidates_customer_uid"), "conflict_candidates", ["customer_uid"], unique=False)
