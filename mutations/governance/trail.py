"""The events that governed writes leave in the audit log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.plan import GovernedAction
from mutations.governance.refusals import Refusal
from mutations.governance.seams import now
from sources.canonical.actor import Actor

SYSTEM = "system"  # who acts where nobody does: the gateway itself


def word(action: GovernedAction | str) -> str:
    """The action as a stable word, e.g. "issueCredit"."""
    first, *rest = (action.value if isinstance(action, GovernedAction) else action).lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def by_actor(
    actor: Actor,
    action: str,
    outcome: AuditOutcome,
    *,
    correlation_id: str,
    workflow_uid: str | None = None,
    customers: Iterable[str | None] = (),
    rule: str | None = None,
    policy_version: str | None = None,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """Something that somebody asked for or decided."""
    return Event(
        at=at or now(),
        actor=actor.subject,
        issuer=actor.issuer,
        action=action,
        outcome=outcome,
        customers=tuple(uid for uid in customers if uid),
        workflow_uid=workflow_uid,
        correlation_id=correlation_id,
        rule=rule,
        policy_version=policy_version,
        detail={**(detail or {}), **({"acting": actor.acting} if actor.acting else {})},
    )


def turned_away(
    actor: Actor,
    action: str,
    refusals: Sequence[Refusal],
    *,
    correlation_id: str,
    policy_version: str,
    workflow_uid: str | None = None,
    customers: Iterable[str | None] = (),
) -> Event:
    """Something that was refused, by all its rules."""
    return by_actor(
        actor,
        action,
        AuditOutcome.REFUSED,
        correlation_id=correlation_id,
        workflow_uid=workflow_uid,
        customers=customers,
        rule=next((refusal.rule for refusal in refusals if refusal.rule), None)
        or next((refusal.code.value for refusal in refusals), None),
        policy_version=policy_version,
        detail={"refusals": [refusal.rule or refusal.code.value for refusal in refusals]},
    )


def by_system(
    row: RowMapping,
    outcome: AuditOutcome,
    *,
    step: str | None = None,
    system: str | None = None,
    external_id: str | None = None,
    rule: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Event:
    """Something that the gateway did for a workflow, given by its row."""
    action = word(row["action"])
    return Event(
        at=now(),
        actor=SYSTEM,
        issuer="",
        action=f"{action}.{step}" if step else action,
        outcome=outcome,
        customers=(row["customer_uid"],) if row["customer_uid"] else (),
        workflow_uid=row["uid"],
        correlation_id=row["correlation_id"],
        system=system,
        external_id=external_id,
        rule=rule,
        detail=detail or {},
    )
