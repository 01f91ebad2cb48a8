"""What a mutation answers. A refusal is data, never an error."""

import msgspec

from mutations.governance.graph.types import WorkflowType
from mutations.governance.refusals import Refusal, Refused
from mutations.governance.workflow import IdempotencyOutcome, Workflow
from resolvers.exposure import exposed, field, grow
from sources.canonical.sensitivity import Hidden, Sensitivity, classified


@classified(Sensitivity.INTERNAL)
class GovernedPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request for a write.

    A refusal is data: the mutation was understood and a rule said no. Then nothing was written anywhere but the audit
    log, and the key is not consumed.
    """

    found: Hidden[Workflow | None] = None
    idempotency: IdempotencyOutcome
    """What became of the idempotency key."""
    refusals: tuple[Refusal, ...] = ()
    """Why nothing was done, where nothing was."""


@classified(Sensitivity.INTERNAL)
class WorkflowPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a decision about a workflow."""

    found: Hidden[Workflow | None] = None
    refusals: tuple[Refusal, ...] = ()
    """Why nothing was done, where nothing was."""


def not_requested(refused: Refused) -> GovernedPayload:
    """The answer where nothing was even asked of the rules."""
    return GovernedPayload(idempotency=IdempotencyOutcome.REFUSED, refusals=refused.refusals)


def workflow(self: GovernedPayload | WorkflowPayload) -> Workflow | None:
    return self.found


GovernedPayloadType = exposed(GovernedPayload)
WorkflowPayloadType = exposed(WorkflowPayload)
grow(GovernedPayloadType, workflow=field(workflow, WorkflowType | None, "The workflow in its present state."))
grow(WorkflowPayloadType, workflow=field(workflow, WorkflowType | None, "The workflow in its present state."))
