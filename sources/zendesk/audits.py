"""Zendesk's JSON of updates, as far as we read it. Source: Zendesk Support API, Ticket audits; Update ticket."""

from typing import Any

import msgspec

from sources.zendesk.shapes import Meta


class AuditMetadata(msgspec.Struct, frozen=True):
    """What came along with an update: `custom` is what its sender put there."""

    custom: dict[str, Any] | None = None


class AuditEvent(msgspec.Struct, frozen=True):
    """One thing that an update did. Only of a comment are more than the type told here."""

    type: str
    id: int | None = None
    public: bool | None = None
    body: str | None = None


class Audit(msgspec.Struct, frozen=True):
    """One update of a ticket. Source: Zendesk, Ticket audits."""

    id: int
    events: tuple[AuditEvent, ...]
    metadata: AuditMetadata | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """A page of a ticket's updates."""

    audits: tuple[Audit, ...]
    meta: Meta


class UpdatedTicket(msgspec.Struct, frozen=True):
    """The answer to an update: what it did. No audit: it changed nothing."""

    audit: Audit | None = None
