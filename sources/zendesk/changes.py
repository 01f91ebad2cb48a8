"""What changed, out of the incremental exports. They are for administrators, and leave out the last minute.

A poll costs one call for tickets; once a minute two more, for organizations and users: the three share ten calls a
minute (source: Zendesk, Incremental exports, Rate limits), and a gateway polls every ten seconds.
"""

import time

import msgspec

from sources.canonical.provenance import CustomerRef
from sources.capabilities import Change, Changes
from sources.faults import Refused
from sources.zendesk import shapes
from sources.zendesk.client import Client, Params
from sources.zendesk.customers import is_customer
from sources.zendesk.mapping import END_USER, ORGANIZATION, USER, owner_of

BEHIND_SECONDS = 65  # a start within the last minute is refused; five seconds for clocks that differ
PEOPLE_EVERY_SECONDS = 60
PAGE = 1000

_TICKETS = msgspec.json.Decoder(shapes.ChangedTickets)
_ORGANIZATIONS = msgspec.json.Decoder(shapes.ChangedOrganizations)
_USERS = msgspec.json.Decoder(shapes.ChangedUsers)


class Watermark(msgspec.Struct, frozen=True):
    """How far each export was read: the vendor's cursor, or the epoch second to begin at."""

    tickets: str | int
    users: str | int
    organizations: int
    people_asked: float  # epoch seconds


class ChangeFeed:
    """Reads changes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def since(self, watermark: str | None) -> Changes:
        """What changed since a watermark of ours; None starts now."""
        now = time.time()
        if watermark is None:
            start = int(now) - BEHIND_SECONDS
            return Changes((), _written(Watermark(start, start, start, now)))
        mark = _read(watermark)
        tickets, mark, more = await self._tickets(mark)
        if now - mark.people_asked < PEOPLE_EVERY_SECONDS:
            return Changes(tickets, _written(mark), more)
        organizations, mark, more_organizations = await self._organizations(mark)
        users, mark, more_users = await self._users(mark)
        if not (more_organizations or more_users):
            mark = msgspec.structs.replace(mark, people_asked=now)
        return Changes((*tickets, *organizations, *users), _written(mark), more or more_organizations or more_users)

    async def _tickets(self, mark: Watermark) -> tuple[tuple[Change, ...], Watermark, bool]:
        page, _ = await self._client.get("incremental/tickets/cursor", _TICKETS, _from(mark.tickets))
        changes = tuple(
            Change(
                "SupportCase", str(ticket.id), owner_of(ticket.organization_id, ticket.requester_id), ticket.updated_at
            )
            for ticket in page.tickets
        )
        mark = msgspec.structs.replace(mark, tickets=page.after_cursor or mark.tickets)
        return changes, mark, not page.end_of_stream

    async def _organizations(self, mark: Watermark) -> tuple[tuple[Change, ...], Watermark, bool]:
        params = {"start_time": mark.organizations, "per_page": PAGE}
        page, _ = await self._client.get("incremental/organizations", _ORGANIZATIONS, params)
        changes = tuple(
            Change("customer", str(found.id), CustomerRef(ORGANIZATION, str(found.id)), found.updated_at)
            for found in page.organizations
        )
        mark = msgspec.structs.replace(mark, organizations=page.end_time or mark.organizations)
        return changes, mark, not page.end_of_stream

    async def _users(self, mark: Watermark) -> tuple[tuple[Change, ...], Watermark, bool]:
        page, _ = await self._client.get("incremental/users/cursor", _USERS, _from(mark.users))
        changes = tuple(_of_user(user) for user in page.users if user.role == END_USER)
        mark = msgspec.structs.replace(mark, users=page.after_cursor or mark.users)
        return changes, mark, not page.end_of_stream


def _of_user(user: shapes.User) -> Change:
    if is_customer(user):
        return Change("customer", str(user.id), CustomerRef(USER, str(user.id)), user.updated_at)
    return Change("Contact", str(user.id), owner_of(user.organization_id, user.id), user.updated_at)


def _from(place: str | int) -> Params:
    return {"cursor": place} if isinstance(place, str) else {"start_time": place}


def _written(mark: Watermark) -> str:
    return msgspec.json.encode(mark).decode()


def _read(watermark: str) -> Watermark:
    try:
        return msgspec.json.decode(watermark, type=Watermark)
    except msgspec.MsgspecError:
        raise Refused("the watermark is not one of this source's") from None
