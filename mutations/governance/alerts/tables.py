"""The outbox of alerts: a row for each alert and role. It stays, as a record of who was told of what, and when."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint, text

from sources.database import UtcDateTime

metadata = MetaData()

WAITING, DELIVERED, LOGGED, GIVEN_UP = "waiting", "delivered", "logged", "given_up"

alerts = Table(
    "alerts",
    metadata,
    Column("uid", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("role", Text, nullable=False),
    Column("workflow_uid", Text, nullable=False),  # "": of no workflow
    Column("occasion", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),  # logged: no receiver is configured for the role
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),  # when it is tried (again); later than now while it is being tried
    Column("ended_at", UtcDateTime),
    Column("failure", Text),  # of the last attempt
    UniqueConstraint("kind", "workflow_uid", "occasion", "role", name="alerts_told_once"),
    CheckConstraint("state IN ('waiting', 'delivered', 'logged', 'given_up')", name="alert_state_known"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="alert_ended_has_a_time"),
    Index(
        "alerts_waiting",
        "next_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
