"""The mutations that decide about a workflow: approve, reject, cancel, replay, compensate."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import strawberry
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from mutations.governance.answers import Decided
from mutations.governance.graph.context import GovernedContext, governed
from mutations.governance.graph.inputs import (
    Comment,
    IdempotencyKey,
    OptionalComment,
    WorkflowId,
    checked_key,
    record_of,
    required_text,
    text,
)
from mutations.governance.graph.payloads import WorkflowPayload, WorkflowPayloadType
from mutations.governance.refusals import RefusalCode, Refused, refused
from resolvers.connections import UNSET
from resolvers.exposure import field

ShownPlan = Annotated[str, strawberry.argument(description="The `hash` of the plan that was shown to you.")]


async def approve_workflow(
    info: Info[Any, Any], id: WorkflowId, plan_hash: ShownPlan, comment: OptionalComment = UNSET
) -> WorkflowPayload:
    async def approve(shared: GovernedContext, uid: str) -> Decided:
        return await shared.governance.approve(
            shared.actor, uid, plan_hash, text(comment, "comment"), shared.correlation_id
        )

    return await decided(info, id, approve)


async def reject_workflow(info: Info[Any, Any], id: WorkflowId, comment: Comment) -> WorkflowPayload:
    async def reject(shared: GovernedContext, uid: str) -> Decided:
        why = required_text(comment, "comment")
        return await shared.governance.reject(shared.actor, uid, why, shared.correlation_id)

    return await decided(info, id, reject)


async def cancel_workflow(info: Info[Any, Any], id: WorkflowId, comment: Comment) -> WorkflowPayload:
    async def cancel(shared: GovernedContext, uid: str) -> Decided:
        why = required_text(comment, "comment")
        return await shared.governance.cancel(shared.actor, uid, why, shared.correlation_id)

    return await decided(info, id, cancel)


async def replay_workflow(
    info: Info[Any, Any], id: WorkflowId, comment: Comment, idempotency_key: IdempotencyKey
) -> WorkflowPayload:
    async def replay(shared: GovernedContext, uid: str) -> Decided:
        why, key = required_text(comment, "comment"), checked_key(idempotency_key)
        return await shared.governance.replay(shared.actor, uid, why, key, shared.correlation_id)

    return await decided(info, id, replay)


async def compensate_workflow(
    info: Info[Any, Any], id: WorkflowId, comment: Comment, idempotency_key: IdempotencyKey
) -> WorkflowPayload:
    async def compensate(shared: GovernedContext, uid: str) -> Decided:
        why, key = required_text(comment, "comment"), checked_key(idempotency_key)
        return await shared.governance.compensate(shared.actor, uid, why, key, shared.correlation_id)

    return await decided(info, id, compensate)


async def decided(
    info: Info[Any, Any], global_id: str, decide: Callable[[GovernedContext, str], Awaitable[Decided]]
) -> WorkflowPayload:
    """What became of a decision about a workflow that the viewer may see."""
    shared = governed(info)
    try:
        uid = record_of(global_id, "Workflow", "id").id
        if await shared.workflow(uid) is None:
            message = "there is no such workflow among those that you may see"
            raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="workflow.unknown", field="id")
        answer = await decide(shared, uid)
    except Refused as refusal:
        return WorkflowPayload(refusals=refusal.refusals)
    return WorkflowPayload(found=answer.workflow, refusals=answer.refusals)


DECISIONS: Mapping[str, StrawberryField] = {
    "approve_workflow": field(
        approve_workflow,
        WorkflowPayloadType,
        "Approve what another person asked for, as its plan was shown to you. Approving twice is approving once.",
    ),
    "reject_workflow": field(reject_workflow, WorkflowPayloadType, "Say no to what another person asked for."),
    "cancel_workflow": field(cancel_workflow, WorkflowPayloadType, "Call off what has not begun to run."),
    "replay_workflow": field(
        replay_workflow,
        WorkflowPayloadType,
        "Run a workflow that did not succeed on from the step that stopped it; a step whose outcome is unknown is"
        " looked up first. Another person must approve it.",
    ),
    "compensate_workflow": field(
        compensate_workflow,
        WorkflowPayloadType,
        "Undo what a workflow that did not succeed has done so far. Another person must approve it.",
    ),
}
