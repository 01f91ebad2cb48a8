"""Customers of an account, by id, by number, all of them; and whose a document is."""

from collections.abc import AsyncIterator, Sequence

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Answer, CustomerBatch
from sources.faults import SourceFault
from sources.stripe import shapes
from sources.stripe.batches import each
from sources.stripe.client import PAGE_LIMIT, CursorGone
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import CUSTOMER, customer_ref
from sources.stripe.mapping.customers import customer_record, deleted_record
from sources.stripe.reads import Reads

CLAUSES = 10  # of a search. Source: Stripe, Search: at most ten, joined by OR or by AND
MAX_SEARCH_PAGES = 5


class CustomersReads(Reads):
    """CustomerReads and DocumentSearch."""

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, CustomerRecord | None]:
        async def ask(ref: CustomerRef) -> CustomerRecord | None:
            if ref.type != CUSTOMER:
                return None
            response = await self.client.retrieve_raw("customers", ref.id, (("expand[]", "tax_ids"),))
            if response is None:
                return None
            what = "/v1/customers/{id}"
            if self.client.decode(response, shapes.MaybeDeleted, what).deleted:
                return deleted_record(ref.id)
            return self.made(customer_record, self.client.decode(response, shapes.Customer, what), what)

        return await each(refs, ask)

    async def customers_by_number(self, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]:
        """By search, ten numbers a call; a customer made or changed within the last minute may not be found yet."""
        distinct = list(dict.fromkeys(numbers))
        groups = [tuple(distinct[at : at + CLAUSES]) for at in range(0, len(distinct), CLAUSES)]
        found = await each(groups, self._group)
        answer: dict[str, tuple[CustomerRecord, ...] | SourceFault] = {}
        for group, records in found.items():
            for number in group:
                answer[number] = records if isinstance(records, SourceFault) else records[number]
        return answer

    async def _group(self, numbers: tuple[str, ...]) -> dict[str, tuple[CustomerRecord, ...]]:
        key = self.settings.number_key
        query = " OR ".join(f"metadata['{key}']:{quoted(number)}" for number in numbers)
        found: dict[str, list[CustomerRecord]] = {number: [] for number in numbers}
        page: Params = ()
        for _ in range(MAX_SEARCH_PAGES):
            result = await self.client.search(
                "customers", query, shapes.Customer, (("expand[]", "data.tax_ids"), *page)
            )
            for customer in result.data:
                record = self.made(customer_record, customer, "/v1/customers/search")
                if record.number in found:
                    found[record.number].append(record)
            if not result.has_more or not result.next_page:
                break
            page = (("page", result.next_page),)
        return {number: tuple(records) for number, records in found.items()}

    async def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]:
        """All customers, a hundred a call, newest first. `resume` is the last customer's id and time."""
        mark = resume
        while True:
            listing = await self._part(mark)
            records = tuple(self.made(customer_record, customer, "/v1/customers") for customer in listing.data)
            last = listing.data[-1] if listing.data and listing.has_more else None
            mark = f"{last.id}:{last.created}" if last else None
            yield CustomerBatch(records, mark, listing.total_count)
            if mark is None:
                return

    async def _part(self, mark: str | None) -> shapes.Listing[shapes.Customer]:
        params = (("limit", PAGE_LIMIT), ("expand[]", "data.tax_ids"))
        if mark is None:
            return await self._customers(params)
        id, _, created = mark.rpartition(":")
        try:
            return await self._customers((*params, ("starting_after", id)))
        except CursorGone:  # deleted meanwhile; those of its second come again, which is harmless
            return await self._customers((*params, ("created[lte]", created)))

    async def _customers(self, params: Params) -> shapes.Listing[shapes.Customer]:
        found = await self.client.listing("customers", shapes.Customer, params)
        return found or shapes.Listing(data=(), has_more=False)

    async def customers_of_document(self, number: str) -> tuple[CustomerRef, ...]:
        """Whose invoice carries the number. Raises NotOffered where the server has no search."""
        clauses = [f"number:{quoted(number)}"]
        if key := self.settings.metadata_key("invoice_number"):
            clauses.append(f"metadata['{key}']:{quoted(number)}")
        result = await self.client.search("invoices", " OR ".join(clauses), shapes.Invoice)
        refs = (customer_ref(invoice.customer) for invoice in result.data)
        return tuple(dict.fromkeys(ref for ref in refs if ref))


def quoted(value: str) -> str:
    """A string of the search language. Source: Stripe, Search query language: quotes are escaped by a backslash."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
