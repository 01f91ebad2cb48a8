"""Invoices. Source: Stripe API, Invoices, Invoice line items."""

from datetime import date
from decimal import Decimal

from sources.canonical.billing import Invoice, InvoiceLine, InvoiceStatus
from sources.canonical.money import Money
from sources.stripe import shapes
from sources.stripe.mapping.common import Mapping, day_or_none, held, moment
from sources.stripe.money import Scale, scale_of

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
    status, scale = _status(invoice), scale_of(invoice.currency)
    owed = 0 if status is InvoiceStatus.VOID else invoice.amount_remaining
    number = invoice.number or held(invoice.metadata, mapping.invoice_number_key) or invoice.id
    return Invoice(
        provenance=mapping.stamp(invoice.id, mapping.url("invoices", invoice.id, invoice.livemode)),
        at=moment(invoice.created),
        customer_ref=mapping.owner(invoice.customer),
        number=number,
        status=status,
        vendor_status=invoice.status,
        issued_at=_issued(invoice, status),
        due_at=day_or_none(invoice.due_date),
        total=scale.money(invoice.total),
        tax=_tax(invoice, scale),
        amount_paid=scale.money(invoice.amount_paid),
        balance=scale.money(owed),
        lines=None if invoice.lines.has_more else tuple([invoice_line(line) for line in invoice.lines.data]),
        payment_refs=_payment_refs(invoice),
    )


def invoice_line(line: shapes.Line) -> InvoiceLine:
    """A line. Its tax rate is an id to Stripe, so the percentage is not told."""
    scale, total = scale_of(line.currency), line.amount
    for tax in line.taxes or ():
        if tax.tax_behavior == "inclusive":
            total -= tax.amount
    unit = line.pricing.unit_amount_decimal if line.pricing else None
    return InvoiceLine(
        description=line.description or "",
        quantity=line.quantity_decimal if line.quantity_decimal is not None else _decimal(line.quantity),
        unit_price=None if unit is None else scale.major(unit),
        total=scale.money(total),
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


def _tax(invoice: shapes.Invoice, scale: Scale) -> Money | None:
    if invoice.total_taxes is None:
        return None
    return scale.money(sum([tax.amount for tax in invoice.total_taxes]))


def _payment_refs(invoice: shapes.Invoice) -> tuple[str, ...]:
    if invoice.payments is None:
        return ()
    paid_by = [held.payment for held in invoice.payments.data]
    refs = [id for by in paid_by for id in (by.payment_intent, by.charge, by.payment_record) if id]
    return tuple(dict.fromkeys(refs))
