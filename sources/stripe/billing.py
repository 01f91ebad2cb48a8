"""Subscriptions, invoices, payments and disputes of an account."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from sources.canonical.billing import (
    CustomerSubscription,
    Dispute,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    Payment,
    Refund,
)
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Answer, InvoiceFilter, Page, Window
from sources.paging import OWED
from sources.stripe import shapes
from sources.stripe.batches import each
from sources.stripe.client import PAGE_LIMIT
from sources.stripe.dialect import Params
from sources.stripe.mapping.invoices import VENDOR_STATUSES, invoice_line, invoice_record
from sources.stripe.mapping.payments import dispute_record, payment_record, refund_record
from sources.stripe.mapping.subscriptions import subscription_record
from sources.stripe.reads import MAX_PART_PAGES, Reads, too_long

T = TypeVar("T")


class BillingReads(Reads):
    """SubscriptionReads, InvoiceReads, PaymentReads, DisputeReads."""

    async def subscriptions(self, ids: Sequence[str]) -> Answer[str, CustomerSubscription | None]:
        return await self.by_id(ids, "subscriptions", shapes.Subscription, subscription_record)

    async def subscriptions_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[CustomerSubscription]]:
        params = (("status", "all"),)  # without it the canceled ones are left out
        return await self.of_customers(
            customers, window, "subscriptions", shapes.Subscription, subscription_record, params
        )

    async def invoices(self, ids: Sequence[str]) -> Answer[str, Invoice | None]:
        async def ask(id: str) -> Invoice | None:
            found = await self.client.retrieve("invoices", id, shapes.Invoice, (("expand[]", "payments"),))
            return None if found is None else self.made(invoice_record, await self._paid(found), "/v1/invoices")

        return await each(ids, ask)

    async def invoices_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Invoice]]:
        params = (*_pushed(window.filter), ("expand[]", "data.payments"))
        return await self.of_customers(
            customers, window, "invoices", shapes.Invoice, invoice_record, params, self._paid_invoices
        )

    async def invoice_lines(self, ids: Sequence[str]) -> Answer[str, tuple[InvoiceLine, ...]]:
        async def ask(id: str) -> tuple[InvoiceLine, ...]:
            lines: tuple[shapes.ListedLine, ...] = ()
            cursor: Params = ()
            for _ in range(MAX_PART_PAGES):
                page = await self.client.lines(id, shapes.ListedLine, (("limit", PAGE_LIMIT), *cursor))
                lines += page.data if page else ()
                if page is None or not page.has_more or not page.data:
                    return tuple(self.made(_line, line, "/v1/invoices/{id}/lines") for line in lines)
                cursor = (("starting_after", page.data[-1].id),)
            raise too_long("lines of an invoice")

        return await each(ids, ask)

    async def payments(self, ids: Sequence[str]) -> Answer[str, Payment | None]:
        async def ask(id: str) -> Payment | None:
            found = await self.client.retrieve("charges", id, shapes.Charge, (("expand[]", "refunds"),))
            return None if found is None else self.made(payment_record, await self._refunded(found), "/v1/charges")

        return await each(ids, ask)

    async def payments_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Payment]]:
        params = (("expand[]", "data.refunds"),)
        return await self.of_customers(
            customers, window, "charges", shapes.Charge, payment_record, params, self._refunded_charges
        )

    async def refunds(self, ids: Sequence[str]) -> Answer[str, Refund | None]:
        return await self.by_id(ids, "refunds", shapes.Refund, refund_record)

    async def disputes(self, ids: Sequence[str]) -> Answer[str, Dispute | None]:
        return await self.by_id(ids, "disputes", shapes.Dispute, dispute_record)

    async def disputes_of_payments(self, payments: Sequence[str]) -> Answer[str, tuple[Dispute, ...]]:
        async def ask(payment: str) -> tuple[Dispute, ...]:
            found = await self.all_of("disputes", shapes.Dispute, (("charge", payment),))
            records = [self.made(dispute_record, dispute, "/v1/disputes") for dispute in found]
            return tuple(sorted(records, key=lambda dispute: dispute.position, reverse=True))

        return await each(payments, ask)

    async def _paid_invoices(self, page: shapes.Listing[shapes.Invoice]) -> shapes.Listing[shapes.Invoice]:
        if not [invoice for invoice in page.data if _cut(invoice.payments)]:
            return page
        return msgspec.structs.replace(page, data=tuple([await self._paid(invoice) for invoice in page.data]))

    async def _paid(self, invoice: shapes.Invoice) -> shapes.Invoice:
        """The invoice with all its payments: one call more for each hundred where it has more than ten."""
        if not _cut(invoice.payments):
            return invoice
        found = await self.all_of("invoice_payments", shapes.InvoicePayment, (("invoice", invoice.id),))
        return msgspec.structs.replace(invoice, payments=shapes.Listing(found, has_more=False))

    async def _refunded_charges(self, page: shapes.Listing[shapes.Charge]) -> shapes.Listing[shapes.Charge]:
        if not [charge for charge in page.data if _cut(charge.refunds)]:
            return page
        return msgspec.structs.replace(page, data=tuple([await self._refunded(charge) for charge in page.data]))

    async def _refunded(self, charge: shapes.Charge) -> shapes.Charge:
        """The charge with all its refunds: one call more for each hundred where it has more than ten."""
        if not _cut(charge.refunds):
            return charge
        found = await self.all_of("refunds", shapes.Refund, (("charge", charge.id),))
        return msgspec.structs.replace(charge, refunds=shapes.Listing(found, has_more=False))


def _cut(part: shapes.Listing[Any] | None) -> bool:
    """Whether a list within an object holds only the first of what there is."""
    return part is not None and part.has_more


def _line(_: object, line: shapes.Line) -> InvoiceLine:
    return invoice_line(line)


def _pushed(wanted: object) -> Params:
    """What of a filter Stripe can apply: one status. Source: Stripe API, List all invoices."""
    if not isinstance(wanted, InvoiceFilter):
        return ()
    statuses: frozenset[InvoiceStatus] = wanted.status
    if wanted.overdue:
        statuses = statuses & OWED if statuses else OWED
    words = {VENDOR_STATUSES.get(status) for status in statuses}
    word = words.pop() if len(words) == 1 else None
    return (("status", word),) if word else ()
