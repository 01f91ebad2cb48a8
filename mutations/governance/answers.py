"""What the facade answers, and what it can be asked for in lists."""

from datetime import datetime

import msgspec

from mutations.governance.plan import GovernedAction, Verdict
from mutations.governance.refusals import Refusal
from mutations.governance.workflow import IdempotencyOutcome, Workflow, WorkflowStatus
from sources.canonical.actor import Actor, RowLimit
from sources.canonical.money import Money
from sources.canonical.sensitivity import Sensitivity, classified


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request."""

    workflow: Workflow | None
    idempotency: IdempotencyOutcome
    refusals: tuple[Refusal, ...] = ()


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an approval, a rejection, a cancellation, a replay or a compensation."""

    workflow: Workflow | None
    refusals: tuple[Refusal, ...] = ()


@classified(Sensitivity.INTERNAL)
class ActionAvailability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the viewer may do something for a customer, before the click."""

    action: GovernedAction
    """What could be asked for."""
    verdict: Verdict
    """Whether it may be done at all; the amount may ask for more."""
    reasons: tuple[str, ...]
    """The rules that say so."""
    limit: Money | None = None
    """Up to how much without approval, in the currency that was asked about."""
    approver_roles: tuple[str, ...] = ()
    """Who could approve more."""


class WorkflowQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which workflows; what is None or empty does not limit.

    `awaiting`: those that this actor could approve now. `rows.customers` holds uids or customer numbers.
    """

    statuses: frozenset[WorkflowStatus] = frozenset()
    actions: frozenset[GovernedAction] = frozenset()
    customer_uids: frozenset[str] | None = None
    awaiting: Actor | None = None
    older_than_seconds: int | None = None
    correlation_id: str | None = None
    rows: RowLimit = RowLimit()


class WorkflowPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of workflows, newest first, `cursors` beside them. `total` is None where it was not counted."""

    workflows: tuple[Workflow, ...]
    cursors: tuple[str, ...]
    has_next: bool
    total: int | None = None


class Glance(msgspec.Struct, frozen=True):
    """Where a workflow stands, cheaply. `version` counts its changes."""

    status: WorkflowStatus
    updated_at: datetime
    version: int


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a workflow made, by its step and the vendor's id."""

    step: str
    source_uid: str
    record_id: str
    kind: str | None = None  # the canonical record's name, where the mutation says so
