"""What a governed mutation would do: its steps with their amounts, the verdict, the approvals, and a hash of it all."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from mutations.governance.refusals import Refusal
from sources.canonical.money import Money
from sources.canonical.sensitivity import Financial, Hidden, Sensitivity, classified


class GovernedAction(Enum):
    """What can be asked for."""

    ISSUE_CREDIT = "ISSUE_CREDIT"
    """Give a customer a credit."""
    REFUND_PAYMENT = "REFUND_PAYMENT"
    """Give back what was paid."""
    LINK_IDENTITY = "LINK_IDENTITY"
    """Say that a record is a customer's."""
    UNLINK_IDENTITY = "UNLINK_IDENTITY"
    """Say that a record is not a customer's."""
    REPLAY = "REPLAY"
    """Run a failed workflow on."""
    COMPENSATE = "COMPENSATE"
    """Undo what a failed workflow has done."""


class Verdict(Enum):
    """What the policy says."""

    ALLOWED = "ALLOWED"
    """It may run at once."""
    NEEDS_APPROVAL = "NEEDS_APPROVAL"
    """It may run when others have approved it."""
    DENIED = "DENIED"
    """It may not run."""


class Reversibility(Enum):
    """Whether a step can be taken back."""

    REVERSIBLE = "REVERSIBLE"
    """Undone without a trace in the books, such as a draft."""
    VOIDABLE = "VOIDABLE"
    """Countered by a document of its own."""
    IRREVERSIBLE = "IRREVERSIBLE"
    """Not taken back."""


@classified(Sensitivity.INTERNAL)
class ApprovalRequirement(msgspec.Struct, frozen=True, kw_only=True):
    """Who must approve: so many persons, each with one of the roles."""

    roles: tuple[str, ...]
    """Any of these."""
    count: int
    """How many persons."""
    reason: str
    """The rule that asks for it."""


@classified(Sensitivity.INTERNAL)
class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step, in one system."""

    name: str
    """Its name, stable within the action."""
    system: str
    """The configured name of the system that it changes."""
    effect: str
    """What it does, in a sentence without amounts or personal data."""
    amount: Financial[Money | None] = None
    """The amount that it moves."""
    reversibility: Reversibility
    """Whether it can be taken back."""
    source: Hidden[str]  # the uid of the system
    params: Hidden[Mapping[str, Any]] = {}  # ids, dates and minor units as JSON: all that the step needs to run


@classified(Sensitivity.INTERNAL)
class WorkflowPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a governed mutation would do, before anyone does it."""

    hash: str
    """The command, its steps with amounts, the verdict, the approvals and the policy's version, as one word.

    It is worked out again when the plan is carried out: another hash is PLAN_CHANGED.
    """
    verdict: Verdict
    """What the policy says."""
    refusals: tuple[Refusal, ...] = ()
    """Why not, where it is denied."""
    approvals: tuple[ApprovalRequirement, ...] = ()
    """Who must approve."""
    steps: tuple[PlannedStep, ...] = ()
    """What would be done, in this order."""
    valid_until: datetime
    """Until when an approval of it counts."""


def plan_hash(
    fingerprint: str,
    steps: tuple[PlannedStep, ...],
    verdict: Verdict,
    approvals: tuple[ApprovalRequirement, ...],
    policy_version: str,
) -> str:
    """The hash of a plan. Facts enter only through the steps and the verdict: an unrelated payment voids nothing."""
    told = (fingerprint, steps, verdict, approvals, policy_version)
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()
