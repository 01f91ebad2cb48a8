"""Whether an answer was read for this request, kept, or kept longer than it should be."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from resolvers.enums import exposed_enum

if TYPE_CHECKING:
    from resolvers.context import Context


class Freshness(Enum):
    """How fresh a record is."""

    LIVE = "LIVE"
    """The vendor answered while this request was served."""
    CACHED = "CACHED"
    """Kept from an earlier request, within its time."""
    STALE = "STALE"
    """Kept longer than that, because the source does not answer. Never used to decide a write."""


FreshnessEnum = exposed_enum(Freshness)


def freshness_of(shared: "Context", source_uid: str, fetched_at: datetime, kind: str | None = None) -> Freshness:
    """LIVE, CACHED or STALE, by when the vendor answered and how long this kind of record counts as fresh."""
    if fetched_at >= shared.started_at:
        return Freshness.LIVE
    age = (shared.started_at - fetched_at).total_seconds()
    return Freshness.CACHED if age <= shared.systems.fresh_seconds(source_uid, kind) else Freshness.STALE
