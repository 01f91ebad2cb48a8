"""The account's records, small enough for a hundred thousand customers, and found by index."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

ID_RANGE = 9 * 10**14
WRITTEN_FROM = 10**15


def id_of(key: str) -> int:
    """A vendor-like id of fifteen digits, the same for the same key."""
    return 10**14 + int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) % ID_RANGE


class Organization(msgspec.Struct):
    id: int
    name: str
    external_id: str | None
    domain: str | None
    fields: dict[str, str | bool | None]
    created_at: datetime
    updated_at: datetime


class User(msgspec.Struct):
    id: int
    name: str
    role: str
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    phone: str | None = None
    organization_id: int | None = None
    external_id: str | None = None
    fields: dict[str, str | bool | None] = {}


class Comment(msgspec.Struct):
    id: int
    author_id: int | None
    at: datetime
    public: bool
    text: str


class Audit(msgspec.Struct):
    """One update over the API. What the world's facts did is told as one audit for each comment."""

    id: int
    author_id: int
    at: datetime
    custom: dict[str, Any]
    changes: tuple[tuple[str, str | None, str | None], ...] = ()  # field, value, previous value
    comment: Comment | None = None


class Ticket(msgspec.Struct):
    id: int
    subject: str
    description: str
    status: str
    custom_status_id: int
    priority: str | None
    channel: str
    requester_id: int | None
    assignee_id: int | None
    organization_id: int | None
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    invoices: tuple[str, ...] = ()
    first_reply_due: datetime | None = None
    first_reply_at: datetime | None = None
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    requester_at: datetime | None = None
    status_before: str | None = None  # what the search still shows while the index lags; None: not yet there


class CustomStatus(msgspec.Struct):
    id: int
    category: str
    label: str


DEFAULT_STATUSES = {"new": "New", "open": "Open", "pending": "Pending", "hold": "On-hold", "solved": "Solved"}


class Log:
    """Which records changed when, for the incremental exports."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int]] = []
        self._in_order = True

    def add(self, at: datetime, id: int) -> None:
        entry = (int(at.timestamp()), id)
        self._in_order = self._in_order and (not self._entries or entry >= self._entries[-1])
        self._entries.append(entry)

    @property
    def entries(self) -> list[tuple[int, int]]:
        """(epoch second, id), in order."""
        if not self._in_order:
            self._entries.sort()
            self._in_order = True
        return self._entries


class Records:
    """All of the account's records."""

    def __init__(self) -> None:
        self.organizations: dict[int, Organization] = {}
        self.users: dict[int, User] = {}
        self.tickets: dict[int, Ticket] = {}
        self.comments: dict[int, list[Comment]] = {}
        self.audits: dict[int, list[Audit]] = {}
        self.custom_statuses = {
            id: CustomStatus(id, category, label)
            for id, (category, label) in enumerate(DEFAULT_STATUSES.items(), start=14001)
        }
        self._status_ids = {status.label: status.id for status in self.custom_statuses.values()}
        self.by_external_id: dict[tuple[str, str], list[int]] = {}
        self.users_of: dict[int, list[int]] = {}
        self.tickets_of: dict[int, list[int]] = {}
        self.tickets_requested: dict[int, list[int]] = {}
        self.logs = {"tickets": Log(), "organizations": Log(), "users": Log()}
        self._written = WRITTEN_FROM
        self._sorted: dict[str, list[int]] = {}

    def next_id(self) -> int:
        """An id for what is written over the API: above all that the world made, and rising."""
        self._written += 1
        return self._written

    def put_organization(self, organization: Organization) -> None:
        self._reindex("organizations", self.organizations.get(organization.id), organization)
        self.organizations[organization.id] = organization
        self.logs["organizations"].add(organization.updated_at, organization.id)

    def put_user(self, user: User) -> None:
        before = self.users.get(user.id)
        self._reindex("users", before, user)
        if before is None and user.organization_id is not None:
            self.users_of.setdefault(user.organization_id, []).append(user.id)
        self.users[user.id] = user
        self.logs["users"].add(user.updated_at, user.id)

    def put_ticket(self, ticket: Ticket) -> None:
        """A new ticket."""
        self.tickets[ticket.id] = ticket
        if ticket.organization_id is not None:
            self.tickets_of.setdefault(ticket.organization_id, []).append(ticket.id)
        if ticket.requester_id is not None:
            self.tickets_requested.setdefault(ticket.requester_id, []).append(ticket.id)
        self.logs["tickets"].add(ticket.updated_at, ticket.id)

    def touch(self, ticket: Ticket, at: datetime) -> None:
        """A ticket changed."""
        ticket.updated_at = max(at, ticket.updated_at)
        self.logs["tickets"].add(ticket.updated_at, ticket.id)

    def custom_status(self, category: str, label: str | None) -> int:
        """The id of a status; one with a new label is made."""
        word = DEFAULT_STATUSES.get(category, "Solved") if label is None else label
        if word not in self._status_ids:
            made = CustomStatus(id_of(f"status:{word}"), category, word)
            self.custom_statuses[made.id] = made
            self._status_ids[word] = made.id
        return self._status_ids[word]

    def sorted_ids(self, kind: str) -> list[int]:
        """The ids of all organizations or users, ascending."""
        held = self.organizations if kind == "organizations" else self.users
        known = self._sorted.get(kind, [])
        if len(known) != len(held):
            known = self._sorted[kind] = sorted(held)
        return known

    def _reindex(self, kind: str, before: Organization | User | None, now: Organization | User) -> None:
        if before is not None and before.external_id is not None:
            self.by_external_id[kind, before.external_id.lower()].remove(now.id)
        if now.external_id is not None:
            self.by_external_id.setdefault((kind, now.external_id.lower()), []).append(now.id)
