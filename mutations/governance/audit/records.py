"""An event of the audit log as it is read, and how it is asked for."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from mutations.governance.audit.events import AuditOutcome
from sources.canonical.sensitivity import Hidden, Sensitivity, classified


class BadPosition(ValueError):
    """A position that no page of the log has given."""


@classified(Sensitivity.INTERNAL)
class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit log: who asked, decided, did, or looked at what, and what became of it."""

    uid: Hidden[str]
    sequence: str | None = None
    """Its place in the chain, counted from 1; null until it is chained, a second or so after it was recorded."""
    at: datetime
    """When."""
    actor: str
    """The subject of who asked, as its token says; "system" for the gateway itself."""
    issuer: str
    """Who vouches for the actor: the issuer of its token."""
    action: str
    """What it was about, as a stable word, e.g. "issueCredit" or "read"."""
    outcome: AuditOutcome
    """What became of it."""
    customer_uids: Hidden[tuple[str, ...]] = ()
    workflow_uid: Hidden[str | None] = None
    correlation_id: str
    """The request that it came from, as in logs, and in headers to the sources."""
    operation: str | None = None
    """The GraphQL operation: its name, or the hash of its document."""
    classes: tuple[Sensitivity, ...] = ()
    """The classes of what was looked at."""
    system: str | None = None
    """The configured name of the system that it concerns."""
    external_id: str | None = None
    """The record in that system, by the vendor's id."""
    rule: str | None = None
    """The stable name of the rule that decided."""
    policy_version: str | None = None
    """The policy that was in force, by the hash of its texts."""
    digest: str | None = None
    """SHA-256 of this entry with the one before, in hexadecimal; null until it is chained."""
    previous_digest: str | None = None
    """The digest of the entry before; null until it is chained."""


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events. What is None does not limit; all that is given must hold."""

    customer_uid: str | None = None
    customer_uids: frozenset[str] | None = None  # of any of these; what row limits come to
    workflow_uid: str | None = None
    actor: str | None = None
    action: str | None = None
    classes: frozenset[Sensitivity] | None = None  # any of them
    system: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None  # inclusive
    until: datetime | None = None  # exclusive
    outcomes: frozenset[AuditOutcome] | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """Events, newest first; with each the position after which the next page begins."""

    events: Sequence[AuditEvent]
    positions: Sequence[str]
    has_next: bool
