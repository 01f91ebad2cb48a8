"""Subscription.customerChanged: what happens to a customer, as the polling of the sources finds it.

Each event is read, masked and limited to the viewer's rows anew, in a context of its own (`shown`): the change itself
holds no data. Changes of kinds that the timeline has no word for (names and addresses, contacts, contracts) are not
told.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec
import strawberry
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from resolvers import ids
from resolvers.arguments import CustomerId
from resolvers.context import Context, context
from resolvers.errors import ErrorCode, GatewayError
from resolvers.exposure import exposed, field, grow
from resolvers.interfaces import Node
from resolvers.roots.customers import customer_uid
from resolvers.roots.nodes import record_of_id
from resolvers.types.nodes import CustomerType
from resolvers.views.timeline import RECORD_TYPES
from sources.announcements import Announced, Interrupted
from sources.canonical.customer import Customer
from sources.canonical.sensitivity import Hidden, Sensitivity, classified
from sources.canonical.timeline import TimelineKind

KINDS = {record: kind for kind, record in RECORD_TYPES.items()}
LOOK_AGAIN_SECONDS = 60.0  # a customer that is merged into another would go silent here unnoticed


@classified(Sensitivity.INTERNAL)
class CustomerChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something changed for a customer. The same change may be told twice."""

    kind: TimelineKind
    """What it is about."""
    system: str
    """The system where it happened."""
    occurred_at: datetime
    """When it happened, by that system's clock."""
    shown_customer: Hidden[Customer]
    record_id: Hidden[str]


class CustomerChanges:
    """The changes of one customer from now on, as an iterator. Raises Interrupted where it should be opened anew."""

    def __init__(self, shared: Context, uid: str) -> None:
        self._shared = shared
        self._uid = uid
        self._listening = shared.announcements.listen(uid)

    def __aiter__(self) -> AsyncIterator[Announced]:
        return self

    async def __anext__(self) -> Announced:
        while True:
            try:
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    change = await anext(self._listening)
            except TimeoutError:
                await self._look_again()
            else:
                if change.kind in KINDS:
                    return change

    async def aclose(self) -> None:
        """Hear nothing more."""
        self._listening.close()

    async def _look_again(self) -> None:
        customer = (await self._shared.crosswalk.customers([self._uid])).get(self._uid)
        if customer is None or customer.uid != self._uid:
            raise Interrupted


async def customer_changed(info: Info[Any, Any], id: CustomerId) -> CustomerChanges:
    shared = context(info)
    customer = await shared.customer(customer_uid(id))
    if customer is None:
        raise not_shown()
    return CustomerChanges(shared, customer.uid)


async def shown(change: Announced, info: Any, **arguments: Any) -> CustomerChange:
    """A change as this viewer may see it now; raises FORBIDDEN where the customer has left the viewer's rows."""
    shared: Context = info.context
    customer = await shared.customer(change.customer_uid)
    if customer is None:
        raise not_shown()
    system = shared.systems.by_uid(change.source_uid)
    return CustomerChange(
        kind=KINDS[change.kind],
        system=system.name if system else "",
        occurred_at=change.at,
        shown_customer=customer,
        record_id=ids.encode(change.kind, change.source_uid, change.record_id),
    )


def not_shown() -> GatewayError:
    """The customer does not exist, or is not within the viewer's rows: which of the two is not told."""
    return GatewayError(ErrorCode.FORBIDDEN, "there is no such customer among those that you may see")


def customer(self: CustomerChange) -> Customer:
    return self.shown_customer


async def record(self: CustomerChange, info: Info[Any, Any]) -> Any:
    return await record_of_id(context(info), self.record_id)


ChangeType = exposed(CustomerChange)
grow(
    ChangeType,
    customer=field(customer, CustomerType, "Whose change it is."),
    record=field(record, Node | None, "The record as it is now; null where it is withheld, gone or cannot be read."),
)
CUSTOMER_CHANGED: StrawberryField = strawberry.subscription(
    resolver=customer_changed,
    graphql_type=ChangeType,
    description="What happens to a customer, as it is found at the sources; the same change may be told twice.",
)


@strawberry.type(description="What is told as it happens.")
class Subscription:
    pass


grow(Subscription, customer_changed=CUSTOMER_CHANGED)


EVENTS: dict[str, Callable[..., Any]] = {"customerChanged": shown}
"""How an event of a subscription is worked out for its viewer, by the field's name in the schema."""


def show_events(schema: strawberry.Schema) -> None:
    """Let each event be worked out for its viewer. Strawberry's own resolver of a subscription passes events on."""
    root = schema._schema.subscription_type
    if root is not None:
        for name, resolve in EVENTS.items():
            root.fields[name].resolve = resolve
