"""Invoices. Source: Stripe API, Invoices, Invoice line items."""

from datetime import date
from decimal import Decimal

from sources.canonical.billing import Invoice, InvoiceLine, InvoiceStatus
from sources.canonical.money import Money
from sources.stripe import shapes
from sources.stripe.mapping.common import Mapping, customer_ref, day_or_none, held, moment
from sources.stripe.money import major, money

STATUSES = {
    "draft": InvoiceStatus.DRAFT,
    "open": InvoiceStatus.OPEN,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}
VENDOR_STATUSES = {status: word for word, status in STATUSES.items()} | {InvoiceStatus.PARTIALLY_PAID: "open"}


def invoice_record(mapping: Mapping, invoice: shapes.Invoice) -> Invoice:
    """An invoice; its lines are None where Stripe gave only the first of them."""
    status, currency = _status(invoice), invoice.currency
    owed = 0 if status is InvoiceStatus.VOID else invoice.amount_remaining
    number = invoice.number or held(invoice.metadata, mapping.invoice_number_key) or invoice.id
    return Invoice(
        provenance=mapping.stamp(invoice.id, mapping.url("invoices", invoice.id, invoice.livemode)),
        at=moment(invoice.created),
        customer_ref=customer_ref(invoice.customer),
        number=number,
        status=status,
        vendor_status=invoice.status,
        issued_at=_issued(invoice, status),
        due_at=day_or_none(invoice.due_date),
        total=money(invoice.total, currency),
        tax=_tax(invoice),
        amount_paid=money(invoice.amount_paid, currency),
        balance=money(owed, currency),
        lines=None if invoice.lines.has_more else tuple(invoice_line(line) for line in invoice.lines.data),
        payment_refs=_payment_refs(invoice),
    )


def invoice_line(line: shapes.Line) -> InvoiceLine:
    """A line. Its tax rate is an id to Stripe, so the percentage is not told."""
    inclusive = sum(tax.amount for tax in line.taxes or () if tax.tax_behavior == "inclusive")
    unit = line.pricing.unit_amount_decimal if line.pricing else None
    return InvoiceLine(
        description=line.description or "",
        quantity=line.quantity_decimal if line.quantity_decimal is not None else _decimal(line.quantity),
        unit_price=None if unit is None else major(unit, line.currency),
        total=money(line.amount - inclusive, line.currency),
    )


def _decimal(quantity: int | None) -> Decimal | None:
    return None if quantity is None else Decimal(quantity)


def _status(invoice: shapes.Invoice) -> InvoiceStatus:
    status = STATUSES.get(invoice.status or "", InvoiceStatus.OTHER)
    reduced = invoice.amount_paid > 0 or invoice.pre_payment_credit_notes_amount > 0
    return InvoiceStatus.PARTIALLY_PAID if status is InvoiceStatus.OPEN and reduced else status


def _issued(invoice: shapes.Invoice, status: InvoiceStatus) -> date | None:
    if status is InvoiceStatus.DRAFT:
        return None
    return day_or_none(invoice.effective_at or invoice.status_transitions.finalized_at or invoice.created)


def _tax(invoice: shapes.Invoice) -> Money | None:
    if invoice.total_taxes is None:
        return None
    return money(sum(tax.amount for tax in invoice.total_taxes), invoice.currency)


def _payment_refs(invoice: shapes.Invoice) -> tuple[str, ...]:
    paid_by = [held.payment for held in (invoice.payments.data if invoice.payments else ())]
    refs = (id for by in paid_by for id in (by.payment_intent, by.charge, by.payment_record) if id)
    return tuple(dict.fromkeys(refs))
