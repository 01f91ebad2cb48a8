"""What all reads of an account share: the client, the origin, and how an answer becomes records."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sources.canonical.provenance import CustomerRef, Listed, Origin
from sources.capabilities import Answer, Page, Window
from sources.faults import Malformed, Refused
from sources.stripe.batches import each
from sources.stripe.client import PAGE_LIMIT, CursorGone, StripeClient
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import CUSTOMER, Mapping
from sources.stripe.settings import StripeSettings
from sources.stripe.shapes import Listing
from sources.stripe.windows import read_window
from sources.wire.messages import Sender

S = TypeVar("S")
R = TypeVar("R")
L = TypeVar("L", bound=Listed)

MAX_PART_PAGES = 10  # of lines, refunds or payments of one object: Stripe keeps invoices below a thousand lines


class Reads:
    """One Stripe account, asked over the sender."""

    def __init__(self, settings: StripeSettings, origin: Origin, sender: Sender) -> None:
        self.settings = settings
        self.origin = origin
        self.client = StripeClient(settings, sender)
        self._mapping = Mapping.of(origin, settings, datetime.now(UTC))

    def mapping(self, customer: CustomerRef | None = None) -> Mapping:
        """How the records of an answer that came just now are made; `customer`: whose list it is."""
        return self._mapping.at(datetime.now(UTC), customer)

    def made(self, mapper: Callable[[Mapping, S], R], shape: S, what: str) -> R:
        """The record of a shape. Raises Malformed where an amount or a time cannot be."""
        [record] = self.all_made(mapper, (shape,), what, self.mapping())
        return record

    def all_made(self, mapper: Callable[[Mapping, S], R], shapes: Sequence[S], what: str, mapping: Mapping) -> list[R]:
        """The records of the shapes of one answer. Raises Malformed where an amount or a time cannot be."""
        try:
            return [mapper(mapping, shape) for shape in shapes]
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

    async def all_of(self, resource: str, shape: Any, params: Params) -> tuple[Any, ...]:
        """All that a list holds, up to MAX_PART_PAGES pages; empty where what it belongs to is not there."""
        return await self.all_pages(lambda more: self.client.listing(resource, shape, (*params, *more)), resource)

    async def all_pages(
        self, page_of: Callable[[Params], Awaitable[Listing[Any] | None]], what: str
    ) -> tuple[Any, ...]:
        """As all_of, of any list. Raises Refused where it is too long, or changed meanwhile."""
        found: tuple[Any, ...] = ()
        cursor: Params = ()
        for _ in range(MAX_PART_PAGES):
            try:
                page = await page_of((("limit", PAGE_LIMIT), *cursor))
            except CursorGone:
                raise Refused(f"the list of {what} changed while it was read") from None
            if page is None:
                return found
            found += page.data
            if not page.has_more or not page.data:
                return found
            cursor = (("starting_after", page.data[-1].id),)
        raise too_long(what)

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

        async def ask(customer: CustomerRef) -> Any:
            if customer.type != CUSTOMER:
                return Page(())
            fetch = partial(self._listed, resource, shape, (("customer", customer.id), *params), complete)
            return await self.window_of(customer, window, fetch, mapper, f"/v1/{resource}")

        return await each(customers, ask)

    async def _listed(
        self,
        resource: str,
        shape: Any,
        params: Params,
        complete: Callable[[Any], Awaitable[Any]] | None,
        cursor: Params,
    ) -> Any:
        listing = await self.client.listing(resource, shape, (*params, *cursor))
        return await complete(listing) if complete and listing else listing

    async def window_of(
        self,
        customer: CustomerRef,
        window: Window,
        fetch: Callable[[Params], Awaitable[Any]],
        mapper: Callable[[Mapping, Any], L],
        what: str,
    ) -> Page[L]:
        """One customer's window of a list, whose pages `fetch` gives."""
        records = partial(self._records_of, customer, mapper, what)
        return await read_window(fetch, records, window, self.client.dialect)

    def _records_of(
        self, customer: CustomerRef, mapper: Callable[[Mapping, Any], L], what: str, listed: Sequence[Any]
    ) -> list[L]:
        made = self.all_made(mapper, listed, what, self.mapping(customer))
        for record in made:
            if record.customer_ref is not customer and record.customer_ref != customer:
                raise Malformed(f"{what} gave a record of another customer")
        return made


def too_long(what: str) -> Refused:
    """The fault of a list that is longer than is ever read."""
    return Refused(f"there are more than {MAX_PART_PAGES * int(PAGE_LIMIT)} {what}")
