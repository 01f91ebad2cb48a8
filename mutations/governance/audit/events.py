"""What the audit log holds: an event for each thing that was asked, decided, done, or looked at."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from sources.canonical.sensitivity import Sensitivity


class AuditOutcome(Enum):
    """What became of it."""

    INTENT = "INTENT"
    """It is about to be done."""
    ALLOWED = "ALLOWED"
    """The policy allowed it."""
    REFUSED = "REFUSED"
    """It was refused."""
    APPROVED = "APPROVED"
    """A person approved it."""
    REJECTED = "REJECTED"
    """A person rejected it."""
    SUCCEEDED = "SUCCEEDED"
    """It was done."""
    FAILED = "FAILED"
    """It was not done."""
    UNKNOWN = "UNKNOWN"
    """It is not known whether it was done."""
    COMPENSATED = "COMPENSATED"
    """It was undone."""
    READ = "READ"
    """It was looked at."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, before it has its place in the chain.

    `action`: a stable word such as "issueCredit", "issueCredit.erp_draft", "read", "policy.switch". `detail` may hold
    personal data (a comment, a name): it is kept apart under a salted commitment, so that it can be erased.
    """

    at: datetime
    actor: str  # the token's subject; "system" for the gateway itself
    issuer: str
    action: str
    outcome: AuditOutcome
    customers: tuple[str, ...] = ()  # uids
    workflow_uid: str | None = None
    correlation_id: str
    operation: str | None = None  # the GraphQL operation's name or hash
    classes: tuple[Sensitivity, ...] = ()
    system: str | None = None
    external_id: str | None = None
    rule: str | None = None
    policy_version: str | None = None
    detail: Mapping[str, Any] = {}
