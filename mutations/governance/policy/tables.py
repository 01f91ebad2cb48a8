"""The policy's tables; all are append-only, which triggers of the migration see to.

policy_decisions   every decision with all that it depended on, so that it can be made again from the row alone
policy_texts       what the policy said, by the version that decisions name
policy_switches    the kill switch: each time it was turned; the newest row of a target is its state
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from sources.database import UtcDateTime

metadata = MetaData()

Id = BigInteger().with_variant(Integer(), "sqlite")

policy_decisions = Table(
    "policy_decisions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("uid", String(16), nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(32), nullable=False),
    Column("verdict", String(14), nullable=False),
    Column("workflow_uid", String(16)),
    Column("correlation_id", Text, nullable=False),
    Column("request", Text, nullable=False),  # words.PolicyRequest as JSON
    Column("decision", Text, nullable=False),  # words.Decision as JSON
    Column("policy_version", String(64), nullable=False),
    Index("policy_decisions_at", "at", "id"),
    Index("policy_decisions_workflow", "workflow_uid"),
)

policy_texts = Table(
    "policy_texts",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("texts", Text, nullable=False),  # file name -> text, as JSON
    Column("kept_at", UtcDateTime, nullable=False),
)

policy_switches = Table(
    "policy_switches",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", String(6), nullable=False),
    Column("target", String(32), nullable=False),  # an action, or the uid of a source
    Column("name", Text, nullable=False),  # the same in words, as it was then
    Column("off", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('action', 'source')", name="switch_kind_known"),
    CheckConstraint("reason <> ''", name="switch_has_a_reason"),
    Index("policy_switches_newest", "kind", "target", "id"),
)
