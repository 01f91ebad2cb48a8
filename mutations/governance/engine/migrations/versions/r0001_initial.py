"""The first form of the engine's own tables. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "executors",
        sa.Column("executor_id", sa.String(length=120), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("executor_id"),
    )
    op.create_table(
        "engine_runs",
        sa.Column("run_id", sa.String(length=80), nullable=False),
        sa.Column("workflow_uid", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("journal", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("executor_id", sa.String(length=120), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=120), nullable=True),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("touched_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.CheckConstraint("direction IN ('forward', 'back')", name="engine_runs_direction"),
        sa.CheckConstraint("state IN ('QUEUED', 'RUNNING', 'DONE', 'PARKED', 'RESTORED')", name="engine_runs_state"),
        sa.PrimaryKeyConstraint("run_id"),
        sa.UniqueConstraint("journal"),
    )
    op.create_index(
        "engine_runs_unended",
        "engine_runs",
        ["executor_id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
