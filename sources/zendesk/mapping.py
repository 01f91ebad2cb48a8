"""Zendesk's words to the canonical ones: pure functions of a shape, the settings and the moment of reading.

MAPPING_VERSION rises whenever the same JSON would give another record.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from sources.canonical.crm import Contact
from sources.canonical.customer import CustomerFlag, CustomerKind, CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.canonical.support import CaseMessage, CasePriority, CaseStatus, SlaMilestone, SupportCase
from sources.zendesk.settings import ZendeskSettings
from sources.zendesk.shapes import (
    Comment,
    CustomStatus,
    NamedUser,
    Organization,
    PolicyMetric,
    Slas,
    Ticket,
    TicketWithFields,
    User,
)

MAPPING_VERSION = 1

ORGANIZATION = "organization"
USER = "user"
END_USER = "end-user"

STATUSES = {
    "new": CaseStatus.NEW,
    "open": CaseStatus.OPEN,
    "pending": CaseStatus.PENDING,
    "hold": CaseStatus.ON_HOLD,
    "solved": CaseStatus.RESOLVED,
    "closed": CaseStatus.CLOSED,
}
PRIORITIES = {
    None: CasePriority.NORMAL,
    "low": CasePriority.LOW,
    "normal": CasePriority.NORMAL,
    "high": CasePriority.HIGH,
    "urgent": CasePriority.URGENT,
}
DONE = frozenset(["solved", "closed"])


def owner_of(organization_id: int | None, requester_id: int | None) -> CustomerRef | None:
    """Whose a ticket is: its organization's, else its requester's."""
    if organization_id is not None:
        return _ref(ORGANIZATION, organization_id)
    return _ref(USER, requester_id) if requester_id is not None else None


@lru_cache(maxsize=1024)  # the tickets of a page have few owners
def _ref(type: str, id: int) -> CustomerRef:
    return CustomerRef(type, str(id))


class Mapper:
    """Makes canonical records for one configured account."""

    def __init__(self, settings: ZendeskSettings, origin: Origin) -> None:
        self.settings = settings
        self.origin = origin
        self._agent = f"{settings.base_url}/agent" if urlsplit(settings.base_url).scheme == "https" else None
        self._tier, self._vip = settings.place("tier"), settings.place("vip")
        self._contact_role = settings.place("contact_role")
        invoices = settings.place("invoice_numbers")
        self._invoices = int(invoices) if invoices else None

    @property
    def reads_fields(self) -> bool:
        """Whether a ticket's fields of the account's own are needed."""
        return self._invoices is not None

    def case(
        self,
        ticket: Ticket,
        users: Mapping[int, NamedUser],
        statuses: Mapping[int, CustomStatus],
        fetched_at: datetime,
    ) -> SupportCase:
        """A ticket. `statuses`: the account's own, by id; a closed ticket keeps that of the time when it was solved.

        closed_at and last_customer_message_at are the metric set's solved_at and requester_updated_at, null where
        none came along. Source: Zendesk, Ticket metrics.
        """
        own = statuses.get(ticket.custom_status_id) if ticket.custom_status_id is not None else None
        metrics, number = ticket.metric_set, str(ticket.id)
        return SupportCase(
            provenance=self.origin.stamp(number, fetched_at, self._url("tickets", ticket.id)),
            at=ticket.created_at,
            customer_ref=owner_of(ticket.organization_id, ticket.requester_id),
            number=number,
            subject=ticket.subject or "",
            description=ticket.description,
            status=STATUSES.get(ticket.status, CaseStatus.OTHER),
            vendor_status=own.agent_label if own and own.status_category == ticket.status else ticket.status,
            priority=PRIORITIES.get(ticket.priority, CasePriority.OTHER),
            channel=ticket.via.channel if ticket.via else None,
            requester=_name(users, ticket.requester_id),
            assignee=_name(users, ticket.assignee_id),
            opened_at=ticket.created_at,
            updated_at=ticket.updated_at,
            closed_at=metrics.solved_at if metrics and ticket.status in DONE else None,
            last_customer_message_at=metrics.requester_updated_at if metrics else None,
            sla_milestones=_milestones(ticket.slas, fetched_at),
            tags=ticket.tags,
            invoice_numbers=self._invoice_numbers(ticket),
        )

    def message(self, comment: Comment, users: Mapping[int, NamedUser]) -> CaseMessage:
        """A comment. It is the customer's where its author is an end user."""
        author = users.get(comment.author_id) if comment.author_id is not None else None
        return CaseMessage(
            record_id=str(comment.id),
            at=comment.created_at,
            author=author.name if author else None,
            from_customer=author is not None and author.role == END_USER,
            public=comment.public,
            text=comment.plain_body if comment.plain_body is not None else comment.body,
        )

    def organization(self, found: Organization) -> CustomerRecord:
        """An organization as a customer. Zendesk knows no parent and no address."""
        own = found.organization_fields or {}
        field = self.settings.customer_field
        return CustomerRecord(
            ref=CustomerRef(ORGANIZATION, str(found.id)),
            number=_text(own.get(field)) if field else _text(found.external_id),
            name=found.name,
            kind=CustomerKind.ORGANIZATION,
            tier=_text(own.get(self._tier)) if self._tier else None,
            flags=self._flags(own),
            domains=found.domain_names,
            created_at=found.created_at,
            updated_at=found.updated_at,
            url=self._url("organizations", found.id),
        )

    def person(self, user: User) -> CustomerRecord:
        """A user as a customer of its own."""
        own = user.user_fields or {}
        field = self.settings.person_field
        return CustomerRecord(
            ref=CustomerRef(USER, str(user.id)),
            number=_text(own.get(field)) if field else _text(user.external_id),
            name=user.name,
            kind=CustomerKind.PERSON,
            tier=_text(own.get(self._tier)) if self._tier else None,
            flags=self._flags(own),
            emails=(user.email,) if user.email else (),
            phones=(user.phone,) if user.phone else (),
            created_at=user.created_at,
            updated_at=user.updated_at,
            deleted=not user.active,
            url=self._url("users", user.id),
        )

    def contact(self, user: User, fetched_at: datetime, customer: CustomerRef | None = None) -> Contact:
        """An end user as a contact: of `customer` where that is known, else of its default organization."""
        own = user.user_fields or {}
        organization = CustomerRef(ORGANIZATION, str(user.organization_id)) if user.organization_id else None
        return Contact(
            provenance=self.origin.stamp(str(user.id), fetched_at, self._url("users", user.id)),
            at=user.created_at,
            customer_ref=customer or organization or CustomerRef(USER, str(user.id)),
            name=user.name,
            email=user.email,
            phone=user.phone,
            role=_text(own.get(self._contact_role)) if self._contact_role else None,
        )

    def case_url(self, case_id: str) -> str | None:
        """The page on which an agent sees the case."""
        return self._url("tickets", int(case_id))

    def _flags(self, own: Mapping[str, object]) -> tuple[CustomerFlag, ...] | None:
        if self._vip is None or not isinstance(own.get(self._vip), bool):
            return None
        return (CustomerFlag.VIP,) if own[self._vip] else ()

    def _invoice_numbers(self, ticket: Ticket) -> tuple[str, ...]:
        for field in ticket.custom_fields if isinstance(ticket, TicketWithFields) else ():
            if field.id == self._invoices and isinstance(field.value, str):
                return tuple(dict.fromkeys(field.value.replace(",", " ").split()))
        return ()

    def _url(self, kind: str, record_id: int) -> str | None:
        return f"{self._agent}/{kind}/{record_id}" if self._agent else None


def _name(users: Mapping[int, NamedUser], user_id: int | None) -> str | None:
    user = users.get(user_id) if user_id is not None else None
    return user.name if user else None


def _text(value: object) -> str | None:
    """The text of a field; None for what is unset, empty or no text."""
    return value.strip() or None if isinstance(value, str) else None


def _milestones(slas: Slas | None, now: datetime) -> tuple[SlaMilestone, ...] | None:
    if slas is None:
        return None
    return tuple(
        [
            SlaMilestone(name=metric.metric, due_at=metric.breach_at, breached=_breached(metric, now))
            for metric in slas.policy_metrics
        ]
    )


def _breached(metric: PolicyMetric, now: datetime) -> bool:
    """What is left is a negative number once it is past; breach_at may be null."""
    left = next((left for left in (metric.minutes, metric.hours, metric.days) if left is not None), 0)
    running_late = metric.stage == "active" and metric.breach_at is not None and metric.breach_at < now
    return left < 0 or running_late
