"""Carries a workflow's steps: forward, with one pivot; back, in reverse; and says how it ended.

Before the pivot a refusal undoes what was prepared. After it, steps are only carried forward, and what cannot be is
for a person. What is not known stays so until the vendor has told: nothing is undone, and nothing is sent anew.
"""

from functools import partial

import structlog

from mutations.governance import driving, turning
from mutations.governance.carrying import Carrier
from mutations.governance.driving import Drive
from mutations.governance.engine.port import Journal, Run
from mutations.governance.mutation import StepRole
from mutations.governance.outcome import DONE, Outcome
from mutations.governance.plan import PlannedStep, Reversibility
from mutations.governance.records import decode_plan, workflow_row
from mutations.governance.seams import Parts
from mutations.governance.workflow import StepStatus, WorkflowFailure, WorkflowStatus
from sources.writing import ReceiptState

log = structlog.get_logger(__name__)
S = WorkflowStatus

TAKEN_BACK = "TAKEN_BACK"


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
    except driving.Superseded:
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
        begun = await self.carrier.note("begin", partial(turning.begin, self.drive))
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
                await self.carrier.note(f"{step.name}/left", partial(turning.left_out, self.drive, effect, told))
            elif told.kind == "unknown":
                await self._end(S.OUTCOME_UNKNOWN, step, told)
                return
            elif past_pivot:
                await self._end(S.NEEDS_ATTENTION, step, told)
                return
            else:
                await self._back(turning.failure_of(step, told))
                return
        await self._finish()

    async def _finish(self) -> None:
        await self.carrier.note("forget", partial(turning.forget, self.drive))
        told = await self.carrier.note("end", partial(turning.settled, self.drive))
        if told.kind == "refused":  # a vendor that had accepted it says now that it failed
            await self._back(WorkflowFailure(step="", system="", code=told.code, message=told.message, retryable=False))

    async def _back(self, why: WorkflowFailure | None) -> None:
        """Undo what was done, the last first; where nothing was, the workflow has simply failed."""
        turned = await self.carrier.note("turn", partial(turning.turn, self.drive, why))
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
        await self.carrier.note("forget_undone", partial(turning.forget, self.drive))
        # A vendor's late failure is a person's to look at; who has looked may compensate, and there is nothing left.
        await self._end(S.NEEDS_ATTENTION if late and taken else S.COMPENSATED, None, DONE, name="undone")

    async def _taken_back(self, step: PlannedStep, *, late: bool) -> Outcome:
        """Done where there is nothing of the step any more, or nothing that could be."""
        effect = self.drive.effect(step)
        stands = await self.carrier.note(f"{step.name}/stands", partial(turning.stands, self.drive, effect))
        if stands.code in turning.UNSURE:
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

    async def _end(self, to: WorkflowStatus, step: PlannedStep | None, told: Outcome, name: str = "end") -> None:
        await self.carrier.note(
            name, partial(turning.ended, self.drive, to, turning.failure_of(step, told) if step else None)
        )


def _taken(told: Outcome) -> Outcome:
    return Outcome("done", code=TAKEN_BACK) if told.kind == "done" else told
