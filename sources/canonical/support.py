"""Support: cases, their messages and service levels."""

from datetime import datetime
from enum import Enum

import msgspec

from sources.canonical.provenance import Listed
from sources.canonical.sensitivity import Hidden, Personal, Sensitivity, classified


class CaseStatus(Enum):
    """Where a case stands; a vendor's status without an equal is OTHER."""

    NEW = "NEW"
    """Nobody has looked at it yet."""
    OPEN = "OPEN"
    """Somebody works on it."""
    PENDING = "PENDING"
    """It waits for the customer."""
    ON_HOLD = "ON_HOLD"
    """It waits for a third party."""
    RESOLVED = "RESOLVED"
    """Solved; the customer may reopen it."""
    CLOSED = "CLOSED"
    """Final."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


class CasePriority(Enum):
    """How urgent a case is."""

    LOW = "LOW"
    """Can wait."""
    NORMAL = "NORMAL"
    """The usual priority, also where the vendor has none set."""
    HIGH = "HIGH"
    """Before others."""
    URGENT = "URGENT"
    """Now."""
    OTHER = "OTHER"
    """A priority of the vendor's that has no equal here."""


@classified(Sensitivity.INTERNAL)
class SlaMilestone(msgspec.Struct, frozen=True, kw_only=True):
    """One promise of the service level agreement for a case."""

    name: str
    """The metric that is promised, e.g. first_reply_time."""
    due_at: datetime | None = None
    """By when it is promised."""
    completed_at: datetime | None = None
    """When it was kept."""
    breached: bool
    """True where it was due and not kept in time."""


@classified(Sensitivity.INTERNAL)
class CaseMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message or note of a case."""

    record_id: Hidden[str]
    at: datetime
    """When it was written."""
    author: Personal[str | None] = None
    """Who wrote it."""
    from_customer: bool
    """True where the customer's side wrote it."""
    public: bool
    """False for a note that only agents see."""
    text: Personal[str | None] = None
    """The text, without mark-up."""


@classified(Sensitivity.INTERNAL)
class SupportCase(Listed, frozen=True, kw_only=True):
    """A request for help, with its status and its promises."""

    number: str
    """The number that the customer was told."""
    subject: str
    """What it is about, in a line."""
    description: str | None = None
    """What the customer wrote first."""
    status: CaseStatus
    """Where the case stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    priority: CasePriority
    """How urgent it is."""
    channel: str | None = None
    """How it came in, e.g. email."""
    requester: Personal[str | None] = None
    """Who asked."""
    assignee: str | None = None
    """The agent who has it."""
    opened_at: datetime
    """When it was opened."""
    updated_at: datetime | None = None
    """When it last changed."""
    closed_at: datetime | None = None
    """When it was solved or closed."""
    last_customer_message_at: datetime | None = None
    """When the customer last wrote."""
    sla_milestones: tuple[SlaMilestone, ...] | None = None
    """What the service level promises; null where the source does not tell, which is not "no breach"."""
    escalated: bool | None = None
    """True where it was escalated."""
    tags: tuple[str, ...] = ()
    """The labels that agents or rules put on it."""
    invoice_numbers: Hidden[tuple[str, ...]] = ()
