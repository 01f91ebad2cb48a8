"""The tables of governed writes. Their triggers and CHECKs are in the migration.

workflows               one row for each governed mutation: what was asked, its plan, where it stands
workflow_steps          what is done, undone or countered for it, an effect each
workflow_approvals      who decided what, bound to the plan that was shown
workflow_receipts       what the vendors said about the records that it made
workflow_reservations   what counts against limits and caps, until it is released
idempotency_keys        which request used a key; lives as long as its workflow
cache_purges            what other processes' caches must forget, where no Redis tells them
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from sources.database import UtcDateTime

metadata = MetaData()

# Neither the requester nor who acts in the requester's name, whichever of the two names an approver comes under.
FOUR_EYES = (
    "issuer <> requester_issuer OR (subject <> requester AND subject <> requester_acting "
    "AND acting <> requester AND (acting = '' OR acting <> requester_acting))"
)

Id = BigInteger().with_variant(Integer(), "sqlite")

workflows = Table(
    "workflows",
    metadata,
    Column("uid", String(16), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("status", String(20), nullable=False),
    Column("customer_uid", String(16)),
    Column("currency", String(3)),
    Column("minor", BigInteger),  # the gross amount
    Column("reason", Text),
    Column("issuer", Text, nullable=False),  # of the requester
    Column("requester", Text, nullable=False),
    Column("acting", Text, nullable=False),  # who acted in the requester's name; "" nobody
    Column("actor", Text, nullable=False),  # the requester's roles, scopes and rows as JSON; no name
    Column("requested_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),  # counts the changes
    Column("idempotency_key", Text),
    Column("correlation_id", Text, nullable=False),
    Column("command", Text, nullable=False),  # canonical JSON
    Column("fingerprint", String(64), nullable=False),  # of the command
    Column("plan", Text, nullable=False),
    Column("plan_hash", String(64), nullable=False),
    Column("asked", Text, nullable=False),  # the policy.PolicyRequest that was decided, as JSON
    Column("failure", Text),
    Column("expires_at", UtcDateTime),
    Column("target_uid", String(16), ForeignKey("workflows.uid")),  # of REPLAY and COMPENSATE
    Column("run_number", Integer, nullable=False),  # the drive that may write; 0: none yet
    Column("run_direction", String(8), nullable=False),
    Column("submitted", Integer, nullable=False),  # the newest drive that the engine has taken
    Column("look_at", UtcDateTime),  # when the sweep looks at it next
    Column("looks", Integer, nullable=False),  # how often in this state, so that it looks ever more rarely
    UniqueConstraint("uid", "issuer", "requester", "acting"),
    CheckConstraint("(currency IS NULL) = (minor IS NULL)", name="an_amount_has_a_currency"),
    CheckConstraint("minor > 0", name="amount_is_positive"),
    CheckConstraint("target_uid IS NULL OR target_uid <> uid", name="not_its_own_target"),
    CheckConstraint("run_direction IN ('forward', 'back')", name="direction_known"),
    CheckConstraint("submitted <= run_number", name="submitted_is_not_ahead"),
    Index("workflows_newest", "requested_at", "uid"),
    Index("workflows_by_customer", "customer_uid", "requested_at"),
    Index("workflows_by_status", "status", "look_at"),
    Index("workflows_by_change", "updated_at"),
    Index("workflows_by_target", "target_uid"),
    Index("workflows_by_correlation", "correlation_id"),
)

workflow_steps = Table(
    "workflow_steps",
    metadata,
    Column("workflow_uid", String(16), ForeignKey("workflows.uid"), primary_key=True),
    Column("name", String(80), primary_key=True),  # the step's own; with ".undo" or ".late_undo" for its taking back
    Column("step", String(64), nullable=False),
    Column("role", String(9), nullable=False),
    Column("position", Integer, nullable=False),
    Column("system", Text, nullable=False),
    Column("source_uid", String(16), nullable=False),
    Column("status", String(11), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("generation", Integer, nullable=False),  # of the vendor's idempotency key
    Column("key_spent", Boolean, nullable=False),
    Column("started_at", UtcDateTime),
    Column("key_sent_at", UtcDateTime),  # when the present key was first sent
    Column("last_sent_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("error", Text),
    Column("error_code", String(32)),
    CheckConstraint("role IN ('do', 'undo', 'late_undo')", name="role_known"),
    CheckConstraint(
        "status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'UNKNOWN', 'COMPENSATED', 'SKIPPED')",
        name="step_status_known",
    ),
    UniqueConstraint("workflow_uid", "step", "role"),
)

workflow_receipts = Table(
    "workflow_receipts",
    metadata,
    Column("workflow_uid", String(16), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("source_uid", String(16), nullable=False),
    Column("record_id", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("receipt", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("next_ask_at", UtcDateTime),
    Column("asks", Integer, nullable=False),
    ForeignKeyConstraint(["workflow_uid", "name"], ["workflow_steps.workflow_uid", "workflow_steps.name"]),
    CheckConstraint("state IN ('PREPARED', 'PENDING', 'DONE', 'FAILED', 'UNDONE')", name="receipt_state_known"),
    Index("workflow_receipts_by_record", "source_uid", "record_id"),
    Index("workflow_receipts_unsettled", "settled", "next_ask_at"),
)

workflow_approvals = Table(
    "workflow_approvals",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("workflow_uid", String(16), nullable=False),
    Column("plan_hash", String(64), nullable=False),
    Column("decision", String(8), nullable=False),
    Column("role", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("acting", Text, nullable=False),
    Column("person", Boolean, nullable=False),
    Column("requester_issuer", Text, nullable=False),  # the workflow's own: the foreign key says so
    Column("requester", Text, nullable=False),
    Column("requester_acting", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("comment", Text),
    UniqueConstraint("workflow_uid", "plan_hash", "issuer", "subject"),
    ForeignKeyConstraint(
        ["workflow_uid", "requester_issuer", "requester", "requester_acting"],
        ["workflows.uid", "workflows.issuer", "workflows.requester", "workflows.acting"],
    ),
    CheckConstraint("decision IN ('APPROVED', 'REJECTED')", name="decision_known"),
    CheckConstraint(FOUR_EYES, name="four_eyes"),
    CheckConstraint("person", name="a_person_decides"),
)

workflow_reservations = Table(
    "workflow_reservations",
    metadata,
    Column("workflow_uid", String(16), ForeignKey("workflows.uid"), primary_key=True),
    Column("kind", String(5), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("customer_uid", String(16), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
    CheckConstraint("kind IN ('alone', 'cap')", name="reservation_kind_known"),
    CheckConstraint("minor > 0", name="reservation_is_positive"),
    Index("workflow_reservations_by_customer", "customer_uid", "kind", "at"),
    Index("workflow_reservations_by_actor", "issuer", "subject", "kind", "at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("action", String(32), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("workflow_uid", String(16), ForeignKey("workflows.uid"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

cache_purges = Table(
    "cache_purges",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False, index=True),  # epoch seconds by the database's clock
    Column("forgotten", Text, nullable=False),  # a JSON list of sources with customers' records, and of records
)
