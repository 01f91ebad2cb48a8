"""The first form of the outbox. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

from sources.database import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("workflow_uid", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'logged', 'given_up')", name="alert_state_known"),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="alert_ended_has_a_time"),
        sa.PrimaryKeyConstraint("uid"),
        sa.UniqueConstraint("kind", "workflow_uid", "occasion", "role", name="alerts_told_once"),
    )
    op.create_index(
        "alerts_waiting",
        "alerts",
        ["next_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
