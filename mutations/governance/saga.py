"""Carries a workflow's steps: forward, with one pivot; back, in reverse; and says how it ended.

Before the pivot a refusal undoes what was prepared. After it, steps are only carried forward, and what cannot be is
for a person. What is not known stays so until the vendor has told: nothing is undone, and nothing is sent anew.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import alerting, caches, effects, trail
from mutations.governance.alerts import AlertKind
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.carrying import Carrier
from mutations.governance.effects import Drive, Effect
from mutations.governance.engine.port import Journal, LostLease, Run
from mutations.governance.mutation import StepRole
from mutations.governance.outcome import DONE, Outcome
from mutations.governance.pace import Pace
from mutations.governance.plan import PlannedStep, Reversibility
from mutations.governance.records import decode_plan, workflow_row
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import moved
from mutations.governance.sums import release
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflow_steps as steps
from mutations.governance.workflow import StepStatus, WorkflowFailure, WorkflowStatus
from sources.database import to_the_end
from sources.writing import ReceiptState

log = structlog.get_logger(__name__)
S = WorkflowStatus

AUDITED = {
    S.SETTLING: AuditOutcome.SUCCEEDED,
    S.SUCCEEDED: AuditOutcome.SUCCEEDED,
    S.FAILED: AuditOutcome.FAILED,
    S.COMPENSATED: AuditOutcome.COMPENSATED,
    S.OUTCOME_UNKNOWN: AuditOutcome.UNKNOWN,
    S.NEEDS_ATTENTION: AuditOutcome.FAILED,
}
TAKEN_BACK = "TAKEN_BACK"
UNSURE = (StepStatus.RUNNING.value, StepStatus.UNKNOWN.value)


async def drive(parts: Parts, run: Run, journal: Journal) -> None:
    """Carry a workflow to the end of this drive. Done again after a crash, it looks before it sends."""
    async with parts.database.reading() as connection:
        row = await workflow_row(connection, run.workflow_uid)
    if row is None:
        return
    this = Drive(
        parts=parts,
        run=run,
        mutation=parts.mutation(row["action"]),
        plan=decode_plan(row["plan"]),
        correlation_id=row["correlation_id"],
        requester=row["requester"],
    )
    try:
        await Saga(this, journal).carry()
    except effects.Superseded:
        log.info("superseded", workflow=run.workflow_uid, number=run.number)
    finally:
        parts.hub.tell(run.workflow_uid)


class Saga:
    """One drive."""

    def __init__(self, drive: Drive, journal: Journal) -> None:
        self.drive = drive
        self.carrier = Carrier(drive, journal)
        self.uid = drive.run.workflow_uid

    async def carry(self) -> None:
        """To the end, in the direction that the run has."""
        begun = await self.carrier.note("begin", self._begin)
        if begun.kind != "done":
            return
        if self.drive.run.direction == "forward":
            await self._forward()
        else:
            await self._back(None)

    async def _forward(self) -> None:
        past_pivot = False
        for step in self.drive.plan.steps:
            effect = self.drive.effect(step)
            told = await self.carrier.carry(effect)
            if told.kind == "done":
                past_pivot = past_pivot or effect.kind.pivot
            elif effect.kind.optional:
                await self.carrier.note(f"{step.name}/left", partial(self._left_out, effect, told))
            elif told.kind == "unknown":
                await self._end(S.OUTCOME_UNKNOWN, step, told)
                return
            elif past_pivot:
                await self._end(S.NEEDS_ATTENTION, step, told)
                return
            else:
                await self._back(_failure(step, told))
                return
        await self._finish()

    async def _finish(self) -> None:
        await self.carrier.note("forget", self._forget)
        told = await self.carrier.note("end", self._settled)
        if told.kind == "refused":  # a vendor that had accepted it says now that it failed
            await self._back(WorkflowFailure(step="", system="", code=told.code, message=told.message, retryable=False))

    async def _back(self, why: WorkflowFailure | None) -> None:
        """Undo what was done, the last first; where nothing was, the workflow has simply failed."""
        turned = await self.carrier.note("turn", partial(self._turn, why))
        if turned.kind != "done":
            return
        late = turned.code == ReceiptState.FAILED.value
        taken = 0
        for step in reversed(self.drive.plan.steps):
            told = await self._taken_back(step, late=late)
            taken += told.code == TAKEN_BACK
            if told.kind != "done":
                status = S.OUTCOME_UNKNOWN if told.kind == "unknown" and told.counts else S.NEEDS_ATTENTION
                await self._end(status, step, told, name="undone")
                return
        await self.carrier.note("forget_undone", self._forget)
        # A vendor's late failure is a person's to look at; who has looked may compensate, and there is nothing left.
        await self._end(S.NEEDS_ATTENTION if late and taken else S.COMPENSATED, None, DONE, name="undone")

    async def _taken_back(self, step: PlannedStep, *, late: bool) -> Outcome:
        """Done where there is nothing of the step any more, or nothing that could be."""
        effect = self.drive.effect(step)
        stands = await self.carrier.note(f"{step.name}/stands", partial(self._stands, effect))
        if stands.code in UNSURE:
            told = await self.carrier.resolve(effect, f"{step.name}/doubt", may_resend=False)
            if told.kind == "unknown":
                return Outcome("unknown", code=told.code, message=told.message, counts=True)
            if told.kind != "done":
                return DONE
        elif stands.code != StepStatus.SUCCEEDED.value:
            return DONE
        if late:
            if effect.kind.late_undo is None:
                return DONE
            return _taken(await self.carrier.carry(self.drive.effect(step, StepRole.LATE_UNDO)))
        if effect.kind.undo is None:
            if step.amount is None or step.reversibility is Reversibility.REVERSIBLE:
                return DONE
            return Outcome("refused", code="IRREVERSIBLE", message=f"{step.name} cannot be taken back")
        return _taken(await self.carrier.carry(self.drive.effect(step, StepRole.UNDO)))

    # ----------------------------------------------------------------------------------- each in one transaction
    @to_the_end
    async def _begin(self) -> Outcome:
        async with self.drive.parts.database.transaction() as connection:
            row = await effects.own_row(connection, self.drive)
            going = S.RUNNING if self.drive.run.direction == "forward" else S.COMPENSATING
            if row["status"] == going.value:
                return DONE
            since = [S.APPROVED, S.OUTCOME_UNKNOWN]
            if await moved(connection, self.uid, going, since=since, run=self.drive.run.number):
                return DONE
        return Outcome("refused", code="WRONG_STATE")

    @to_the_end
    async def _turn(self, why: WorkflowFailure | None) -> Outcome:
        """Begin to undo; its code is FAILED where a vendor's record failed after all was done."""
        async with self.drive.parts.database.transaction() as connection:
            row = await effects.own_row(connection, self.drive)
            values: dict[str, Any] = {"failure": encoded(why)} if why else {}
            if row["status"] == S.COMPENSATING.value:
                return Outcome("done", code=await self._late(connection))
            done = steps.c.status.in_([StepStatus.SUCCEEDED.value, *UNSURE]) & (steps.c.role == StepRole.DO.value)
            any_done = select(steps.c.name).where(steps.c.workflow_uid == self.uid, done).limit(1)
            to = S.COMPENSATING if (await connection.execute(any_done)).first() else S.FAILED
            if to is S.COMPENSATING:
                values["run_direction"] = "back"
            if not await moved(connection, self.uid, to, run=self.drive.run.number, **values):
                raise LostLease
            if to is S.FAILED:
                await release(connection, self.uid, row["updated_at"])
                await self._audit(connection, row, S.FAILED, why.code if why else None)
                return Outcome("refused")
            return Outcome("done", code=await self._late(connection))

    async def _late(self, connection: AsyncConnection) -> str:
        failed = select(receipts.c.name).where(
            receipts.c.workflow_uid == self.uid, receipts.c.state == ReceiptState.FAILED.value
        )
        return ReceiptState.FAILED.value if (await connection.execute(failed)).first() else ""

    async def _stands(self, effect: Effect) -> Outcome:
        async with self.drive.parts.database.reading() as connection:
            row = await effects.step_row(connection, self.uid, effect.name)
            told = (await effects.receipts_of(connection, self.uid)).get(effect.name)
        if told is not None and told.state is ReceiptState.FAILED:
            return Outcome("done", code=StepStatus.FAILED.value)
        return Outcome("done", code=row["status"] if row is not None else StepStatus.PENDING.value)

    @to_the_end
    async def _left_out(self, effect: Effect, told: Outcome) -> Outcome:
        """A step that was not needed has failed: a person is told, and it goes on."""
        async with self.drive.parts.database.transaction() as connection:
            row = await effects.own_row(connection, self.drive)
            kind, why = AlertKind.STEP_LEFT_OUT, _failure(effect.step, told)
            await alerting.of(connection, row, kind, why, occasion=effect.step.name)
        return DONE

    async def _forget(self) -> Outcome:
        parts = self.drive.parts
        async with parts.database.reading() as connection:
            row = await effects.own_row(connection, self.drive)
            told = await effects.receipts_of(connection, self.uid)
        await caches.forget(parts, self.drive.mutation, row, told)
        return DONE

    @to_the_end
    async def _settled(self) -> Outcome:
        """All steps are done: SUCCEEDED where every vendor's state is final, else SETTLING."""
        async with self.drive.parts.database.transaction() as connection:
            row = await effects.own_row(connection, self.drive)
            if row["status"] in (S.SETTLING.value, S.SUCCEEDED.value):
                return DONE
            if code := await self._late(connection):
                return Outcome("refused", code=f"RECORD_{code}", message="it was accepted, and failed afterwards")
            open_ones = select(receipts.c.name).where(
                receipts.c.workflow_uid == self.uid, receipts.c.settled.is_(False)
            )
            to = S.SETTLING if (await connection.execute(open_ones)).first() else S.SUCCEEDED
            if not await moved(connection, self.uid, to, run=self.drive.run.number, failure=None):
                raise LostLease
            await self._audit(connection, row, to)
        return DONE

    async def _end(self, to: WorkflowStatus, step: PlannedStep | None, told: Outcome, name: str = "end") -> None:
        await self.carrier.note(name, partial(self._ended, to, _failure(step, told) if step else None))

    @to_the_end
    async def _ended(self, to: WorkflowStatus, why: WorkflowFailure | None) -> Outcome:
        async with self.drive.parts.database.transaction() as connection:
            row = await effects.own_row(connection, self.drive)
            if row["status"] == to.value:
                return DONE
            values: dict[str, Any] = {"failure": encoded(why)} if why else {}
            if to is S.OUTCOME_UNKNOWN:
                values["look_at"] = now() + backoff(self.drive.parts.pace, row["looks"])
            if not await moved(connection, self.uid, to, run=self.drive.run.number, **values):
                raise LostLease
            if to is S.COMPENSATED:
                await release(connection, self.uid, row["updated_at"])
            await self._audit(connection, row, to, why.code if why else None)
            await alerting.reached(connection, row, to, why)
        return DONE

    async def _audit(
        self,
        connection: AsyncConnection,
        row: RowMapping,
        to: WorkflowStatus,
        rule: str | None = None,
    ) -> None:
        event = trail.by_system(row, AUDITED[to], rule=rule, detail={"status": to.value})
        await self.drive.parts.audit.record(connection, event)


