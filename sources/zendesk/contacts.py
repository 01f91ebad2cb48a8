"""End users as contacts.

| asked for | calls |
|---|---|
| n contacts by id | ceil(n / 100) |
| the contacts of 1 organization | one for each 100, five at most; a larger organization's by the search |
| an older part of them, or those of N organizations | ceil(N / 25) searches, one more for each further 100 found |
| the contact of a person that is a customer of its own | the person itself: ceil(n / 100) |

The list of one organization has every member; a search finds members by their default organization.
"""

from collections.abc import Sequence
from operator import attrgetter

import msgspec

from sources.canonical.crm import Contact
from sources.canonical.provenance import CustomerRef
from sources.capabilities import MAX_UPSTREAM_PAGES, Answer, Page, Window
from sources.faults import SourceFault
from sources.paging import page_of
from sources.zendesk import shapes
from sources.zendesk.batching import in_batches, is_id
from sources.zendesk.client import MANY, ROWS, Client
from sources.zendesk.mapping import END_USER, ORGANIZATION, USER, Mapper
from sources.zendesk.search import CHUNK, NotObeyed, Search

_USERS = msgspec.json.Decoder(shapes.Users)
_USER_PAGE = msgspec.json.Decoder(shapes.UserPage)

Pages = dict[CustomerRef, Page[Contact] | SourceFault]


class Contacts:
    """Reads contacts."""

    def __init__(self, client: Client, mapper: Mapper) -> None:
        self._client = client
        self._map = mapper
        self._search = Search(client, "user", "organization", shapes.FoundUsers, attrgetter("organization_id"))

    async def by_id(self, ids: Sequence[str]) -> dict[str, Contact | SourceFault | None]:
        """Contacts by the user's id. An agent is no contact."""
        answer: dict[str, Contact | SourceFault | None] = dict.fromkeys(ids)
        answer.update(await in_batches(filter(is_id, ids), MANY, self._shown))
        return answer

    async def _shown(self, ids: Sequence[str]) -> dict[str, Contact | None]:
        page, fetched_at = await self._client.show_many("users", "ids", ids, _USERS)
        answer: dict[str, Contact | None] = dict.fromkeys(ids)
        found = {str(user.id): self._map.contact(user, fetched_at) for user in page.users if user.role == END_USER}
        return answer | {id: contact for id, contact in found.items() if id in answer}

    async def of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Contact]]:
        """A window of the contacts of each customer."""
        answer: Pages = dict.fromkeys(customers, Page(()))
        known = [ref for ref in customers if ref.type in (ORGANIZATION, USER) and is_id(ref.id)]
        answer.update(await in_batches(known, CHUNK, lambda refs: self._chunk(refs, window), lambda ref: ref.type))
        return answer

    async def _chunk(self, refs: Sequence[CustomerRef], window: Window) -> Pages:
        if refs[0].type == USER:
            return await self._persons(refs, window)
        if len(refs) == 1 and window.after is None:
            return {refs[0]: await self._members(refs[0], window)}
        try:
            return await self._searched(refs, window)
        except NotObeyed:
            return await in_batches(refs, 1, lambda one: self._chunk(one, window))

    async def _persons(self, refs: Sequence[CustomerRef], window: Window) -> Pages:
        people = await self._shown([ref.id for ref in refs])
        own = {ref: [found] if (found := people[ref.id]) and found.customer_ref == ref else [] for ref in refs}
        return {ref: page_of(found, window, exhausted=True) for ref, found in own.items()}

    async def _members(self, ref: CustomerRef, window: Window) -> Page[Contact]:
        params: dict[str, str | int] = {"page[size]": ROWS, "role": END_USER}
        records: list[Contact] = []
        for _ in range(MAX_UPSTREAM_PAGES):
            found = await self._client.find(f"organizations/{ref.id}/users", _USER_PAGE, params)
            if found is None:
                return Page(())
            page, at = found
            records.extend(self._map.contact(user, at, ref) for user in page.users if user.role == END_USER)
            if not page.meta.has_more or page.meta.after_cursor is None:
                return page_of(records, window, exhausted=True)
            params["page[after]"] = page.meta.after_cursor
        outcome = (await self._searched([ref], window))[ref]  # the list is sorted by id: its newest are at its end
        return _given(outcome)

    async def _searched(self, refs: Sequence[CustomerRef], window: Window) -> Pages:
        rows = await self._search.rows([ref.id for ref in refs], [f"role:{END_USER}"], window.after)
        contacts = [self._map.contact(user, rows.fetched_at) for user in rows.records if user.role == END_USER]
        return {
            ref: page_of(
                [contact for contact in contacts if contact.customer_ref == ref],
                window,
                exhausted=rows.scanned_to is None,
                scanned_to=rows.scanned_to,
            )
            for ref in refs
        }


def _given(outcome: Page[Contact] | SourceFault) -> Page[Contact]:
    if isinstance(outcome, SourceFault):
        raise outcome
    return outcome
