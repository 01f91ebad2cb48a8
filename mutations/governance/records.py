"""The rows of workflows as the words that everybody else uses."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.mutation import StepRole
from mutations.governance.plan import GovernedAction, WorkflowPlan
from mutations.governance.policy.words import PolicyRequest
from mutations.governance.tables import workflow_approvals as approvals
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflow_steps as steps
from mutations.governance.tables import workflows
from mutations.governance.workflow import (
    Approval,
    ApprovalDecision,
    StepStatus,
    Workflow,
    WorkflowFailure,
    WorkflowStatus,
    WorkflowStep,
)
from sources.canonical.actor import Actor
from sources.canonical.money import Money
from sources.writing import Receipt

decode_plan = msgspec.json.Decoder(WorkflowPlan).decode
decode_asked = msgspec.json.Decoder(PolicyRequest).decode
decode_actor = msgspec.json.Decoder(Actor).decode
decode_receipt = msgspec.json.Decoder(Receipt).decode
decode_failure = msgspec.json.Decoder(WorkflowFailure).decode


async def workflow_row(connection: AsyncConnection, uid: str) -> RowMapping | None:
    """The row of a workflow; None where there is none."""
    return (await connection.execute(select(workflows).where(workflows.c.uid == uid))).mappings().one_or_none()


async def load(connection: AsyncConnection, uids: Iterable[str]) -> dict[str, Workflow]:
    """The workflows of these uids, those that there are."""
    wanted = sorted(set(uids))
    if not wanted:
        return {}
    rows = (await connection.execute(select(workflows).where(workflows.c.uid.in_(wanted)))).mappings().all()
    return await assembled(connection, rows)


async def assembled(connection: AsyncConnection, rows: Sequence[RowMapping]) -> dict[str, Workflow]:
    """Workflows out of their rows, in the order of the rows, with what belongs to them."""
    uids = [row["uid"] for row in rows]
    if not uids:
        return {}
    decided = _grouped(
        await _all(connection, select(approvals).where(approvals.c.workflow_uid.in_(uids)).order_by(approvals.c.id))
    )
    done = _grouped(
        await _all(connection, select(steps).where(steps.c.workflow_uid.in_(uids)).order_by(steps.c.position))
    )
    told = await _all(connection, select(receipts).where(receipts.c.workflow_uid.in_(uids)))
    found = {(row["workflow_uid"], row["name"]): decode_receipt(row["receipt"]) for row in told}
    return {row["uid"]: _workflow(row, decided.get(row["uid"], ()), done.get(row["uid"], ()), found) for row in rows}


async def _all(connection: AsyncConnection, query: Select[Any]) -> Sequence[RowMapping]:
    rows: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
    return rows


def _grouped(rows: Sequence[RowMapping]) -> dict[str, list[RowMapping]]:
    grouped: dict[str, list[RowMapping]] = {}
    for row in rows:
        grouped.setdefault(row["workflow_uid"], []).append(row)
    return grouped


def _workflow(
    row: RowMapping,
    decided: Sequence[RowMapping],
    done: Sequence[RowMapping],
    told: Mapping[tuple[str, str], Receipt],
) -> Workflow:
    return Workflow(
        uid=row["uid"],
        action=GovernedAction(row["action"]),
        status=WorkflowStatus(row["status"]),
        amount=amount_of(row),
        reason=row["reason"],
        requested_by=row["requester"],
        requested_at=row["requested_at"],
        updated_at=row["updated_at"],
        idempotency_key=row["idempotency_key"],
        correlation_id=row["correlation_id"],
        plan=decode_plan(row["plan"]),
        approvals=tuple(_approval(each) for each in decided),
        steps=tuple(_step(each, told.get((row["uid"], each["name"]))) for each in done if _is_shown(each)),
        failure=decode_failure(row["failure"]) if row["failure"] else None,
        expires_at=row["expires_at"],
        customer_uid=row["customer_uid"],
        requester_issuer=row["issuer"],
        target_uid=row["target_uid"],
    )


def amount_of(row: RowMapping) -> Money | None:
    """The amount of a workflow's row."""
    return Money(row["minor"], row["currency"]) if row["minor"] is not None else None


def _is_shown(step: RowMapping) -> bool:
    """A taking back is registered before it is ever needed; it is shown where it was."""
    return bool(step["role"] == StepRole.DO.value or step["status"] != StepStatus.PENDING.value)


def _approval(row: RowMapping) -> Approval:
    return Approval(
        role=row["role"],
        decision=ApprovalDecision(row["decision"]),
        by=row["subject"],
        at=row["at"],
        comment=row["comment"],
        plan_hash=row["plan_hash"],
    )


def _step(row: RowMapping, receipt: Receipt | None) -> WorkflowStep:
    return WorkflowStep(
        name=row["name"],
        system=row["system"],
        status=StepStatus(row["status"]),
        attempts=row["attempts"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        external_id=receipt.record_id if receipt else None,
        external_url=receipt.url if receipt else None,
        error=row["error"],
    )
