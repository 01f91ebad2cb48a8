"""What the workflows' tables refuse by themselves. Written out: workflow.py moves on, this does not."""

from collections.abc import Mapping

from alembic import op

revision = "0002"
down_revision = "0001"

TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "AWAITING_APPROVAL": ("APPROVED", "REJECTED", "EXPIRED", "CANCELED"),
    "APPROVED": ("RUNNING", "AWAITING_APPROVAL", "CANCELED", "FAILED", "COMPENSATING"),
    "RUNNING": (
        "SETTLING",
        "SUCCEEDED",
        "FAILED",
        "COMPENSATING",
        "OUTCOME_UNKNOWN",
        "NEEDS_ATTENTION",
        "AWAITING_APPROVAL",
    ),
    "SETTLING": ("SUCCEEDED", "COMPENSATING", "NEEDS_ATTENTION", "OUTCOME_UNKNOWN"),
    "COMPENSATING": ("COMPENSATED", "NEEDS_ATTENTION", "OUTCOME_UNKNOWN"),
    "OUTCOME_UNKNOWN": ("RUNNING", "COMPENSATING", "NEEDS_ATTENTION", "SETTLING", "SUCCEEDED"),
    "NEEDS_ATTENTION": ("RUNNING", "COMPENSATING"),
    "FAILED": ("RUNNING",),
}
BEGINNINGS = ("AWAITING_APPROVAL", "APPROVED")
# What was asked for, by whom, and how much: never another afterwards.
FIXED = (
    "uid",
    "action",
    "issuer",
    "requester",
    "acting",
    "customer_uid",
    "command",
    "fingerprint",
    "requested_at",
    "currency",
    "minor",
)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_FOLLOWS = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status IN ({_listed(after)}))" for before, after in TRANSITIONS.items()
)
_SQLITE_CHANGED = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in FIXED)
_POSTGRESQL_CHANGED = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FIXED)

SQLITE = (
    "CREATE TRIGGER workflows_transition BEFORE UPDATE ON workflows "
    f"WHEN NEW.status <> OLD.status AND NOT ({_FOLLOWS}) "
    "BEGIN SELECT RAISE(ABORT, 'not a transition of workflows'); END",
    f"CREATE TRIGGER workflows_fixed BEFORE UPDATE ON workflows WHEN {_SQLITE_CHANGED} "
    "BEGIN SELECT RAISE(ABORT, 'what was asked for does not change'); END",
    f"CREATE TRIGGER workflows_begin BEFORE INSERT ON workflows WHEN NEW.status NOT IN ({_listed(BEGINNINGS)}) "
    "BEGIN SELECT RAISE(ABORT, 'not a beginning of workflows'); END",
    *(
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is kept'); END"
        for table, verb in (
            ("workflows", "delete"),
            ("workflow_approvals", "update"),
            ("workflow_approvals", "delete"),
            ("idempotency_keys", "update"),
            ("idempotency_keys", "delete"),
        )
    ),
)
POSTGRESQL = (
    "CREATE FUNCTION workflows_transition() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
    f"IF NEW.status <> OLD.status AND NOT ({_FOLLOWS}) THEN RAISE EXCEPTION 'not a transition of workflows'; END IF; "
    f"IF {_POSTGRESQL_CHANGED} THEN RAISE EXCEPTION 'what was asked for does not change'; END IF; "
    "RETURN NEW; END$$",
    "CREATE TRIGGER workflows_transition BEFORE UPDATE ON workflows "
    "FOR EACH ROW EXECUTE FUNCTION workflows_transition()",
    "CREATE FUNCTION workflows_begin() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
    f"IF NEW.status NOT IN ({_listed(BEGINNINGS)}) THEN RAISE EXCEPTION 'not a beginning of workflows'; END IF; "
    "RETURN NEW; END$$",
    "CREATE TRIGGER workflows_begin BEFORE INSERT ON workflows FOR EACH ROW EXECUTE FUNCTION workflows_begin()",
    "CREATE FUNCTION workflows_kept() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION '% is kept', TG_TABLE_NAME; END$$",
    "CREATE TRIGGER workflows_kept BEFORE DELETE OR TRUNCATE ON workflows "
    "FOR EACH STATEMENT EXECUTE FUNCTION workflows_kept()",
    *(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION workflows_kept()"
        for table in ("workflow_approvals", "idempotency_keys")
    ),
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
