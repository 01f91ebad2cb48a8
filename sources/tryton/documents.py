"""Tryton's customer invoices as canonical invoices, credit memos and ledger documents.

A credit note is an invoice of the type "out" with a negative total. Source: Tryton, account_invoice.
"""

from datetime import date, datetime
from decimal import Decimal

from sources.canonical.billing import CreditMemo, CreditMemoStatus, Invoice, InvoiceLine, InvoiceStatus
from sources.canonical.erp import LedgerDocument
from sources.canonical.money import Money
from sources.tryton import shapes
from sources.tryton.mapping import Mapper, money, ref_of
from sources.tryton.values import midnight
from sources.writing import workflow_of

MODEL = "account.invoice"
OWED_OR_PAID = frozenset(["posted", "paid"])
UNISSUED = frozenset(["draft", "validated"])
PERCENT = Decimal(100)


def is_credit(record: shapes.Invoice) -> bool:
    """Whether it is a credit note."""
    return record.total_amount.decimal < 0


def at_of(record: shapes.Invoice) -> datetime:
    """Where it stands in its customer's list: the day printed on it, or when it was drafted."""
    return record.invoice_date.midnight if record.invoice_date else record.create_date.at


def due_of(record: shapes.Invoice) -> date | None:
    """The day by which the next unpaid part of it is due; that of the last part where all are paid."""
    unpaid = [part.maturity_date.date for part in record.to_pay if part.maturity_date and part.reconciliation is None]
    if unpaid:
        return min(unpaid)
    return max([part.maturity_date.date for part in record.to_pay if part.maturity_date], default=None)


def invoice(record: shapes.Invoice, mapper: Mapper, fetched_at: datetime) -> Invoice:
    """An invoice. A draft has no number: it is called as Tryton calls it, by its id."""
    currency = record.currency.code
    total, balance = money(record.total_amount, currency), _balance(record)
    return Invoice(
        provenance=mapper.stamp(MODEL, record, fetched_at),
        at=at_of(record),
        customer_ref=ref_of(record.party),
        number=record.number or f"({record.id})",
        status=_status(record, total, balance),
        vendor_status=record.state,
        issued_at=record.invoice_date.date if record.invoice_date else None,
        due_at=due_of(record),
        total=total,
        tax=money(record.tax_amount, currency),
        amount_paid=total - balance if record.state in OWED_OR_PAID else None,
        balance=balance,
        reference=record.reference or None,
    )


def _balance(record: shapes.Invoice) -> Money:
    """What is owed. A draft owes its total; Tryton says 0 of whatever is not posted."""
    owed = record.total_amount if record.state in UNISSUED else record.amount_to_pay
    return money(owed, record.currency.code)


def _status(record: shapes.Invoice, total: Money, balance: Money) -> InvoiceStatus:
    if record.state == "posted":
        if balance.minor <= 0:
            return InvoiceStatus.PAID
        return InvoiceStatus.OPEN if balance == total else InvoiceStatus.PARTIALLY_PAID
    if record.state in UNISSUED:
        return InvoiceStatus.DRAFT
    return {"paid": InvoiceStatus.PAID, "cancelled": InvoiceStatus.VOID}.get(record.state, InvoiceStatus.OTHER)


def credit_memo(record: shapes.Invoice, mapper: Mapper, fetched_at: datetime) -> CreditMemo:
    """A credit note, its amounts positive."""
    currency = record.currency.code
    return CreditMemo(
        provenance=mapper.stamp(MODEL, record, fetched_at),
        at=at_of(record),
        customer_ref=ref_of(record.party),
        number=record.number,
        status=_credit_status(record),
        vendor_status=record.state,
        amount=-money(record.total_amount, currency),
        remaining=None if record.state == "cancelled" else -_balance(record),
        reason=record.description or None,
        issued_at=at_of(record),
        invoice_ref=str(record.origin_invoices[0]) if record.origin_invoices else None,
        reference=record.reference if workflow_of(record.reference) else None,
    )


def _credit_status(record: shapes.Invoice) -> CreditMemoStatus:
    if record.state == "posted":
        return CreditMemoStatus.ISSUED if record.amount_to_pay.decimal else CreditMemoStatus.APPLIED
    if record.state in UNISSUED:
        return CreditMemoStatus.DRAFT
    return {"paid": CreditMemoStatus.APPLIED, "cancelled": CreditMemoStatus.VOID}.get(
        record.state, CreditMemoStatus.OTHER
    )


def ledger_document(record: shapes.Invoice, mapper: Mapper, fetched_at: datetime) -> LedgerDocument:
    """An invoice or credit note as the ledger has it; amounts positive."""
    total, balance = money(record.total_amount, record.currency.code), _balance(record)
    sign = -1 if is_credit(record) else 1
    posted = record.move.post_date if record.move else None
    return LedgerDocument(
        record_id=str(record.id),
        number=record.number,
        reference=record.reference or None,
        customer_ref=ref_of(record.party),
        total=Money(sign * total.minor, total.currency),
        balance=Money(sign * balance.minor, total.currency),
        settled=record.state == "paid" or (record.state == "posted" and not balance.minor),
        canceled=record.state == "cancelled",
        posted_at=midnight(posted.date) if posted else None,
        provenance=mapper.stamp(MODEL, record, fetched_at),
    )


def invoice_line(line: shapes.InvoiceLine) -> InvoiceLine:
    """A line; the rate is the sum of its percentages, None where a tax is no percentage."""
    rates = [tax.rate.decimal * PERCENT if tax.type == "percentage" and tax.rate else None for tax in line.taxes]
    return InvoiceLine(
        description=line.description or "",
        quantity=line.quantity,
        unit_price=line.unit_price.decimal if line.unit_price else None,
        total=money(line.amount.decimal if line.amount else Decimal(0), line.invoice.currency.code),
        tax_rate=None if None in rates else sum((rate for rate in rates if rate is not None), Decimal(0)),
    )
