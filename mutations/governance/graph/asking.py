"""How every field of a mutation asks: the input becomes a command, that a plan or a workflow, and that an answer."""

from typing import Any

from strawberry.types import Info

from mutations.governance.graph.context import GovernedContext, governed
from mutations.governance.graph.inputs import Make, checked_key, checked_wait
from mutations.governance.graph.payloads import GovernedPayload, not_requested
from mutations.governance.plan import GovernedAction, WorkflowPlan
from mutations.governance.refusals import Refused
from mutations.governance.workflow import Workflow
from resolvers.connections import given

LOCAL_WAIT_SECONDS = 5  # for what changes our own tables alone: it is done in milliseconds, or something is wrong


async def planned(info: Info[Any, Any], action: GovernedAction, make: Make) -> WorkflowPlan:
    """What would be done. Input that can never be right is a denied plan: a refusal is data."""
    shared = governed(info)
    try:
        command = await make(shared)
    except Refused as refused:
        return shared.governance.denied(refused.refusals)
    return await shared.governance.plan(shared.actor, shared.mutations[action], command)


async def requested(
    info: Info[Any, Any],
    action: GovernedAction,
    make: Make,
    *,
    idempotency_key: str,
    plan_hash: str | None = None,
    wait_seconds: int | None = 0,
) -> GovernedPayload:
    """What became of the request, after waiting for it as long as was asked."""
    shared = governed(info)
    try:
        key, seconds = checked_key(idempotency_key), checked_wait(wait_seconds)
        command = await make(shared)
    except Refused as refused:
        await shared.governance.turned_away(shared.actor, action, refused.refusals, shared.correlation_id)
        return not_requested(refused)
    answer = await shared.governance.request(
        shared.actor,
        shared.mutations[action],
        command,
        idempotency_key=key,
        plan_hash=given(plan_hash),
        correlation_id=shared.correlation_id,
    )
    return GovernedPayload(
        found=await waited_for(shared, answer.workflow, seconds),
        idempotency=answer.idempotency,
        refusals=answer.refusals,
    )


async def waited_for(shared: GovernedContext, workflow: Workflow | None, seconds: float) -> Workflow | None:
    """The workflow as it is when it has come to rest, or after so many seconds."""
    if workflow is None or not seconds:
        return workflow
    uid = workflow.uid
    return await shared.recess(lambda: shared.governance.wait(uid, seconds)) or workflow
