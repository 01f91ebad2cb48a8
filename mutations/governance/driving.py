"""A drive of a workflow: what it carries out, and the rows that it looks at."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.engine.port import Run
from mutations.governance.mutation import Call, Mutation, StepKind, StepRole
from mutations.governance.plan import PlannedStep, WorkflowPlan
from mutations.governance.records import decode_receipt, workflow_row
from mutations.governance.seams import Parts, now
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflow_steps as steps
from sources.systems import System
from sources.writing import Receipt, reference_of

AnyRow = RowMapping | Mapping[Any, Any]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be done: a step, or its taking back."""

    step: PlannedStep
    role: StepRole
    kind: StepKind

    @property
    def name(self) -> str:
        return self.role.name_of(self.step.name)


class Drive(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow as one drive sees it. What is here never changes while it runs."""

    parts: Parts
    run: Run
    mutation: Mutation
    plan: WorkflowPlan
    correlation_id: str
    requester: str

    def effect(self, step: PlannedStep, role: StepRole = StepRole.DO) -> Effect:
        return Effect(step=step, role=role, kind=self.mutation.kinds[step.name])


def key_of(workflow_uid: str, name: str, generation: int) -> str:
    """The vendor's idempotency key: stable over crashes, and it tells nothing."""
    return hashlib.sha256(f"{workflow_uid}:{name}:{generation}".encode()).hexdigest()


class Superseded(Exception):
    """Another drive of the workflow has begun: this one has nothing to do any more."""


async def own_row(connection: AsyncConnection, drive: Drive) -> RowMapping:
    """The workflow's row, while this drive is the newest. Raises Superseded."""
    row = await workflow_row(connection, drive.run.workflow_uid)
    if row is None or row["run_number"] != drive.run.number:
        raise Superseded
    return row


async def step_row(connection: AsyncConnection, uid: str, name: str) -> RowMapping | None:
    """The row of a step or of its taking back."""
    same = (steps.c.workflow_uid == uid) & (steps.c.name == name)
    return (await connection.execute(select(steps).where(same))).mappings().one_or_none()


async def receipts_of(connection: AsyncConnection, uid: str) -> dict[str, Receipt]:
    """What the vendors said, by the name of the step or of its taking back."""
    rows = await connection.execute(select(receipts.c.name, receipts.c.receipt).where(receipts.c.workflow_uid == uid))
    return {name: decode_receipt(receipt) for name, receipt in rows}


def call_for(
    drive: Drive, effect: Effect, row: Mapping[Any, Any] | RowMapping, told: Mapping[str, Receipt], system: System
) -> Call:
    """What a step is carried out, undone or looked for with."""
    uid = drive.run.workflow_uid
    return Call(
        workflow_uid=uid,
        step=effect.step,
        key=key_of(uid, effect.name, row["generation"]),
        reference=reference_of(uid, effect.name),
        since=row["started_at"] or now(),
        receipts=told,
        system=system,
        crosswalk=drive.parts.crosswalk,
        requested_by=drive.requester,
    )


def system_of(drive: Drive, effect: Effect) -> System | None:
    """The system that a step changes; None where it is configured no longer."""
    return drive.parts.systems.by_uid(effect.step.source)
