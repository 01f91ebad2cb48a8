"""Which customers each transaction changed. Written out: tables.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "customer_changes",
        sa.Column("revision", ID, autoincrement=False, nullable=False),
        sa.Column("customer_uids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision"),
    )
    op.execute("INSERT INTO customer_changes(revision, customer_uids) VALUES (0, '[]')")
