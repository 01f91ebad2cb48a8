"""Tickets as cases.

What it costs, besides one call an hour for the account's own statuses:

| asked for | calls |
|---|---|
| n cases by id | ceil(n / 100) |
| the newest cases of 1 customer | 1: its own list, out of the database, with service levels and names |
| the same where none is younger than 120 days | 2, or 3: the search, and the tickets that it found |
| an older part of the list of 1 customer | 2: a page of the search, and the tickets that it found |
| the cases of N customers | ceil(N / 25) searches, and ceil(T / 100) for each one's T tickets |
| messages of n cases | n, one more for each further 100 comments |

A search reads on, five pages of 100 at most, until each of its customers has half a page. Organizations and persons
are searched for separately. Where the search is not obeyed (see search.py), the N customers cost N lists, or N
searches for an older part.

The list of one customer has no archived tickets: those closed more than 120 days ago (source: Zendesk, List Tickets;
About archived tickets). So it tells nothing of what was opened before that, unless closed cases are not asked for;
`next` then leads to the search, which has them. It is asked by offset, since only so is it sorted by creation:
cursors sort by id, and imported tickets have new ids and old dates.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter

import msgspec

from sources.canonical.provenance import CustomerRef, Position
from sources.canonical.support import CaseMessage, CasePriority, CaseStatus, SupportCase
from sources.capabilities import PAGE_SIZE, Answer, CaseFilter, Page, Window
from sources.faults import Malformed, SourceFault
from sources.paging import page_of
from sources.zendesk import shapes
from sources.zendesk.batching import in_batches, is_id
from sources.zendesk.client import MANY, ROWS, Client
from sources.zendesk.mapping import ORGANIZATION, PRIORITIES, STATUSES, USER, Mapper
from sources.zendesk.rows import TicketDecoder
from sources.zendesk.search import AFTER_EVERY_ID, CHUNK, NotObeyed, Rows, Search
from sources.zendesk.statuses import Statuses

ARCHIVED_AFTER = timedelta(days=120)  # closed that long: not in lists any more. Source: Zendesk, About archived tickets
COMMENT_PAGES = 50  # a ticket has at most 5,000 comments, 100 on a page

LISTS = {ORGANIZATION: "organizations/{id}/tickets", USER: "users/{id}/tickets/requested"}
KEYWORDS = {ORGANIZATION: "organization", USER: "requester"}
OWNERS = {ORGANIZATION: "organization_id", USER: "requester_id"}

_COMMENTS = msgspec.json.Decoder(shapes.CommentPage)


Place = tuple[datetime, str]
"""Where a ticket stands in its list, as a Position says it."""


class Share(msgspec.Struct, frozen=True):
    """The tickets of one customer that a search found, newest first; `scanned_to`: as of Rows."""

    ids: tuple[str, ...]
    scanned_to: Position | None


class Cases:
    """Reads cases and their messages."""

    def __init__(self, client: Client, mapper: Mapper, statuses: Statuses) -> None:
        self._client = client
        self._map = mapper
        self._statuses = statuses
        self._tickets = TicketDecoder(with_fields=mapper.reads_fields)
        self._include = "users,metric_sets,slas" if mapper.settings.sla else "users,metric_sets"
        self._search = {
            type: Search(client, "ticket", KEYWORDS[type], shapes.FoundTickets, attrgetter(OWNERS[type]))
            for type in (ORGANIZATION, USER)
        }

    async def by_id(self, ids: Sequence[str]) -> dict[str, SupportCase | SourceFault | None]:
        """Cases by their number."""
        answer: dict[str, SupportCase | SourceFault | None] = dict.fromkeys(ids)
        answer.update(await in_batches(filter(is_id, ids), MANY, self._shown))
        return answer

    async def of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[SupportCase]]:
        """A window of the cases of each customer."""
        answer: dict[CustomerRef, Page[SupportCase] | SourceFault] = dict.fromkeys(customers, Page(()))
        known = (ref for ref in customers if ref.type in LISTS and is_id(ref.id))
        answer.update(await in_batches(known, CHUNK, lambda refs: self._chunk(refs, window), lambda ref: ref.type))
        return answer

    async def _chunk(
        self, refs: Sequence[CustomerRef], window: Window
    ) -> dict[CustomerRef, Page[SupportCase] | SourceFault]:
        if len(refs) == 1 and window.after is None:
            return {refs[0]: await self._listed(refs[0], window)}
        try:
            return await self._searched(refs, window)
        except NotObeyed:
            return await in_batches(refs, 1, lambda one: self._chunk(one, window))

    async def _listed(self, ref: CustomerRef, window: Window) -> Page[SupportCase]:
        params: dict[str, str | int] = {
            "per_page": ROWS,
            "sort_by": "created_at",
            "sort_order": "desc",
            "include": self._include,
        }
        found = await self._client.find(LISTS[ref.type].format(id=ref.id), self._tickets, params)
        if found is None:
            return Page(())
        rows, fetched_at = found
        if rows.spoilt:
            raise Malformed("a ticket of the list did not fit its shape")
        page = rows.page
        times = [ticket.created_at for ticket in page.tickets]
        if page.next_page and any(older > newer for newer, older in pairwise(times)):
            return _given((await self._searched([ref], window))[ref])  # not sorted: it may have gaps anywhere
        records = [case for case in await self._cases(page, fetched_at) if case.customer_ref == ref]
        ends = [Position(times[-1], AFTER_EVERY_ID)] if page.next_page and times else []
        if _asks_for_closed(window.filter):
            ends.append(Position((fetched_at - ARCHIVED_AFTER).replace(microsecond=0), AFTER_EVERY_ID))
        given = page_of(records, window, exhausted=not ends, scanned_to=max(ends, default=None))
        if given.records or given.next is None:
            return given
        return _given((await self._searched([ref], Window(given.next, window.filter)))[ref])

    async def _searched(
        self, refs: Sequence[CustomerRef], window: Window
    ) -> dict[CustomerRef, Page[SupportCase] | SourceFault]:
        ids = [ref.id for ref in refs]
        rows = await self._search[refs[0].type].rows(ids, _terms(window.filter), window.after)
        shares = _shares(rows, refs, window.after)
        wanted = [id for share in shares.values() for id in share.ids]
        shown = await in_batches(wanted, MANY, self._shown)
        return {ref: _page(share, shown, ref, window) for ref, share in shares.items()}

    async def _shown(self, ids: Sequence[str]) -> dict[str, SupportCase | SourceFault | None]:
        rows, fetched_at = await self._client.show_many("tickets", "ids", ids, self._tickets, self._include)
        page = rows.page
        answer: dict[str, SupportCase | SourceFault | None] = dict.fromkeys(ids)
        answer.update([(str(id), Malformed("the ticket did not fit its shape")) for id in rows.spoilt])
        for case in await self._cases(page, fetched_at):
            if case.number in answer:
                answer[case.number] = case
        return answer

    async def _cases(self, page: shapes.TicketPage[shapes.Ticket], fetched_at: datetime) -> list[SupportCase]:
        own = [ticket for ticket in page.tickets if ticket.custom_status_id is not None]
        statuses: Mapping[int, shapes.CustomStatus] = await self._statuses.by_id() if own else {}
        users = {user.id: user for user in page.users}
        return [self._map.case(ticket, users, statuses, fetched_at) for ticket in page.tickets]

    async def messages(self, ids: Sequence[str], window: Window) -> dict[str, Page[CaseMessage] | SourceFault]:
        """A window of the comments of each case. Comments can only be listed from the newest on."""
        answer: dict[str, Page[CaseMessage] | SourceFault] = dict.fromkeys(ids, Page(()))
        answer.update(await in_batches(filter(is_id, ids), 1, lambda one: self._messages(one[0], window)))
        return answer

    async def _messages(self, id: str, window: Window) -> dict[str, Page[CaseMessage] | SourceFault]:
        params: dict[str, str | int] = {"page[size]": ROWS, "sort": "-created_at", "include": "users"}
        records: list[CaseMessage] = []
        for _ in range(COMMENT_PAGES):
            found = await self._client.find(f"tickets/{id}/comments", _COMMENTS, params)
            if found is None:
                return {id: Page(())}
            page, _at = found
            users = {user.id: user for user in page.users}
            records.extend(self._map.message(comment, users) for comment in page.comments)
            if not page.meta.has_more or page.meta.after_cursor is None:
                return {id: page_of(records, window, exhausted=True)}
            end = Position(records[-1].at, AFTER_EVERY_ID)
            if window.after is None or end < Position(window.after.at, ""):
                return {id: page_of(records, window, exhausted=False, scanned_to=end)}
            params["page[after]"] = page.meta.after_cursor
        raise Malformed("tickets/{id}/comments goes on beyond the most comments that a ticket can have")


def _asks_for_closed(filter: object) -> bool:
    statuses = filter.status if isinstance(filter, CaseFilter) else frozenset()
    return not statuses or CaseStatus.CLOSED in statuses


def _terms(filter: object) -> list[str]:
    """The filter in the search's words; what has no word there is left to the filter on our side."""
    if not isinstance(filter, CaseFilter):
        return []
    terms = []
    if CaseStatus.OTHER not in filter.status:
        terms += [f"status:{word}" for word, status in STATUSES.items() if status in filter.status]
    if not filter.priority & {CasePriority.NORMAL, CasePriority.OTHER}:  # a ticket without a priority is normal, too
        terms += [f"priority:{word}" for word, priority in PRIORITIES.items() if priority in filter.priority]
    return terms


