"""What was last known of each linked system for a customer: from cache and breaker, without a call."""

from datetime import UTC, datetime

import msgspec

from resolvers.context import Context
from resolvers.types.freshness import Freshness, freshness_of
from sources.canonical.customer import Customer
from sources.canonical.provenance import CustomerRef
from sources.canonical.sensitivity import Sensitivity, classified
from sources.systems import System


@classified(Sensitivity.INTERNAL)
class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """What was last known of a linked system for this customer."""

    system: str
    """The configured name of the system."""
    freshness: Freshness | None = None
    """How fresh what is kept of it is; null where nothing is kept."""
    reachable: bool
    """False while its circuit is open or its last answer was a failure."""
    fetched_at: datetime | None = None
    """When it last told something about this customer."""
    reason: str | None = None
    """Why it is not reachable."""


def states_of(shared: Context, customer: Customer) -> list[SourceState]:
    """A state for each system where the customer has a record."""
    refs: dict[str, list[CustomerRef]] = {}
    for identity in customer.identities:
        refs.setdefault(identity.source, []).append(CustomerRef(identity.record_type, identity.record_id))
    return [_state(shared, system, refs[system.uid]) for system in shared.systems.all if system.uid in refs]


def _state(shared: Context, system: System, refs: list[CustomerRef]) -> SourceState:
    health = system.wire.health
    told = max((at for ref in refs if (at := shared.systems.last_known(system, ref)) is not None), default=None)
    fetched_at = datetime.fromtimestamp(told, UTC) if told is not None else None
    return SourceState(
        system=system.name,
        freshness=freshness_of(shared, system.uid, fetched_at) if fetched_at else None,
        reachable=health.reachable,
        fetched_at=fetched_at,
        reason=None if health.reachable else health.last_fault,
    )
