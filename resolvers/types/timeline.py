"""Customer.timeline and its connection."""

from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry.types import Info

from resolvers import cursors
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, Edge, connection_type, given, page_length
from resolvers.context import context
from resolvers.enums import exposed_enum
from resolvers.errors import bad_input
from resolvers.exposure import exposed, field, grow
from resolvers.interfaces import Node
from resolvers.merging import merge
from resolvers.types.nodes import CustomerType
from resolvers.views.timeline import TimelineEntry, TimelineGap, entry_of, gaps_of, parts_of
from sources.canonical.customer import Customer
from sources.canonical.timeline import TimelineKind

KindEnum = exposed_enum(TimelineKind)
WhichKinds: TypeAlias = Annotated[
    list[KindEnum] | None,  # type: ignore[valid-type]
    strawberry.argument(description="Only entries of these kinds; all but MESSAGE where it is not given."),
]
EntryType = exposed(TimelineEntry)
GapType = exposed(TimelineGap)
TimelineConnectionType = connection_type(EntryType, list_name="Timeline")


class Timeline(Connection[TimelineEntry]):
    """A page of the timeline, and what is missing on it."""

    __slots__ = ("gaps",)
    gaps: list[TimelineGap]


async def timeline(
    self: Customer,
    info: Info[Any, Any],
    kinds: WhichKinds = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> Timeline:
    shared = context(info)
    start, length = given(after), page_length(given(first))
    try:
        since = min((place.at for place in cursors.decode(start).values()), default=None)
        merged = await merge(parts_of(shared, self, given(kinds)), length, start)
    except cursors.NotACursor:
        raise bad_input("after is not a cursor of this timeline") from None
    page = merged.connection
    edges = [Edge(entry_of(entry), edge.cursor) for entry, edge in zip(merged.entries, page.edges, strict=True)]
    shown = Timeline(edges, has_next=page.page_info.has_next_page, after=start, end_cursor=page.page_info.end_cursor)
    shown.gaps = gaps_of(shared, merged, since)
    return shown


def record(self: TimelineEntry) -> Any:
    return self.record


def gaps(self: Timeline) -> list[TimelineGap]:
    return self.gaps


grow(EntryType, record=field(record, Node | None, "The record that it is about; null where it is withheld."))
grow(
    TimelineConnectionType,
    gaps=field(gaps, list[GapType], "Systems that did not answer, and the span that is missing."),  # type: ignore[valid-type]
)
grow(
    CustomerType,
    timeline=field(
        timeline,
        TimelineConnectionType | None,
        "Everything that happened, newest first, merged over all systems; a system that did not answer leaves a gap "
        "that is told in `gaps`. Messages cost calls of their own and come only where `kinds` asks for them.",
    ),
)
