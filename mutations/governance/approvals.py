"""Whose approvals count for a plan, and which are still wanted."""

from collections.abc import Iterable, Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.plan import ApprovalRequirement
from mutations.governance.records import decode_asked, decode_plan
from mutations.governance.refusals import Refusal
from mutations.governance.seams import Parts
from mutations.governance.tables import workflow_approvals as approvals
from mutations.governance.workflow import ApprovalDecision
from sources.canonical.actor import Actor


async def given(connection: AsyncConnection, uid: str, plan_hash: str) -> Sequence[RowMapping]:
    """What was decided about a plan, in order. What was decided about an earlier plan is void."""
    query = select(approvals).where(approvals.c.workflow_uid == uid, approvals.c.plan_hash == plan_hash)
    return (await connection.execute(query.order_by(approvals.c.id))).mappings().all()


def missing(requirements: Iterable[ApprovalRequirement], decided: Sequence[RowMapping]) -> list[ApprovalRequirement]:
    """The requirements that are not met yet. One person's approval counts for one of them."""
    wanted = list(requirements)
    left = [requirement.count for requirement in wanted]
    for row in decided:
        if row["decision"] == ApprovalDecision.APPROVED.value:
            met = (at for at, each in enumerate(wanted) if left[at] > 0 and row["role"] in each.roles)
            if (at := next(met, None)) is not None:
                left[at] -= 1
    return [each for at, each in enumerate(wanted) if left[at] > 0]


def role_of(parts: Parts, row: RowMapping, wanted: Sequence[ApprovalRequirement], actor: Actor) -> str | Refusal:
    """The role by which an actor may decide about a workflow; else why not."""
    asked = decode_asked(row["asked"])
    answers = [parts.policy.approver_role(asked, requirement, actor) for requirement in wanted]
    return next((answer for answer in answers if isinstance(answer, str)), answers[0])


async def may_approve(parts: Parts, connection: AsyncConnection, row: RowMapping, actor: Actor) -> bool:
    """Whether an actor could approve a workflow, given by its row, now."""
    decided = await given(connection, row["uid"], row["plan_hash"])
    if any((each["issuer"], each["subject"]) == (actor.issuer, actor.subject) for each in decided):
        return False
    wanted = missing(decode_plan(row["plan"]).approvals, decided)
    return bool(wanted) and isinstance(role_of(parts, row, wanted, actor), str)
