"""Query.identityConflicts: records that fit several customers, or one not surely enough; a person decides."""

from datetime import datetime
from typing import Any

import msgspec
import strawberry
from strawberry.types import Info

from resolvers import ids
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, Edge, connection_type, given, page_length
from resolvers.context import Context, context
from resolvers.errors import bad_input, forbidden
from resolvers.exposure import exposed, field, grow
from resolvers.interfaces import Node
from sources.canonical.customer import Customer
from sources.canonical.sensitivity import Hidden, Sensitivity, classified
from sources.crosswalk.words import BadPosition, Conflict

PERMISSION = "systems:read"


@classified(Sensitivity.INTERNAL)
class IdentityConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A record that fits several customers, or one not surely enough."""

    uid: Hidden[str]
    system: str
    """The system that has the record."""
    record_id: str
    """The vendor's own id."""
    candidate_uids: Hidden[tuple[str, ...]]
    evidence: tuple[str, ...]
    """The rules and fields that matched, never their values."""
    detected_at: datetime
    """When it was found."""


async def identity_conflicts(
    info: Info[Any, Any], first: First = UNSET, after: After = UNSET
) -> Connection[IdentityConflict]:
    shared = context(info)
    start = given(after)
    try:
        page = await shared.crosswalk.conflicts(page_length(given(first)), start)
    except BadPosition:
        raise bad_input("after is not a cursor of this list") from None
    edges = [Edge(_shown(shared, each), cursor) for each, cursor in zip(page.conflicts, page.cursors, strict=True)]
    return Connection(edges, has_next=page.has_next, after=start)


async def conflict_node(shared: Context, uid: str) -> IdentityConflict | None:
    """A conflict by its id, for who may see conflicts."""
    if PERMISSION not in shared.grants.permissions:
        raise forbidden("IdentityConflict")
    found = await shared.crosswalk.conflict(uid)
    return _shown(shared, found) if found else None


def _shown(shared: Context, conflict: Conflict) -> IdentityConflict:
    return IdentityConflict(
        uid=conflict.uid,
        system=conflict.system,
        record_id=conflict.ref.id,
        candidate_uids=tuple(each.customer_uid for each in conflict.candidates),
        evidence=conflict.evidence,
        detected_at=conflict.detected_at,
    )


async def candidates(self: IdentityConflict, info: Info[Any, Any]) -> list[Customer]:
    return await context(info).customers(self.candidate_uids)


def conflict_id(self: IdentityConflict) -> str:
    return ids.encode("IdentityConflict", "", self.uid)


ConflictType = exposed(IdentityConflict, Node)
grow(
    ConflictType,
    id=field(conflict_id, strawberry.ID, "Opaque and stable for ever; `node(id)` takes it."),
    candidates=field(candidates, list[exposed(Customer, Node)], "The customers that it fits."),  # type: ignore[misc]
)
IDENTITY_CONFLICTS = field(
    identity_conflicts,
    connection_type(ConflictType) | None,
    "Records that fit several customers, or one not surely enough, newest first.",
    permission=PERMISSION,
)
