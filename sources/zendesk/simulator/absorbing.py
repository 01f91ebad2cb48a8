"""Facts of the world as Zendesk would know them."""

from datetime import datetime

from sources.simulation.facts import (
    SUPPORT,
    CaseMoved,
    CaseOpened,
    CustomerKnown,
    Fact,
    MessageWritten,
    PersonJoined,
)
from sources.zendesk.simulator.records import Comment, Organization, Records, Ticket, User, id_of

AGENT = "agent:"


class World:
    """Which of the world's keys is which record here."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.number_field: str | None = None
        """Keep the customer's number in this organization field, not in external_id."""
        self._organizations: dict[str, int] = {}
        self._persons: dict[str, int] = {}
        self._people: dict[str, int] = {}

    def absorb(self, fact: Fact) -> None:
        """Take a fact in; what another system knows, or of a customer that is not here, is ignored."""
        if isinstance(fact, CustomerKnown):
            if SUPPORT in fact.systems:
                self._customer(fact)
        elif fact.customer not in self._organizations and fact.customer not in self._persons:
            return
        elif isinstance(fact, PersonJoined):
            self._person(fact)
        elif isinstance(fact, CaseOpened):
            self._case(fact)
        elif isinstance(fact, CaseMoved):
            self._moved(fact)
        elif isinstance(fact, MessageWritten):
            self._message(fact)

    def _customer(self, fact: CustomerKnown) -> None:
        at = fact.at.replace(microsecond=0)
        name = fact.names_by_system.get(SUPPORT, fact.name)
        number = fact.number if SUPPORT in fact.keyed else None
        fields: dict[str, str | bool | None] = {"tier": fact.tier, "vip": fact.vip}
        if self.number_field:
            fields[self.number_field], number = number, None
        if fact.person:
            id = self._persons.setdefault(fact.customer, id_of(f"person:{fact.customer}"))
            before = self._records.users.get(id)
            user = User(
                id=id, name=name, role="end-user", created_at=before.created_at if before else at, updated_at=at,
                email=fact.emails_by_system.get(SUPPORT, fact.email), phone=fact.phone, external_id=number,
                fields=fields,
            )  # fmt: skip
            self._records.put_user(user)
            return
        id = self._organizations.setdefault(fact.customer, id_of(f"organization:{fact.customer}"))
        known = self._records.organizations.get(id)
        self._records.put_organization(
            Organization(id, name, number, fact.domain, fields, known.created_at if known else at, at)
        )

    def _person(self, fact: PersonJoined) -> None:
        if fact.customer in self._persons:  # a person that is a customer of its own is one user
            self._people[fact.key] = self._persons[fact.customer]
            return
        id = self._people.setdefault(fact.key, id_of(f"user:{fact.key}"))
        before = self._records.users.get(id)
        at = fact.at.replace(microsecond=0)
        user = User(
            id=id, name=fact.name, role="end-user", created_at=before.created_at if before else at, updated_at=at,
            email=fact.email, phone=fact.phone, organization_id=self._organizations[fact.customer],
            fields={"job_title": fact.role},
        )  # fmt: skip
        self._records.put_user(user)

    def _case(self, fact: CaseOpened) -> None:
        at = fact.at.replace(microsecond=0)
        id = int(fact.key)
        if id in self._records.tickets:
            return
        requester = self._people.get(fact.requester, self._persons.get(fact.customer))
        ticket = Ticket(
            id=id, subject=fact.subject, description=fact.text, status="new",
            custom_status_id=self._records.custom_status("new", None), priority=fact.priority, channel=fact.channel,
            requester_id=requester, assignee_id=self._agent(fact.assignee, at) if fact.assignee else None,
            organization_id=self._organizations.get(fact.customer), created_at=at, updated_at=at, tags=fact.tags,
            invoices=fact.invoices, first_reply_due=fact.first_reply_due, requester_at=at,
        )  # fmt: skip
        self._records.put_ticket(ticket)
        self._records.comments[id] = [Comment(id_of(f"comment:{id}"), requester, at, True, fact.text)]

    def _moved(self, fact: CaseMoved) -> None:
        ticket = self._records.tickets.get(int(fact.key))
        if ticket is None or ticket.status == "closed":  # closed is final
            return
        at = fact.at.replace(microsecond=0)
        ticket.status_before, ticket.status = ticket.status, fact.status
        if fact.status == "closed":
            ticket.closed_at, ticket.solved_at = at, ticket.solved_at or at
        else:
            ticket.custom_status_id = self._records.custom_status(fact.status, fact.custom_status)
            ticket.solved_at = at if fact.status == "solved" else None
        self._records.touch(ticket, at)

    def _message(self, fact: MessageWritten) -> None:
        ticket = self._records.tickets.get(int(fact.case))
        if ticket is None:
            return
        at = fact.at.replace(microsecond=0)
        of_agent = fact.author.startswith(AGENT)
        author = self._agent(fact.author.removeprefix(AGENT), at) if of_agent else self._people.get(fact.author)
        comments = self._records.comments[ticket.id]
        comment = Comment(id_of(f"message:{fact.key}"), author, at, fact.public, fact.text)
        if any(held.id == comment.id for held in comments):
            return
        comments.append(comment)
        comments.sort(key=lambda held: (held.at, held.id))
        ticket.status_before = ticket.status
        if of_agent and fact.public:
            ticket.first_reply_at = min(at, ticket.first_reply_at or at)
        elif not of_agent:
            ticket.requester_at = max(at, ticket.requester_at or at)
        self._records.touch(ticket, at)

    def _agent(self, name: str, at: datetime) -> int:
        id = id_of(f"agent:{name}")
        if id not in self._records.users:
            email = f"{name.lower().replace(' ', '.')}@support.example"
            self._records.put_user(User(id, name, "agent", at, at, email))
        return id
