"""The Zendesk Support adapter. What each capability costs stands at the head of cases, contacts, customers, changes."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from sources.canonical.crm import Contact
from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.canonical.support import CaseMessage, SupportCase
from sources.capabilities import Answer, Changes, CustomerBatch, Page, Window
from sources.wire.messages import Sender
from sources.writing import CommentOrder, Receipt
from sources.zendesk import shapes
from sources.zendesk.batching import is_id
from sources.zendesk.cases import Cases
from sources.zendesk.changes import ChangeFeed
from sources.zendesk.checking import problems
from sources.zendesk.client import Client
from sources.zendesk.comments import Comments
from sources.zendesk.contacts import Contacts
from sources.zendesk.customers import Customers
from sources.zendesk.mapping import Mapper, owner_of
from sources.zendesk.settings import ZendeskSettings
from sources.zendesk.statuses import Statuses

_FOUND = msgspec.json.Decoder(shapes.TicketPage[shapes.Ticket])


class ZendeskAdapter:
    """Reads customers, cases, contacts and changes of one Zendesk Support account, and writes comments.

    The budget of the commonest question, the newest cases: 1 call for one customer; for N of them, ceil(N / 25)
    searches (one more for each further 100 tickets, five at most) and ceil(T / 100) for the T tickets that each found.
    Besides, one call for a token each half hour, one each hour for the account's own statuses, and two once, where the
    first search for several customers finds fewer than two of them (see search.py).
    """

    def __init__(self, settings: ZendeskSettings, origin: Origin, sender: Sender) -> None:
        self.origin = origin
        self._settings = settings
        self._client = Client(settings, sender)
        mapper = Mapper(settings, origin)
        self._cases = Cases(self._client, mapper, Statuses(self._client))
        self._comments = Comments(self._client, mapper)
        self._contacts = Contacts(self._client, mapper)
        self._customers = Customers(self._client, mapper)
        self._changes = ChangeFeed(self._client)

    async def check(self) -> tuple[str, ...]:
        return await problems(self._client, self._settings)

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, CustomerRecord | None]:
        return await self._customers.by_ref(refs)

    async def customers_by_number(self, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]:
        return await self._customers.by_number(numbers)

    def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]:
        return self._customers.scan(resume)

    async def changes(self, watermark: str | None) -> Changes:
        return await self._changes.since(watermark)

    async def cases(self, ids: Sequence[str]) -> Answer[str, SupportCase | None]:
        return await self._cases.by_id(ids)

    async def cases_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[SupportCase]]:
        return await self._cases.of(customers, window)

    async def case_messages(self, ids: Sequence[str], window: Window) -> Answer[str, Page[CaseMessage]]:
        return await self._cases.messages(ids, window)

    async def contacts(self, ids: Sequence[str]) -> Answer[str, Contact | None]:
        return await self._contacts.by_id(ids)

    async def contacts_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Contact]]:
        return await self._contacts.of(customers, window)

    async def add_comment(self, order: CommentOrder) -> Receipt:
        """A note, or a reply that the customer gets. One call; nothing is sent twice."""
        return await self._comments.add(order)

    async def find_comment(self, case_id: str, reference: str) -> Receipt | None:
        """The comment that was written with a reference. One call for each hundred updates of the case."""
        return await self._comments.find(case_id, reference)

    async def offered_writes(self) -> frozenset[str]:
        """Comments, unless the section is read_only or the credential's scope is for reading alone."""
        if self._settings.read_only or not await self._client.may_write():
            return frozenset()
        return frozenset(["add_comment", "find_comment"])

    async def customers_of_document(self, number: str) -> tuple[CustomerRef, ...]:
        """Whose ticket has this number, with or without a # before it. One call."""
        id = number.strip().removeprefix("#").lstrip("0")
        if not is_id(id):
            return ()
        page, _ = await self._client.show_many("tickets", "ids", [id], _FOUND)
        owners = [owner_of(ticket.organization_id, ticket.requester_id) for ticket in page.tickets]
        return tuple(owner for owner in owners if owner)
