"""The first form of the workflows' tables. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

from sources.database import UtcDateTime

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

STATES = (
    "AWAITING_APPROVAL",
    "APPROVED",
    "RUNNING",
    "SETTLING",
    "SUCCEEDED",
    "FAILED",
    "REJECTED",
    "EXPIRED",
    "CANCELED",
    "COMPENSATING",
    "COMPENSATED",
    "OUTCOME_UNKNOWN",
    "NEEDS_ATTENTION",
)
FOUR_EYES = (
    "issuer <> requester_issuer OR (subject <> requester AND subject <> requester_acting "
    "AND acting <> requester AND (acting = '' OR acting <> requester_acting))"
)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def upgrade() -> None:
    _create_workflows()
    _create_what_belongs_to_them()


def _create_workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("customer_uid", sa.String(length=16), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("acting", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("target_uid", sa.String(length=16), nullable=True),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("run_direction", sa.String(length=8), nullable=False),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.CheckConstraint("run_direction IN ('forward', 'back')", name="direction_known"),
        sa.CheckConstraint("(currency IS NULL) = (minor IS NULL)", name="an_amount_has_a_currency"),
        sa.CheckConstraint("minor > 0", name="amount_is_positive"),
        sa.CheckConstraint("submitted <= run_number", name="submitted_is_not_ahead"),
        sa.CheckConstraint("target_uid IS NULL OR target_uid <> uid", name="not_its_own_target"),
        sa.ForeignKeyConstraint(
            ["target_uid"],
            ["workflows.uid"],
        ),
        sa.CheckConstraint(f"status IN ({_listed(STATES)})", name="status_known"),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("uid", "issuer", "requester", "acting"),
    )
    op.create_index("workflows_by_change", "workflows", ["updated_at"], unique=False)
    op.create_index("workflows_by_correlation", "workflows", ["correlation_id"], unique=False)
    op.create_index("workflows_by_customer", "workflows", ["customer_uid", "requested_at"], unique=False)
    op.create_index("workflows_by_status", "workflows", ["status", "look_at"], unique=False)
    op.create_index("workflows_by_target", "workflows", ["target_uid"], unique=False)
    op.create_index("workflows_newest", "workflows", ["requested_at", "uid"], unique=False)


def _create_what_belongs_to_them() -> None:
    op.create_table(
        "workflow_steps",
        sa.Column("workflow_uid", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=9), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("source_uid", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=11), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("key_spent", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("key_sent_at", UtcDateTime(), nullable=True),
        sa.Column("last_sent_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.CheckConstraint("role IN ('do', 'undo', 'late_undo')", name="role_known"),
        sa.CheckConstraint(
            "status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'UNKNOWN', 'COMPENSATED', 'SKIPPED')",
            name="step_status_known",
        ),
        sa.ForeignKeyConstraint(
            ["workflow_uid"],
            ["workflows.uid"],
        ),
        sa.PrimaryKeyConstraint("workflow_uid", "name"),
        sa.UniqueConstraint("workflow_uid", "step", "role"),
    )

    op.create_table(
        "workflow_receipts",
        sa.Column("workflow_uid", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("source_uid", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("next_ask_at", UtcDateTime(), nullable=True),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('PREPARED', 'PENDING', 'DONE', 'FAILED', 'UNDONE')", name="receipt_state_known"),
        sa.ForeignKeyConstraint(
            ["workflow_uid", "name"],
            ["workflow_steps.workflow_uid", "workflow_steps.name"],
        ),
        sa.PrimaryKeyConstraint("workflow_uid", "name"),
    )
    op.create_index("workflow_receipts_by_record", "workflow_receipts", ["source_uid", "record_id"], unique=False)
    op.create_index("workflow_receipts_unsettled", "workflow_receipts", ["settled", "next_ask_at"], unique=False)
    op.create_table(
        "workflow_approvals",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("workflow_uid", sa.String(length=16), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("acting", sa.Text(), nullable=False),
        sa.Column("person", sa.Boolean(), nullable=False),
        sa.Column("requester_issuer", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("requester_acting", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('APPROVED', 'REJECTED')", name="decision_known"),
        sa.CheckConstraint(FOUR_EYES, name="four_eyes"),
        sa.CheckConstraint("person", name="a_person_decides"),
        sa.ForeignKeyConstraint(
            ["workflow_uid", "requester_issuer", "requester", "requester_acting"],
            ["workflows.uid", "workflows.issuer", "workflows.requester", "workflows.acting"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workflow_uid", "plan_hash", "issuer", "subject"),
    )

    op.create_table(
        "workflow_reservations",
        sa.Column("workflow_uid", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("customer_uid", sa.String(length=16), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('alone', 'cap')", name="reservation_kind_known"),
        sa.CheckConstraint("minor > 0", name="reservation_is_positive"),
        sa.ForeignKeyConstraint(
            ["workflow_uid"],
            ["workflows.uid"],
        ),
        sa.PrimaryKeyConstraint("workflow_uid", "kind"),
    )
    op.create_index(
        "workflow_reservations_by_actor", "workflow_reservations", ["issuer", "subject", "kind", "at"], unique=False
    )
    op.create_index(
        "workflow_reservations_by_customer", "workflow_reservations", ["customer_uid", "kind", "at"], unique=False
    )

    op.create_table(
        "idempotency_keys",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("workflow_uid", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_uid"],
            ["workflows.uid"],
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", "action", "key"),
    )

    op.create_table(
        "cache_purges",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("forgotten", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_cache_purges_at", "cache_purges", ["at"], unique=False)
