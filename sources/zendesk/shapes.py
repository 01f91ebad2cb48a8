"""Zendesk's JSON, as far as we read it. Source: Zendesk Support API reference; unknown fields are ignored.

A field without a default is promised by the vendor: where it is missing, the answer is malformed. An answer is a tree,
so no collector need look at it.
"""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec


class Meta(msgspec.Struct, frozen=True, gc=False):
    """Of a cursor page. `has_more` alone ends a list: the last page still has a cursor."""

    has_more: bool
    after_cursor: str | None = None


class Organization(msgspec.Struct, frozen=True, gc=False):
    """A company, as support knows it."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    external_id: str | None = None
    domain_names: tuple[str, ...] = ()
    organization_fields: dict[str, Any] | None = None


class User(msgspec.Struct, frozen=True, gc=False):
    """An end user, an agent or an admin."""

    id: int
    name: str
    role: str
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    phone: str | None = None
    organization_id: int | None = None
    external_id: str | None = None
    active: bool = True
    user_fields: dict[str, Any] | None = None


class NamedUser(msgspec.Struct, frozen=True, gc=False):
    """Of a user that comes along with tickets or comments: the name and the role."""

    id: int
    name: str
    role: str


class Via(msgspec.Struct, frozen=True, gc=False):
    """How a ticket came in. The channels are an open set."""

    channel: str | None = None


class CustomField(msgspec.Struct, frozen=True, gc=False):
    """The value of a ticket field of the account's own."""

    id: int
    value: Any = None


class PolicyMetric(msgspec.Struct, frozen=True, gc=False):
    """A promise. Exactly one of the three numbers is there; negative once it is past."""

    metric: str
    stage: str | None = None
    breach_at: datetime | None = None
    minutes: int | None = None
    hours: int | None = None
    days: int | None = None


class Slas(msgspec.Struct, frozen=True, gc=False):
    """The promises for a ticket; empty where no policy applies."""

    policy_metrics: tuple[PolicyMetric, ...]


class MetricSet(msgspec.Struct, frozen=True, gc=False):
    """When things last happened to a ticket."""

    solved_at: datetime | None = None
    requester_updated_at: datetime | None = None


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """A case. With statuses of the account's own, `status` is the category of `custom_status_id`."""

    id: int
    status: str
    created_at: datetime
    updated_at: datetime
    subject: str | None
    organization_id: int | None
    requester_id: int | None
    description: str | None = None
    priority: str | None = None
    assignee_id: int | None = None
    custom_status_id: int | None = None
    via: Via | None = None
    tags: tuple[str, ...] = ()
    slas: Slas | None = None
    metric_set: MetricSet | None = None


class TicketWithFields(Ticket, frozen=True, gc=False):
    """A case with the fields of the account's own, of which there may be dozens: read where one of them is needed."""

    custom_fields: tuple[CustomField, ...] = ()


T = TypeVar("T", bound=Ticket)


class FoundTicket(msgspec.Struct, frozen=True, gc=False):
    """Of a ticket that a search found: whose it is, and its place in the list. The rest is read fresh."""

    id: int
    created_at: datetime
    organization_id: int | None
    requester_id: int | None


class Comment(msgspec.Struct, frozen=True, gc=False):
    """A message or a note."""

    id: int
    created_at: datetime
    public: bool
    author_id: int | None = None
    plain_body: str | None = None
    body: str | None = None


class CustomStatus(msgspec.Struct, frozen=True, gc=False):
    """A status of the account's own, with the name that agents see."""

    id: int
    status_category: str
    agent_label: str


class TicketPage(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """Tickets with the users that they name. `next_page`: of a list by offset."""

    tickets: tuple[T, ...]
    users: tuple[NamedUser, ...] = ()
    next_page: str | None = None


class CommentPage(msgspec.Struct, frozen=True, gc=False):
    """Comments with their authors."""

    comments: tuple[Comment, ...]
    meta: Meta
    users: tuple[NamedUser, ...] = ()


class FoundTickets(msgspec.Struct, frozen=True, gc=False):
    """A page of a search for tickets."""

    results: tuple[FoundTicket, ...]
    meta: Meta


class FoundUsers(msgspec.Struct, frozen=True, gc=False):
    """A page of a search for users."""

    results: tuple[User, ...]
    meta: Meta


class FoundOrganizations(msgspec.Struct, frozen=True, gc=False):
    """A page of a search for organizations."""

    results: tuple[Organization, ...]
    meta: Meta


class Organizations(msgspec.Struct, frozen=True, gc=False):
    """Organizations by id or external id."""

    organizations: tuple[Organization, ...]


class OrganizationPage(msgspec.Struct, frozen=True, gc=False):
    """A page of all organizations."""

    organizations: tuple[Organization, ...]
    meta: Meta


class Users(msgspec.Struct, frozen=True, gc=False):
    """Users by id or external id."""

    users: tuple[User, ...]


class UserPage(msgspec.Struct, frozen=True, gc=False):
    """A page of users."""

    users: tuple[User, ...]
    meta: Meta


class CustomStatuses(msgspec.Struct, frozen=True, gc=False):
    """All statuses of the account's own."""

    custom_statuses: tuple[CustomStatus, ...]


class ChangedTicket(msgspec.Struct, frozen=True, gc=False):
    """Of a ticket in an incremental export."""

    id: int
    updated_at: datetime
    organization_id: int | None = None
    requester_id: int | None = None


class ChangedTickets(msgspec.Struct, frozen=True, gc=False):
    """A page of the incremental export of tickets, by cursor."""

    tickets: tuple[ChangedTicket, ...]
    end_of_stream: bool
    after_cursor: str | None = None


class ChangedUsers(msgspec.Struct, frozen=True, gc=False):
    """A page of the incremental export of users, by cursor."""

    users: tuple[User, ...]
    end_of_stream: bool
    after_cursor: str | None = None


class ChangedOrganizations(msgspec.Struct, frozen=True, gc=False):
    """A page of the incremental export of organizations, by time. `end_time`: epoch seconds to go on from."""

    organizations: tuple[Organization, ...]
    end_of_stream: bool = True
    end_time: int | None = None


class Token(msgspec.Struct, frozen=True, gc=False):
    """An access token; `expires_in` in seconds, `scope` as it was granted."""

    access_token: str
    expires_in: int | None = None
    scope: str | None = None


class Complaint(msgspec.Struct, frozen=True, gc=False):
    """Of an error's body: its kind where it is a word (it may also be an object, or there is none).

    `details`: by field or "base", what is wrong with it.
    """

    error: Any = None
    details: Any = None


class FieldKey(msgspec.Struct, frozen=True, gc=False):
    """Of an organization or user field: the key by which it is read."""

    key: str


class OrganizationFields(msgspec.Struct, frozen=True, gc=False):
    """A page of the account's own fields of organizations."""

    fields: tuple[FieldKey, ...] = msgspec.field(name="organization_fields")
    meta: Meta


class UserFields(msgspec.Struct, frozen=True, gc=False):
    """A page of the account's own fields of users."""

    fields: tuple[FieldKey, ...] = msgspec.field(name="user_fields")
    meta: Meta


class Anything(msgspec.Struct, frozen=True, gc=False):
    """An answer of which only the success matters."""
