"""Replay and compensate: workflows of their own, about another one, which a second person approves.

When one may run, it begins a new drive of the other workflow: forward from the step that stopped it, or back.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec
from sqlalchemy import RowMapping, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance import trail
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.driving import receipts_of
from mutations.governance.mutation import Command, Facts, Mutation, Reading, StepRole
from mutations.governance.plan import GovernedAction, PlannedStep, Reversibility, Verdict
from mutations.governance.records import assembled, decode_actor, decode_asked, decode_plan, workflow_row
from mutations.governance.refusals import Refusal, RefusalCode, refused
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.store import locked, moved
from mutations.governance.sums import lock, sums, take_again
from mutations.governance.tables import workflow_steps
from mutations.governance.workflow import StepStatus, Workflow, WorkflowFailure, WorkflowStatus
from sources.canonical.actor import Actor
from sources.database import to_the_end
from sources.writing import Receipt, ReceiptState

S = WorkflowStatus
STEP = "run"  # the one step of either
FROM: Mapping[GovernedAction, frozenset[WorkflowStatus]] = {
    GovernedAction.REPLAY: frozenset({S.FAILED, S.OUTCOME_UNKNOWN, S.NEEDS_ATTENTION}),
    GovernedAction.COMPENSATE: frozenset({S.OUTCOME_UNKNOWN, S.NEEDS_ATTENTION}),
}
"""The states from which each may begin. What is FAILED has done nothing that could be undone."""


class Continuation(Command, frozen=True, kw_only=True):
    """Something to be done with a workflow that did not come to its end."""

    target_uid: str
    comment: str

    def __post_init__(self) -> None:
        if not self.comment.strip():
            raise refused(RefusalCode.INVALID_INPUT, "say why, in a comment", field="comment")

    @property
    def stated_reason(self) -> str:
        return self.comment


class Replay(Continuation, frozen=True, kw_only=True):
    """Run it on."""

    action: ClassVar[GovernedAction] = GovernedAction.REPLAY


class Compensate(Continuation, frozen=True, kw_only=True):
    """Undo what it has done."""

    action: ClassVar[GovernedAction] = GovernedAction.COMPENSATE


COMMANDS: Mapping[GovernedAction, type[Continuation]] = {each.action: each for each in (Replay, Compensate)}


def continuations(mutations: Mapping[GovernedAction, Mutation]) -> dict[GovernedAction, Mutation]:
    """Replay and compensate as mutations, about workflows of these."""
    return {
        action: Mutation(
            action=action, command=command, gather=_Gathering(mutations), steps=_steps, kinds={}, fields={}
        )
        for action, command in COMMANDS.items()
    }


class Continued(Facts, frozen=True, kw_only=True):
    """What was found about the workflow that is to be continued."""

    target_uid: str
    number: int  # of the drive that would begin
    effect: str


class _Gathering:
    """Reads what must be known of the other workflow."""

    def __init__(self, mutations: Mapping[GovernedAction, Mutation]) -> None:
        self._mutations = mutations

    async def __call__(self, command: Continuation, actor: Actor, reading: Reading) -> Continued:
        async with reading.crosswalk.database.reading() as connection:
            row = await workflow_row(connection, command.target_uid)
            target = (await assembled(connection, [row]))[row["uid"]] if row is not None else None
            told = await receipts_of(connection, command.target_uid)
        if row is None or target is None or target.action not in self._mutations:
            message = "there is no such workflow, or it is about another one itself"
            raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="workflow.unknown", field="id")
        if target.status not in FROM[command.action]:
            message = f"it is {target.status.value}: that is not possible"
            raise refused(RefusalCode.WRONG_STATE, message, rule="workflow.state", field="id")
        mutation = self._mutations[target.action]
        if command.action is GovernedAction.COMPENSATE:
            _can_be_undone(mutation, target, told)
        elif target.status is S.FAILED:
            await _is_still_the_same(mutation, row, reading)
        return Continued(
            customer_uid=target.customer_uid or "",
            attributes={"original_requester": row["requester"], "original_acting": row["acting"]},
            target_uid=target.uid,
            number=row["run_number"] + 1,
            effect=_effect(command.action, target),
        )


def _effect(action: GovernedAction, target: Workflow) -> str:
    if action is GovernedAction.COMPENSATE:
        return "Undo what the workflow has done."
    step = f" from {target.failure.step}" if target.failure and target.failure.step else ""
    return f"Run the workflow on{step}."


def _can_be_undone(mutation: Mutation, target: Workflow, told: Mapping[str, Receipt]) -> None:
    """Raises Refused where money has moved by a step that cannot be taken back."""
    for step in target.plan.steps:
        receipt = told.get(step.name)
        stands = receipt is not None and receipt.state not in (ReceiptState.FAILED, ReceiptState.UNDONE)
        if stands and step.amount is not None and mutation.kinds[step.name].undo is None:
            message = f"{step.name} was done and cannot be taken back: run it on instead"
            raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="workflow.irreversible", field="id")


async def _is_still_the_same(mutation: Mutation, row: RowMapping, reading: Reading) -> None:
    """What failed before anything was done is planned again: the same steps, or it has to be asked for anew."""
    command = msgspec.json.decode(row["command"], type=mutation.command)
    facts = await mutation.gather(command, decode_actor(row["actor"]), reading)
    if encoded(mutation.steps(command, facts)) != encoded(decode_plan(row["plan"]).steps):
        message = "the facts have changed since: ask for it anew"
        raise refused(RefusalCode.PLAN_CHANGED, message, rule="plan.changed", field="id")


def _steps(command: Continuation, facts: Continued) -> tuple[PlannedStep, ...]:
    return (
        PlannedStep(
            name=STEP,
            system="gateway",
            effect=facts.effect,
            reversibility=Reversibility.IRREVERSIBLE,
            source="",
            params={"target": facts.target_uid, "number": facts.number},
        ),
    )


@to_the_end
async def begin(parts: Parts, uid: str) -> str | None:
    """Have an approved one begin the other's drive; gives the other's uid, None where there is nothing to begin."""
    async with parts.database.transaction() as connection:
        row = await locked(connection, uid)
        if row["status"] != S.APPROVED.value or row["target_uid"] is None:
            return None
        target = await locked(connection, row["target_uid"])
        refusal = await _refusal(parts, connection, row, target)
        if refusal is None and not await _begun(parts, connection, row, target):
            message = f"it is {target['status']}: that is no longer possible"
            refusal = Refusal(code=RefusalCode.WRONG_STATE, message=message, rule="workflow.state")
        if refusal is not None:
            await _failed(parts, connection, row, refusal)
            return None
        await moved(connection, uid, S.RUNNING)
        await moved(connection, uid, S.SUCCEEDED)
        await _step_is(connection, uid, StepStatus.SUCCEEDED, None)
        await parts.audit.record(connection, trail.by_system(row, AuditOutcome.SUCCEEDED, step=STEP))
        return str(target["uid"])


async def _refusal(parts: Parts, connection: AsyncConnection, row: RowMapping, target: RowMapping) -> Refusal | None:
    """Why it may not begin after all: another drive began meanwhile, or what failed does not fit under the cap."""
    if decode_plan(row["plan"]).steps[0].params["number"] != target["run_number"] + 1:
        message = "it was continued meanwhile"
        return Refusal(code=RefusalCode.PLAN_CHANGED, message=message, rule="plan.changed")
    if target["status"] != S.FAILED.value:
        return None
    asked, actor = decode_asked(target["asked"]), decode_actor(target["actor"])
    if asked.amount is None:
        return None
    await lock(parts.database, connection, asked.customer_uid, actor)
    fresh = await sums(connection, asked.action, actor, asked.customer_uid, asked.amount.currency, now())
    decision = parts.policy.decide(msgspec.structs.replace(asked, sums=fresh))
    return decision.refusals[0] if decision.verdict is Verdict.DENIED else None


async def _begun(parts: Parts, connection: AsyncConnection, row: RowMapping, target: RowMapping) -> bool:
    back = row["action"] == GovernedAction.COMPENSATE.value or target["run_direction"] == "back"
    to = S.COMPENSATING if back and target["status"] != S.FAILED.value else S.RUNNING
    if not await moved(
        connection,
        target["uid"],
        to,
        since=FROM[GovernedAction(row["action"])],
        run=target["run_number"],
        run_number=target["run_number"] + 1,
        run_direction="back" if to is S.COMPENSATING else "forward",
        looks=0,
    ):
        return False
    if target["status"] == S.FAILED.value:
        await take_again(connection, target["uid"], now())
    event = trail.by_system(target, AuditOutcome.INTENT, step=row["action"].lower(), detail={"workflow": row["uid"]})
    await parts.audit.record(connection, event)
    return True


async def _failed(parts: Parts, connection: AsyncConnection, row: RowMapping, refusal: Refusal) -> None:
    code = refusal.rule or refusal.code.value
    failure = WorkflowFailure(step=STEP, system="gateway", code=code, message=refusal.message, retryable=False)
    await moved(connection, row["uid"], S.FAILED, failure=encoded(failure))
    await _step_is(connection, row["uid"], StepStatus.FAILED, refusal.message)
    await parts.audit.record(connection, trail.by_system(row, AuditOutcome.REFUSED, step=STEP, rule=code))


async def _step_is(connection: AsyncConnection, uid: str, status: StepStatus, error: str | None) -> None:
    mine = (workflow_steps.c.workflow_uid == uid) & (workflow_steps.c.name == StepRole.DO.name_of(STEP))
    at = now()
    values = {"status": status.value, "error": error, "started_at": at, "finished_at": at, "attempts": 1}
    await connection.execute(update(workflow_steps).where(mine).values(**values))
