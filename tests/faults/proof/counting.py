"""What came of a case: counted at the vendors by our reference, and read out of the gateway's own tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from mutations.governance.alerts.tables import alerts
from mutations.governance.audit.tables import audit_events
from mutations.governance.tables import workflow_steps, workflows
from sources.database import Database
from sources.writing import LEDGER_STEP, reference_of
from tests.faults.proof.town import Town

LIVE = ("posted", "paid")
GONE = ("void", "failed", "canceled")
COMMENTS = ("case_note", "case_reply")


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendors hold of one workflow; amounts in minor units, of what stands."""

    billing: tuple[int, ...] = ()
    withdrawn: int = 0
    ledger: tuple[int, ...] = ()
    drafts: int = 0
    canceled: int = 0
    countered: int = 0
    comments: Mapping[str, int] = {}

    @property
    def steps(self) -> set[str]:
        """The steps that have left something."""
        left = {step for step, count in self.comments.items() if count}
        if self.ledger or self.drafts or self.canceled:
            left.add(LEDGER_STEP)
        return left | ({"erp_post"} if self.ledger or self.countered else set())

    @property
    def shown(self) -> str:
        """Credits or refunds, documents in the ledger, comments."""
        return f"{len(self.billing)}·{len(self.ledger)}·{sum(self.comments.values())}"


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a workflow stands in the gateway's own tables."""

    uid: str
    status: str
    failure: str | None
    attempts: Mapping[str, int]
    alerts: frozenset[str]
    intents: frozenset[str]


def effects_of(town: Town, uid: str) -> Effects:
    """Counted at the vendors' own tables."""
    shop: Any = town.simulators["billing"].shop  # type: ignore[attr-defined]
    ours = f"c360:{uid}:"
    moves = shop.balance_transactions.by_id.values()
    undone = {move.metadata.get("undoes") for move in moves}
    kept = [*shop.credit_notes.by_id.values(), *shop.refunds.by_id.values(), *moves]
    mine = [each for each in kept if each.metadata.get("op_id", "").startswith(ours) and "undoes" not in each.metadata]
    stands = [each for each in mine if each.id not in undone and getattr(each, "status", "") not in GONE]
    support: Any = town.simulators["support"]
    return Effects(
        billing=tuple(abs(each.amount) for each in stands),
        withdrawn=len(mine) - len(stands),
        comments={step: support.effects(reference_of(uid, step)) for step in COMMENTS},
        **_in_ledger(town, uid),
    )


def _in_ledger(town: Town, uid: str) -> dict[str, Any]:
    documents = town.ledger.documents
    of_ours = documents(reference_of(uid, LEDGER_STEP))
    counters = [*documents(reference_of(uid, "erp_post.undo")), *documents(reference_of(uid, "erp_post.late_undo"))]
    posted = [each.minor for each in of_ours if each.state in LIVE]
    countered = len([each for each in counters if each.state in LIVE])
    return {
        "ledger": tuple(posted[countered:]),
        "drafts": len([each for each in of_ours if each.state in ("draft", "validated")]),
        "canceled": len([each for each in of_ours if each.state == "cancelled"]),
        "countered": countered,
    }


async def ends_of(database: Database, cases: Sequence[str]) -> dict[str, End]:
    """How the workflows stand, by the correlation ids that they were asked for under."""
    query = select(workflows.c.uid, workflows.c.correlation_id, workflows.c.status, workflows.c.failure)
    async with database.reading() as connection:
        found = (await connection.execute(query.where(workflows.c.correlation_id.in_(cases)))).all()
        uids = [row.uid for row in found]
        told = (
            await connection.execute(
                select(alerts.c.workflow_uid, alerts.c.kind).where(alerts.c.workflow_uid.in_(uids))
            )
        ).all()
        intents = (
            await connection.execute(
                select(audit_events.c.workflow_uid, audit_events.c.action).where(
                    audit_events.c.workflow_uid.in_(uids), audit_events.c.outcome == "INTENT"
                )
            )
        ).all()
        steps = (
            await connection.execute(
                select(workflow_steps.c.workflow_uid, workflow_steps.c.name, workflow_steps.c.attempts).where(
                    workflow_steps.c.workflow_uid.in_(uids)
                )
            )
        ).all()
    return {
        row.correlation_id: End(
            uid=row.uid,
            status=row.status,
            failure=row.failure,
            attempts={name: attempts for uid, name, attempts in steps if uid == row.uid},
            alerts=frozenset(kind for uid, kind in told if uid == row.uid),
            intents=frozenset(action.partition(".")[2] for uid, action in intents if uid == row.uid),
        )
        for row in found
    }
