"""Customer.sources."""

from typing import Any

from strawberry.types import Info

from resolvers.context import context
from resolvers.exposure import exposed, field, grow
from resolvers.types.nodes import CustomerType
from resolvers.views.sources import SourceState, states_of
from sources.canonical.customer import Customer


def sources(self: Customer, info: Info[Any, Any]) -> list[SourceState]:
    return states_of(context(info), self)


grow(
    CustomerType,
    sources=field(
        sources,
        list[exposed(SourceState)],  # type: ignore[misc]
        "What was last known of each linked system for this customer, from cache and breaker, without a call.",
    ),
)
