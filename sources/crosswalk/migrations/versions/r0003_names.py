"""Customers in the order of their names, for searches that hit more than can be sorted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        "customers_by_name",
        "customers",
        ["sort_name", "uid"],
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live"),
    )
