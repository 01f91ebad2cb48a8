"""Query.systems: every configured source and how it is doing."""

from datetime import datetime
from typing import Any

import msgspec
from strawberry.types import Info

from resolvers.context import context
from resolvers.exposure import exposed, field
from sources.canonical.sensitivity import Sensitivity, classified
from sources.wire.breaker import CircuitState


@classified(Sensitivity.INTERNAL)
class SourceSystem(msgspec.Struct, frozen=True, kw_only=True):
    """A configured source: circuit, latency, error rate, quota left, lag of its changes."""

    name: str
    """The configured name."""
    kind: str
    """The connector."""
    roles: tuple[str, ...]
    """What it is to us: support, billing, erp or crm."""
    reachable: bool
    """False while its circuit is open or its last call failed."""
    circuit: CircuitState
    """Whether it is asked."""
    latency_p95_ms: float | None
    """Within this many milliseconds 95 of 100 recent calls were answered."""
    error_rate: float | None
    """The share of recent calls that failed, 0 to 1."""
    quota_remaining: float | None
    """What is left of the vendor's quota, 0 to 1, where the vendor tells."""
    last_change_at: datetime | None
    """The newest change that was seen."""
    change_lag_seconds: float | None
    """How far the reading of changes is behind, in seconds."""


async def systems(info: Info[Any, Any]) -> list[SourceSystem]:
    shared = context(info)
    found = []
    for system in shared.systems.all:
        health, feed = system.wire.health, await shared.crosswalk.freshness(system.uid)
        found.append(
            SourceSystem(
                name=system.name,
                kind=system.origin.kind,
                roles=(system.role,),
                reachable=health.reachable,
                circuit=health.circuit,
                latency_p95_ms=health.latency_p95_ms,
                error_rate=health.error_rate,
                quota_remaining=health.quota_remaining,
                last_change_at=feed.last_change_at,
                change_lag_seconds=feed.lag_seconds,
            )
        )
    return found


SYSTEMS = field(
    systems,
    list[exposed(SourceSystem)] | None,  # type: ignore[misc]
    "Every configured source: circuit, latency, error rate, quota left, lag of its changes.",
    permission="systems:read",
)
