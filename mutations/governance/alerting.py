"""What people are told of workflows: raised in the transaction of what it tells, once for each occasion."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerts
from mutations.governance.plan import WorkflowPlan
from mutations.governance.seams import now
from mutations.governance.trail import word
from mutations.governance.workflow import WorkflowFailure, WorkflowStatus

TOLD_OF: Mapping[WorkflowStatus, alerts.AlertKind] = {
    WorkflowStatus.OUTCOME_UNKNOWN: alerts.AlertKind.OUTCOME_UNKNOWN,
    WorkflowStatus.NEEDS_ATTENTION: alerts.AlertKind.NEEDS_ATTENTION,
    WorkflowStatus.EXPIRED: alerts.AlertKind.EXPIRED,
}
"""The states of which somebody is told."""

SENTENCES = {
    alerts.AlertKind.EXPIRED: "was not approved in time",
    alerts.AlertKind.DELAYED: "takes longer than it should",
    alerts.AlertKind.STUCK: "has not moved for too long, and is begun anew",
    alerts.AlertKind.OUTCOME_UNKNOWN: "does not know whether a step was done, and goes on asking",
    alerts.AlertKind.NEEDS_ATTENTION: "can go neither on nor back by itself",
    alerts.AlertKind.STEP_LEFT_OUT: "went on without a step",
    alerts.AlertKind.SETTLEMENT_FAILED: "was accepted, and failed later on; it is being taken back",
}


async def waiting(connection: AsyncConnection, uid: str, action: str, plan: WorkflowPlan) -> None:
    """Tell those who may approve a plan that it waits for them."""
    roles = tuple(dict.fromkeys(role for each in plan.approvals for role in each.roles))
    message = f"{word(action)} waits for approval"
    kind = alerts.AlertKind.APPROVAL_WAITING
    told = alerts.Alert(kind=kind, message=message, at=now(), workflow_uid=uid, occasion=plan.hash[:16], roles=roles)
    await alerts.raise_(connection, told)


async def reached(
    connection: AsyncConnection,
    row: RowMapping | Mapping[Any, Any],
    status: WorkflowStatus,
    why: WorkflowFailure | None = None,
) -> None:
    """Tell that a workflow, given by its row, has come into a state, where that is one to tell of."""
    if kind := TOLD_OF.get(status):
        # A vendor that stays silent is asked by one drive after the other: that is one matter, told once.
        occasion = why.step if why and status is WorkflowStatus.OUTCOME_UNKNOWN else str(row["run_number"])
        await of(connection, row, kind, why, occasion=occasion)


async def of(
    connection: AsyncConnection,
    row: RowMapping | Mapping[Any, Any],
    kind: alerts.AlertKind,
    why: WorkflowFailure | None = None,
    occasion: str = "",
) -> None:
    """Tell of a workflow, given by its row; once for each occasion, which is its drive where none is given."""
    at_step = f": {why.step} in {why.system}, {why.code}" if why and why.step else ""
    await alerts.raise_(
        connection,
        alerts.Alert(
            kind=kind,
            message=f"{word(row['action'])} {SENTENCES[kind]}{at_step}",
            at=now(),
            workflow_uid=row["uid"],
            occasion=occasion or str(row["run_number"]),
        ),
    )