def _shares(
    rows: Rows[shapes.FoundTicket], refs: Sequence[CustomerRef], after: Position | None
) -> dict[CustomerRef, Share]:
    """Each customer's part of what was found, one page of it at most. The customers are of one type."""
    persons, end = refs[0].type == USER, rows.scanned_to
    places: dict[int | None, list[Place]] = {int(ref.id): [] for ref in refs}
    for row in rows.records:
        place = (row.created_at, str(row.id))
        if persons and row.organization_id is not None:  # an organization's ticket is not its requester's
            continue
        owner = row.requester_id if persons else row.organization_id
        if owner in places and (after is None or place < after) and (end is None or place >= end):
            places[owner].append(place)
    return {ref: _first_page(places[int(ref.id)], end) for ref in refs}


def _first_page(places: list[Place], scanned_to: Position | None) -> Share:
    places.sort(reverse=True)
    ids = tuple([id for _, id in places[:PAGE_SIZE]])
    return Share(ids, Position(*places[PAGE_SIZE - 1]) if len(places) > PAGE_SIZE else scanned_to)


def _given(outcome: Page[SupportCase] | SourceFault) -> Page[SupportCase]:
    if isinstance(outcome, SourceFault):
        raise outcome
    return outcome


def _page(
    share: Share, shown: Mapping[str, SupportCase | SourceFault | None], ref: CustomerRef, window: Window
) -> Page[SupportCase] | SourceFault:
    records = []
    for id in share.ids:
        outcome = shown[id]
        if isinstance(outcome, SourceFault):
            return outcome
        if outcome is not None and outcome.customer_ref == ref:
            records.append(outcome)
    return page_of(records, window, exhausted=share.scanned_to is None, scanned_to=share.scanned_to)
