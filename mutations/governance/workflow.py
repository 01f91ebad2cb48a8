"""A workflow: one governed mutation from its request to its end. Its states, and which may follow which."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import msgspec

from mutations.governance.plan import GovernedAction, WorkflowPlan
from sources.canonical.money import Money
from sources.canonical.sensitivity import Financial, Hidden, Sensitivity, classified


class WorkflowStatus(Enum):
    """Where a workflow stands."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    """Somebody else must approve it."""
    APPROVED = "APPROVED"
    """It may run, and will at once."""
    RUNNING = "RUNNING"
    """Its steps are being carried out."""
    SETTLING = "SETTLING"
    """All steps are done; a vendor's state is not final yet."""
    SUCCEEDED = "SUCCEEDED"
    """All steps are done, and every vendor's state is final."""
    FAILED = "FAILED"
    """Refused before anything was done."""
    REJECTED = "REJECTED"
    """A person said no."""
    EXPIRED = "EXPIRED"
    """Nobody approved it in time."""
    CANCELED = "CANCELED"
    """Called off before it ran."""
    COMPENSATING = "COMPENSATING"
    """What was done is being undone."""
    COMPENSATED = "COMPENSATED"
    """What was done is undone."""
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    """A vendor did not tell whether a step was done; it will be asked."""
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    """A person must look: it can go neither on nor back by itself."""


S = WorkflowStatus
TRANSITIONS: Mapping[WorkflowStatus, frozenset[WorkflowStatus]] = {
    S.AWAITING_APPROVAL: frozenset({S.APPROVED, S.REJECTED, S.EXPIRED, S.CANCELED}),
    S.APPROVED: frozenset({S.RUNNING, S.AWAITING_APPROVAL, S.CANCELED, S.FAILED, S.COMPENSATING}),
    S.RUNNING: frozenset(
        {S.SETTLING, S.SUCCEEDED, S.FAILED, S.COMPENSATING, S.OUTCOME_UNKNOWN, S.NEEDS_ATTENTION, S.AWAITING_APPROVAL}
    ),
    S.SETTLING: frozenset({S.SUCCEEDED, S.COMPENSATING, S.NEEDS_ATTENTION, S.OUTCOME_UNKNOWN}),
    S.COMPENSATING: frozenset({S.COMPENSATED, S.NEEDS_ATTENTION, S.OUTCOME_UNKNOWN}),
    S.OUTCOME_UNKNOWN: frozenset({S.RUNNING, S.COMPENSATING, S.NEEDS_ATTENTION, S.SETTLING, S.SUCCEEDED}),
    S.NEEDS_ATTENTION: frozenset({S.RUNNING, S.COMPENSATING}),
    S.FAILED: frozenset({S.RUNNING}),
    S.SUCCEEDED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
    S.CANCELED: frozenset(),
    S.COMPENSATED: frozenset(),
}
"""Which state may follow which; every change is made by compare-and-set, so that two never both win."""

FINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)


class StepStatus(Enum):
    """Where a step stands."""

    PENDING = "PENDING"
    """Not begun."""
    RUNNING = "RUNNING"
    """Being done."""
    SUCCEEDED = "SUCCEEDED"
    """Done."""
    FAILED = "FAILED"
    """Refused; nothing was done."""
    UNKNOWN = "UNKNOWN"
    """Sent, and not known whether it was done."""
    COMPENSATED = "COMPENSATED"
    """Done and undone."""
    SKIPPED = "SKIPPED"
    """Not needed."""


class ApprovalDecision(Enum):
    """What a person decided."""

    APPROVED = "APPROVED"
    """Yes."""
    REJECTED = "REJECTED"
    """No."""


@classified(Sensitivity.INTERNAL)
class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A person's decision, bound to the plan that was shown."""

    role: str
    """The role by which the person could decide."""
    decision: ApprovalDecision
    """What was decided."""
    by: str
    """Who decided."""
    at: datetime
    """When."""
    comment: str | None = None
    """Why."""
    plan_hash: str
    """The plan that was shown."""


@classified(Sensitivity.INTERNAL)
class WorkflowStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step as it was carried out."""

    name: str
    """Its name, as in the plan."""
    system: str
    """The configured name of the system that it changes."""
    status: StepStatus
    """Where it stands."""
    attempts: int
    """How often it was sent."""
    started_at: datetime | None = None
    """When it was first sent."""
    finished_at: datetime | None = None
    """When its outcome was known."""
    external_id: str | None = None
    """The record that it made, by the vendor's id."""
    external_url: str | None = None
    """That record in the vendor's user interface."""
    error: str | None = None
    """What went wrong, where something did."""


@classified(Sensitivity.INTERNAL)
class WorkflowFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a workflow did not succeed."""

    step: str
    """The step that stopped it."""
    system: str
    """That step's system."""
    code: str
    """The kind of failure, e.g. SOURCE_REFUSED."""
    message: str
    """What went wrong."""
    retryable: bool
    """Whether running it on may help."""


@classified(Sensitivity.INTERNAL)
class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """One governed mutation, from its request to its end."""

    uid: Hidden[str]
    action: GovernedAction
    """What was asked for."""
    status: WorkflowStatus
    """Where it stands."""
    amount: Financial[Money | None] = None
    """The amount that was asked for."""
    reason: str | None = None
    """Why it was asked for."""
    requested_by: str
    """Who asked."""
    requested_at: datetime
    """When."""
    updated_at: datetime
    """When it last changed."""
    idempotency_key: str | None = None
    """The caller's key; shown to who asked, and to auditors."""
    correlation_id: str
    """The request that it came from, as in logs, and in headers to the sources."""
    plan: WorkflowPlan
    """What was planned."""
    approvals: tuple[Approval, ...] = ()
    """Who decided what."""
    steps: tuple[WorkflowStep, ...] = ()
    """What was done."""
    failure: WorkflowFailure | None = None
    """Why it did not succeed, where it did not."""
    expires_at: datetime | None = None
    """Until when it can be approved."""
    customer_uid: Hidden[str | None] = None
    requester_issuer: Hidden[str] = ""
    target_uid: Hidden[str | None] = None  # of REPLAY and COMPENSATE: the workflow that they are about


class IdempotencyOutcome(Enum):
    """What became of the idempotency key."""

    ACCEPTED = "ACCEPTED"
    """This request made the workflow."""
    REPLAYED = "REPLAYED"
    """An earlier one did, and here is its present state."""
    CONFLICT = "CONFLICT"
    """The key was used for another input; nothing was done."""
    REFUSED = "REFUSED"
    """Nothing was done, and the key is not consumed."""
