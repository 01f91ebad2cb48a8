"""What changed at an account: its events. Source: Stripe API, Events: kept for 30 days.

All types are read and chosen here: a list of types may hold twenty, and what we show has more. Events come newest
first, so where there are more than one answer holds, the rest is read by the following calls before the watermark
moves on; a page's order does not matter.
"""

import base64
import binascii

import msgspec

from sources.canonical.provenance import CustomerRef
from sources.capabilities import MAX_UPSTREAM_PAGES, Change, Changes
from sources.faults import Refused
from sources.stripe import shapes
from sources.stripe.client import PAGE_LIMIT, CursorGone
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import CUSTOMER, customer_ref, moment
from sources.stripe.reads import Reads

KINDS = {
    "customer": "customer",
    "tax_id": "customer",
    "subscription": "CustomerSubscription",
    "invoice": "Invoice",
    "charge": "Payment",
    "refund": "Refund",
    "credit_note": "CreditMemo",
    "dispute": "Dispute",
}


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the events were read: all before `since`, and of that second those in `seen`.

    While a long stretch is being read: `cursor` is the event to go on after, `newest` and `newest_seen` are what
    `since` and `seen` become at its end.
    """

    since: int
    seen: tuple[str, ...] = ()
    cursor: str | None = None
    newest: int = 0
    newest_seen: tuple[str, ...] = ()


class ChangesReads(Reads):
    """ChangeReads."""

    async def changes(self, watermark: str | None) -> Changes:
        if watermark is None:
            return Changes((), _encoded(await self._now()))
        mark = _decoded(watermark)
        changes: list[Change] = []
        for _ in range(MAX_UPSTREAM_PAGES):
            events, has_more = await self._page(mark)
            changes += [change for event in events if event.id not in mark.seen and (change := change_of(event))]
            mark = _after(mark, events)
            if not has_more or not events:
                return Changes(tuple(changes), _encoded(_finished(mark)))
        return Changes(tuple(changes), _encoded(mark), more=True)

    async def _now(self) -> Mark:
        """A mark at the newest event. An older server lists the oldest first: its events come once again."""
        listing = await self.client.listing("events", shapes.Event, (("limit", "1"),))
        if listing is None or not listing.data:
            return Mark(since=0)
        newest = listing.data[0]
        return Mark(since=newest.created, seen=(newest.id,))

    async def _page(self, mark: Mark) -> tuple[tuple[shapes.Event, ...], bool]:
        params: Params = (("created[gte]", str(mark.since)), ("limit", PAGE_LIMIT))
        cursor: Params = (("starting_after", mark.cursor),) if mark.cursor else ()
        try:
            listing = await self.client.listing("events", shapes.Event, (*params, *cursor))
        except CursorGone:  # older than 30 days meanwhile, as is what would follow it
            return (), False
        return (listing.data, listing.has_more) if listing else ((), False)


def change_of(event: shapes.Event) -> Change | None:
    """The change that an event tells of; None where it is about nothing that we show."""
    subject = event.data.object
    kind = KINDS.get(subject.object)
    if kind is None or subject.id is None:
        return None
    if subject.object == CUSTOMER:
        return Change(kind, subject.id, CustomerRef(CUSTOMER, subject.id), moment(event.created))
    whose = customer_ref(subject.customer)
    if kind == "customer":
        return Change(kind, whose.id, whose, moment(event.created)) if whose else None
    return Change(kind, subject.id, whose, moment(event.created))


def _after(mark: Mark, events: tuple[shapes.Event, ...]) -> Mark:
    newest = max((event.created for event in events), default=0)
    at_newest = tuple(event.id for event in events if event.created == newest)
    if newest < mark.newest:
        newest, at_newest = mark.newest, mark.newest_seen
    elif newest == mark.newest:
        at_newest = (*mark.newest_seen, *at_newest)
    cursor = events[-1].id if events else mark.cursor
    return Mark(since=mark.since, seen=mark.seen, cursor=cursor, newest=newest, newest_seen=at_newest)


def _finished(mark: Mark) -> Mark:
    if mark.newest < mark.since or not mark.newest_seen:
        return Mark(since=mark.since, seen=mark.seen)
    seen = mark.newest_seen if mark.newest > mark.since else tuple(dict.fromkeys((*mark.seen, *mark.newest_seen)))
    return Mark(since=mark.newest, seen=seen)


def _encoded(mark: Mark) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(mark)).decode()


def _decoded(watermark: str) -> Mark:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(watermark), type=Mark)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Refused("the watermark is not one that this source gave") from None
