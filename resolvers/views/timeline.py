"""Everything that happened to a customer, newest first, merged over all systems.

Each kind of entry in each system is a part of its own in the cursor. A part that did not answer leaves a gap that
is told, and keeps its place: what it missed comes with a later page.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from resolvers import edges
from resolvers.context import Context
from resolvers.lists import part, records_in
from resolvers.loaders import EVERYTHING, settled
from resolvers.merging import Entry, Merged, Part
from resolvers.views.disputes import disputes_part, refunds_part
from sources.canonical.customer import Customer
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef, Listed, Position, Provenance
from sources.canonical.sensitivity import Financial, Hidden, Sensitivity, classified
from sources.canonical.support import CaseMessage
from sources.canonical.timeline import TimelineKind
from sources.capabilities import Page
from sources.faults import NotOffered, SourceFault
from sources.systems import System

MESSAGE_CASES = (
    10  # the newest cases whose messages are shown: each costs a call where a vendor lists one case at a time
)


@classified(Sensitivity.INTERNAL)
class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Titles carry no amounts and no personal data."""

    kind: TimelineKind
    """What it is about."""
    occurred_at: datetime
    """When it happened."""
    title: str
    """What happened, in a line."""
    amount: Financial[Money | None] = None
    """The amount of it, where it has one."""
    provenance: Provenance
    """Where it was read."""
    record: Hidden[Any] = None


@classified(Sensitivity.INTERNAL)
class TimelineGap(msgspec.Struct, frozen=True, kw_only=True):
    """A system that did not answer: what it knows of this span of time is missing here."""

    system: str
    """The system."""
    reason: str
    """The code of what went wrong."""
    after: datetime | None = None
    """Where the gap begins; null where it is not known how far back it goes."""
    before: datetime | None = None
    """Where it ends; null where it reaches to now."""


class Message(msgspec.Struct, frozen=True):
    """A message of a case with what the timeline needs to place it."""

    message: CaseMessage
    case: Listed
    number: str

    @property
    def position(self) -> Position:
        return Position(self.message.at, self.message.record_id)


LISTS: dict[TimelineKind, edges.ListEdge] = {
    TimelineKind.CASE: edges.CASES,
    TimelineKind.INVOICE: edges.INVOICES,
    TimelineKind.PAYMENT: edges.PAYMENTS,
    TimelineKind.CREDIT_MEMO: edges.CREDIT_MEMOS,
    TimelineKind.SUBSCRIPTION: edges.SUBSCRIPTIONS,
    TimelineKind.ORDER: edges.ORDERS,
    TimelineKind.OPPORTUNITY: edges.OPPORTUNITIES,
}
# What is shown where no kinds are asked for. Messages cost a call for each case: they come where they are asked for.
USUAL_KINDS = (*LISTS, TimelineKind.REFUND, TimelineKind.DISPUTE)
RECORD_TYPES = {kind: edge.record.__name__ for kind, edge in LISTS.items()} | {
    TimelineKind.REFUND: "Refund",
    TimelineKind.DISPUTE: "Dispute",
    TimelineKind.MESSAGE: "CaseMessage",
}


def parts_of(shared: Context, customer: Customer, kinds: Sequence[TimelineKind] | None) -> list[Part]:
    """The lists that make up a timeline; kinds whose records the viewer may not see are left out."""
    wanted = [kind for kind in kinds or USUAL_KINDS if RECORD_TYPES.get(kind) not in (None, *shared.mask.types)]
    return [each for kind in dict.fromkeys(wanted) for each in _parts(shared, customer, kind)]


def _parts(shared: Context, customer: Customer, kind: TimelineKind) -> list[Part]:
    make: Callable[[System, CustomerRef, str], Part]
    if kind in LISTS:
        edge = LISTS[kind]
        make, source_kind = lambda s, r, k: part(shared, s, r, edge.method, None, k), edge.kind
    elif kind is TimelineKind.MESSAGE:
        make, source_kind = partial(_messages_part, shared), edges.CASES.kind
    else:
        build = refunds_part if kind is TimelineKind.REFUND else disputes_part
        make, source_kind = partial(build, shared), edges.PAYMENTS.kind
    places = records_in(shared, customer, source_kind)
    return [make(system, ref, f"{system.uid}/{kind.value}") for system, ref in places]


def _messages_part(shared: Context, system: System, ref: CustomerRef, key: str) -> Part:
    async def read(after: Position | None) -> Page[Any]:
        cases = (await shared.loaders.one(system, edges.CASES.method, ref, EVERYTHING)).records[:MESSAGE_CASES]
        pages = await settled(
            [shared.loaders.one(system, "case_messages", case.provenance.record_id, EVERYTHING) for case in cases]
        )
        found: list[Message] = []
        for case, page in zip(cases, pages, strict=True):
            if isinstance(page, SourceFault):
                raise page
            found.extend(Message(message, case, case.number) for message in page.records)
        kept = [each for each in found if after is None or each.position < after]
        return Page(tuple(sorted(kept, key=lambda each: each.position, reverse=True)))

    return Part(key, system, read)


def entry_of(entry: Entry) -> TimelineEntry:
    """The timeline's view of a record."""
    kind = TimelineKind(entry.part.key.rpartition("/")[2])
    record = entry.record
    if isinstance(record, Message):
        side = "customer" if record.message.from_customer else "agent"
        title = (
            f"Message by {side} in case {record.number}" if record.message.public else f"Note in case {record.number}"
        )
        return TimelineEntry(
            kind=kind, occurred_at=record.message.at, title=title, provenance=record.case.provenance, record=record.case
        )
    return TimelineEntry(
        kind=kind,
        occurred_at=record.at,
        title=title_of(kind, record),
        amount=_amount(record),
        provenance=record.provenance,
        record=record,
    )


def title_of(kind: TimelineKind, record: Any) -> str:
    """A line without amounts, names or texts that people wrote."""
    number = getattr(record, "number", None)
    word = kind.value.replace("_", " ").capitalize()
    state = getattr(record, "status", None)
    name = f"{word} {number}" if number else word
    return f"{name}: {state.value.lower().replace('_', ' ')}" if state else name


def _amount(record: Any) -> Money | None:
    for name in ("total", "amount", "recurring"):
        money = getattr(record, name, None)
        if isinstance(money, Money):
            return money
    return None


def gaps_of(shared: Context, merged: Merged, after: datetime | None) -> list[TimelineGap]:
    """What is missing on this page: one gap for each system and cause."""
    oldest = min((entry.position.at for entry in merged.entries), default=None)
    until = oldest if merged.connection.page_info.has_next_page else None
    found = {
        (failed.system.name, fault.code): TimelineGap(
            system=failed.system.name, reason=fault.code, after=until, before=after
        )
        for failed, fault in merged.faults
        if not isinstance(fault, NotOffered)
    }
    return list(found.values())
