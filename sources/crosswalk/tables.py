"""The crosswalk's tables.

systems           a configured source, once and for all
customers         one row for each customer, with its golden record
records           what the sources say, and whose each record is (the link)
match_keys        the normalised keys of the records, for rules and look-ups
rulings           what stewards decided; outlives every re-run
conflicts         records that could not be linked without a guess, with their candidates
decisions         append-only: who linked, moved, merged, unlinked what, when, why
watermarks        how far each source's changes were read
backfills         how far each source's customers were read
customer_changes  which customers each transaction changed, by revision: the last few
leases            who does what only one process may do
customer_search   the full-text index: FTS5 or tsvector, made by the migration
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sources.database import UtcDateTime

metadata = MetaData()

Id = BigInteger().with_variant(Integer(), "sqlite")
Sortable = Text().with_variant(Text(collation="C"), "postgresql")  # the same order on both databases

systems = Table(
    "systems",
    metadata,
    Column("uid", String(16), primary_key=True),
    Column("name", Text, unique=True),  # null: its name was given to another system
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # the uid as a number: the row of customer_search
    Column("uid", String(16), nullable=False, unique=True),
    Column("number", Text),
    Column("number_key", Text),
    Column("merged_into", String(16), ForeignKey("customers.uid")),
    Column("live", Boolean, nullable=False),  # false: no record stands for it any more
    Column("display_name", Text, nullable=False),
    Column("sort_name", Sortable, nullable=False),
    Column("tier", Text),
    Column("owner", Text),
    Column("parent_uid", String(16), ForeignKey("customers.uid"), index=True),
    Column("since", UtcDateTime, nullable=False),
    Column("golden", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("merged_into IS NULL OR merged_into <> uid", name="not_merged_into_itself"),
    CheckConstraint("merged_into IS NULL OR NOT live", name="merged_is_not_live"),
    CheckConstraint("parent_uid IS NULL OR parent_uid <> uid", name="not_its_own_parent"),
    Index(
        "customers_number",
        "number_key",
        unique=True,
        sqlite_where=text("merged_into IS NULL"),
        postgresql_where=text("merged_into IS NULL"),
    ),
    # All are partial, else SQLite takes them for good ones where nearly every row fits.
    Index("customers_newest", "since", "uid", sqlite_where=text("live = 1"), postgresql_where=text("live")),
    Index("customers_by_name", "sort_name", "uid", sqlite_where=text("live = 1"), postgresql_where=text("live")),
    Index(
        "customers_merged",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)

records = Table(
    "records",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("system_uid", String(16), ForeignKey("systems.uid"), nullable=False),
    Column("record_type", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("number_key", Text),
    Column("parent_type", Text),
    Column("parent_id", Text),
    Column("snapshot", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the snapshot and the rules under which it was matched
    Column("deleted", Boolean, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("own_uid", String(16), ForeignKey("customers.uid")),  # the customer that it founded, if ever
    Column("customer_uid", String(16), ForeignKey("customers.uid"), index=True),
    Column("method", String(12)),
    Column("confidence", Double),
    Column("evidence", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", UtcDateTime),
    Column("url", Text),
    UniqueConstraint("system_uid", "record_id", "record_type"),
    CheckConstraint("method IN ('EXPLICIT_KEY', 'RULE', 'STEWARD')", name="method_known"),
    CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence_is_a_fraction"),
    CheckConstraint(
        "(customer_uid IS NULL) = (method IS NULL) AND (customer_uid IS NULL) = (confidence IS NULL)",
        name="a_link_has_a_reason",
    ),
    CheckConstraint("NOT deleted OR customer_uid IS NULL", name="deleted_is_not_linked"),
    Index("records_by_id", "record_id"),
    Index("records_by_parent", "system_uid", "parent_id"),
)

match_keys = Table(
    "match_keys",
    metadata,
    Column("key", Sortable, primary_key=True),  # "kind:value"
    Column("record_id", Id, ForeignKey("records.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

rulings = Table(
    "rulings",
    metadata,
    Column("record_id", Id, ForeignKey("records.id"), primary_key=True),
    Column("customer_uid", String(16), ForeignKey("customers.uid"), primary_key=True),
    Column("linked", Boolean, nullable=False),  # false: it is not this customer's
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("evidence", Text, nullable=False),
)

conflicts = Table(
    "conflicts",
    metadata,
    Column("uid", String(16), primary_key=True),
    Column("record_id", Id, ForeignKey("records.id"), nullable=False, unique=True),
    Column("evidence", Text, nullable=False),
    Column("detected_at", UtcDateTime, nullable=False),
    Column("state", String(8), nullable=False),
    Column("resolved_by", Text),  # null: later evidence
    Column("resolved_at", UtcDateTime),
    CheckConstraint("state IN ('open', 'resolved')", name="state_known"),
    CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_has_a_time"),
    Index("conflicts_newest", "state", "detected_at", "uid"),
)

conflict_candidates = Table(
    "conflict_candidates",
    metadata,
    Column("conflict_uid", String(16), ForeignKey("conflicts.uid"), primary_key=True),
    Column("customer_uid", String(16), ForeignKey("customers.uid"), primary_key=True, index=True),
    Column("confidence", Double, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text),  # null: the linker
    Column("action", String(10), nullable=False),
    Column("record_id", Id, ForeignKey("records.id"), index=True),
    Column("from_customer", String(16)),
    Column("to_customer", String(16)),
    Column("method", String(12)),
    Column("evidence", Text, nullable=False),
    CheckConstraint("action IN ('linked', 'moved', 'unlinked', 'merged', 'resolved')", name="action_known"),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("system_uid", String(16), ForeignKey("systems.uid"), primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("watermark", Text, nullable=False),
    Column("polled_at", UtcDateTime),  # when the last poll began that came to the end
    Column("last_change_at", UtcDateTime),
)

backfills = Table(
    "backfills",
    metadata,
    Column("system_uid", String(16), ForeignKey("systems.uid"), primary_key=True),
    Column("resume", Text),
    Column("records", Integer, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

customer_changes = Table(
    "customer_changes",
    metadata,
    Column("revision", Id, primary_key=True, autoincrement=False),
    Column("customer_uids", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Double, nullable=False),  # epoch seconds by the database's clock
)
