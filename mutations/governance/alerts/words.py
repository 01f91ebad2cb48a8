"""An alert: what happened to which workflow, and which roles are told."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import msgspec


class AlertKind(Enum):
    """What happened."""

    APPROVAL_WAITING = "APPROVAL_WAITING"
    """A workflow waits for a person's approval."""
    EXPIRED = "EXPIRED"
    """Nobody approved it in time."""
    DELAYED = "DELAYED"
    """It takes longer than it should, and goes on by itself."""
    STUCK = "STUCK"
    """It has not moved for too long."""
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    """A vendor did not tell whether a step was done."""
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    """It can go neither on nor back by itself."""
    STEP_LEFT_OUT = "STEP_LEFT_OUT"
    """A step failed that the workflow can do without; it went on."""
    SETTLEMENT_FAILED = "SETTLEMENT_FAILED"
    """What a vendor had accepted failed later on, and is being taken back."""


TOLD: Mapping[AlertKind, tuple[str, ...]] = {
    AlertKind.APPROVAL_WAITING: ("finance_approver",),
    AlertKind.EXPIRED: ("finance_approver",),
    AlertKind.DELAYED: ("finance_approver",),
    AlertKind.STUCK: ("finance_approver", "platform_admin"),
    AlertKind.OUTCOME_UNKNOWN: ("finance_approver",),
    AlertKind.NEEDS_ATTENTION: ("finance_approver",),
    AlertKind.STEP_LEFT_OUT: ("support_lead",),
    AlertKind.SETTLEMENT_FAILED: ("finance_approver",),
}
"""Who is told, where the alert names no roles."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told. The message has no amounts and no personal data: it leaves the house.

    `occasion` tells one time from another, e.g. the number of the run: of one kind, workflow and occasion each role is
    told once, however often it is raised.
    """

    kind: AlertKind
    message: str
    at: datetime
    workflow_uid: str | None = None
    occasion: str = ""
    roles: tuple[str, ...] = ()


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """One alert for one role, as it is delivered. `uid` is the same at each delivery, so that receivers can tell."""

    uid: str
    kind: AlertKind
    role: str
    workflow_uid: str | None
    message: str
    at: datetime
    attempt: int  # 1, 2, …
