"""What all reads of an account share: the client, the origin, and how an answer becomes records."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sources.canonical.provenance import CustomerRef, Listed, Origin
from sources.capabilities import Answer, Page, Window
from sources.faults import Malformed
from sources.stripe.batches import each
from sources.stripe.client import StripeClient
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import CUSTOMER, Mapping
from sources.stripe.settings import StripeSettings
from sources.stripe.windows import read_window
from sources.wire.messages import Sender

S = TypeVar("S")
R = TypeVar("R")
L = TypeVar("L", bound=Listed)


class Reads:
    """One Stripe account, asked over the sender."""

    def __init__(self, settings: StripeSettings, origin: Origin, sender: Sender) -> None:
        self.settings = settings
        self.origin = origin
        self.client = StripeClient(settings, sender)

    def mapping(self) -> Mapping:
        """How the records of an answer that came just now are made."""
        return Mapping.of(self.origin, self.settings, datetime.now(UTC))

    def made(self, mapper: Callable[[Mapping, S], R], shape: S, what: str, mapping: Mapping | None = None) -> R:
        """The record of a shape. Raises Malformed where an amount or a time cannot be."""
        try:
            return mapper(mapping or self.mapping(), shape)
        except (ValueError, OverflowError, OSError):
            raise Malformed(f"a record of {what} holds an amount or a time that cannot be") from None

    async def by_id(
        self, ids: Sequence[str], resource: str, shape: type[S], mapper: Callable[[Mapping, S], R], expand: Params = ()
    ) -> Answer[str, R | None]:
        """The record of each id, None where there is none: a call each."""

        async def ask(id: str) -> R | None:
            found = await self.client.retrieve(resource, id, shape, expand)
            return None if found is None else self.made(mapper, found, f"/v1/{resource}")

        return await each(ids, ask)

    async def of_customers(
        self,
        customers: Sequence[CustomerRef],
        window: Window,
        resource: str,
        shape: Any,
        mapper: Callable[[Mapping, Any], L],
        params: Params = (),
        complete: Callable[[Any], Awaitable[Any]] | None = None,
    ) -> Answer[CustomerRef, Page[L]]:
        """Each customer's window of a list: a call each. `complete` may fetch what a listed object lacks."""

        async def ask(customer: CustomerRef) -> Page[L]:
            if customer.type != CUSTOMER:
                return Page(())

            mapping = self.mapping()

            async def fetch(cursor: Params) -> Any:
                nonlocal mapping
                asked = (("customer", customer.id), *params, *cursor)
                listing = await self.client.listing(resource, shape, asked)
                mapping = self.mapping()
                return await complete(listing) if complete and listing else listing

            def record(item: Any) -> L:
                made = self.made(mapper, item, f"/v1/{resource}", mapping)
                if made.customer_ref != customer:
                    raise Malformed(f"/v1/{resource} gave a record of another customer")
                return made

            return await read_window(fetch, record, window, older=lambda: self.client.dialect.older)

        return await each(customers, ask)