def _taken(told: Outcome) -> Outcome:
    return Outcome("done", code=TAKEN_BACK) if told.kind == "done" else told


def _failure(step: PlannedStep, told: Outcome) -> WorkflowFailure:
    return WorkflowFailure(
        step=step.name,
        system=step.system,
        code=told.code or "OUTCOME_UNKNOWN",
        message=told.message or "no answer tells whether it was done",
        retryable=told.retryable or told.kind == "unknown",
    )


def backoff(pace: Pace, looks: int) -> timedelta:
    """How long it takes until a vendor that does not tell is asked again."""
    return timedelta(seconds=min(pace.longest_unknown, pace.unknown * 2.0 ** min(looks, 16)))


async def parked(parts: Parts, run: Run, reason: str) -> None:
    """The engine has given a drive up: a step of which nobody knows is asked for again; else a person looks."""
    await _parked(parts, run, reason)
    parts.hub.tell(run.workflow_uid)


@to_the_end
async def _parked(parts: Parts, run: Run, reason: str) -> None:
    async with parts.database.transaction() as connection:
        row = await workflow_row(connection, run.workflow_uid)
        if row is None or row["run_number"] != run.number:
            return
        unsure = (steps.c.workflow_uid == run.workflow_uid) & steps.c.status.in_(UNSURE)
        doubt = (await connection.execute(select(steps.c.name, steps.c.system).where(unsure))).first()
        to = S.OUTCOME_UNKNOWN if doubt else S.NEEDS_ATTENTION
        step, system = (doubt[0], doubt[1]) if doubt else ("", "")
        message = "the drive failed again and again"
        why = WorkflowFailure(step=step, system=system, code=reason, message=message, retryable=True)
        look_at = now() + backoff(parts.pace, row["looks"]) if doubt else None
        if await moved(connection, row["uid"], to, run=run.number, failure=encoded(why), look_at=look_at):
            await parts.audit.record(connection, trail.by_system(row, AUDITED[to], rule=reason))
            await alerting.reached(connection, row, to, why)
