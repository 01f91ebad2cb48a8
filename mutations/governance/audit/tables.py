"""The tables of the audit log.

audit_events       what happened; append-only, by triggers on both databases
audit_customers    the second and further customers of an event; append-only
audit_details      what may be personal in an event: it can be deleted, and the chain still verifies
audit_pending      events that have no place in the chain yet; filled by a trigger
audit_chain        the place of each event: sequence, digest, digest of the one before; append-only
audit_checkpoints  the signed checkpoints; append-only
audit_head         one row: where the chain stands
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, MetaData, String, Table, Text, text

from sources.database import UtcDateTime

metadata = MetaData()

Number = BigInteger().with_variant(Integer(), "sqlite")
Uid = String(26).with_variant(String(26, collation="C"), "postgresql")  # in the order in which they were made

APPEND_ONLY = ("audit_events", "audit_customers", "audit_chain", "audit_checkpoints")

audit_events = Table(
    "audit_events",
    metadata,
    Column("uid", Uid, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("customer_uid", String(16)),  # the first one
    Column("workflow_uid", Text),
    Column("correlation_id", Text, nullable=False),
    Column("operation", Text),
    Column("classes", Integer, nullable=False),  # a bit for each; see rows.py
    Column("system", Text),
    Column("external_id", Text),
    Column("rule", Text),
    Column("policy_version", Text),
    Column("commitment", String(64)),  # to the detail; null where there never was one
    Index("audit_events_at", "at"),
    Index("audit_events_actor", "actor", "uid"),
    Index("audit_events_action", "action", "uid"),
    Index("audit_events_correlation", "correlation_id"),
    *(
        Index(
            f"audit_events_{column}",
            column,
            "uid",
            sqlite_where=text(f"{column} IS NOT NULL"),
            postgresql_where=text(f"{column} IS NOT NULL"),
        )
        for column in ("customer_uid", "workflow_uid", "system")
    ),
)

audit_customers = Table(
    "audit_customers",
    metadata,
    Column("event_uid", Uid, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("customer_uid", String(16), nullable=False),
    Index("audit_customers_customer", "customer_uid", "event_uid"),
)

audit_details = Table(
    "audit_details",
    metadata,
    Column("event_uid", Uid, primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("detail", Text, nullable=False),
)

audit_pending = Table("audit_pending", metadata, Column("event_uid", Uid, primary_key=True))

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("sequence", Number, primary_key=True, autoincrement=False),
    Column("event_uid", Uid, nullable=False, unique=True),
    Column("previous_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("note", Text, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Number, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("frontier", Text, nullable=False),  # roots of the full subtrees, as hexadecimal words
    CheckConstraint("id = 1", name="audit_has_one_head"),
)
