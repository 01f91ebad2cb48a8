"""Billing: subscriptions, invoices, payments, refunds, credit memos, disputes."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import msgspec

from sources.canonical.money import Money
from sources.canonical.provenance import Listed
from sources.canonical.sensitivity import Financial, Hidden, Sensitivity, classified


class SubscriptionStatus(Enum):
    """Where a subscription stands."""

    TRIALING = "TRIALING"
    """In its trial."""
    ACTIVE = "ACTIVE"
    """Running and paid."""
    PAST_DUE = "PAST_DUE"
    """Running, the last payment failed."""
    PAUSED = "PAUSED"
    """Paused; nothing is charged."""
    UNPAID = "UNPAID"
    """Payment was given up; invoices stay open."""
    CANCELED = "CANCELED"
    """Ended."""
    INCOMPLETE = "INCOMPLETE"
    """The first payment has not succeeded."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


class InvoiceStatus(Enum):
    """Where an invoice stands."""

    DRAFT = "DRAFT"
    """Not issued yet."""
    OPEN = "OPEN"
    """Issued, nothing paid."""
    PARTIALLY_PAID = "PARTIALLY_PAID"
    """Issued, part of it paid or credited."""
    PAID = "PAID"
    """Nothing is owed any more."""
    VOID = "VOID"
    """Withdrawn."""
    UNCOLLECTIBLE = "UNCOLLECTIBLE"
    """Given up."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


class PaymentStatus(Enum):
    """Where a payment stands."""

    PENDING = "PENDING"
    """Under way."""
    REQUIRES_ACTION = "REQUIRES_ACTION"
    """The customer must do something."""
    SUCCEEDED = "SUCCEEDED"
    """The money was taken."""
    FAILED = "FAILED"
    """The money was not taken."""
    CANCELED = "CANCELED"
    """Called off."""
    REFUNDED = "REFUNDED"
    """Given back in full."""
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    """Given back in part."""
    DISPUTED = "DISPUTED"
    """A chargeback is open or was lost."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


class RefundStatus(Enum):
    """Where a refund stands; it can fail days after it was accepted."""

    PENDING = "PENDING"
    """Under way."""
    REQUIRES_ACTION = "REQUIRES_ACTION"
    """The customer must do something."""
    SUCCEEDED = "SUCCEEDED"
    """Sent."""
    FAILED = "FAILED"
    """It did not reach the customer."""
    CANCELED = "CANCELED"
    """Called off."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


class CreditMemoStatus(Enum):
    """Where a credit memo stands."""

    DRAFT = "DRAFT"
    """Not issued yet."""
    ISSUED = "ISSUED"
    """Issued, something of it remains."""
    APPLIED = "APPLIED"
    """Used up."""
    VOID = "VOID"
    """Withdrawn."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


class DisputeKind(Enum):
    """Who opened a dispute."""

    CHARGEBACK = "CHARGEBACK"
    """A card network."""
    INVOICE = "INVOICE"
    """We, on the customer's behalf."""


class DisputeStatus(Enum):
    """Where a dispute stands."""

    OPEN = "OPEN"
    """An answer is due."""
    UNDER_REVIEW = "UNDER_REVIEW"
    """Somebody decides."""
    WON = "WON"
    """Decided for us."""
    LOST = "LOST"
    """Decided for the customer."""
    WITHDRAWN = "WITHDRAWN"
    """Called off."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


@classified(Sensitivity.INTERNAL)
class CustomerSubscription(Listed, frozen=True, kw_only=True):
    """What a customer pays for again and again."""

    status: SubscriptionStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    plan: str
    """What is subscribed."""
    quantity: int | None = None
    """How many of it."""
    recurring: Financial[Money | None] = None
    """What is charged in each interval."""
    interval: str | None = None
    """How often it is charged, e.g. "month" or "3 months"."""
    started_at: datetime | None = None
    """When it began."""
    current_period_end: datetime | None = None
    """When the paid period ends."""
    next_charge_at: datetime | None = None
    """When it is charged next; null where it will not be."""
    cancel_at: datetime | None = None
    """When it will end, where that is decided."""
    payment_method: str | None = None
    """How it is paid, e.g. "visa 4242" or "send_invoice"."""


@classified(Sensitivity.FINANCIAL)
class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an invoice; unitPrice is a decimal of any scale in the invoice's currency."""

    description: str
    """What was sold."""
    quantity: Decimal | None = None
    """How many of it."""
    unit_price: Decimal | None = None
    """What one costs, in the invoice's currency, of any scale."""
    total: Money
    """The line's amount, before tax."""
    tax_rate: Decimal | None = None
    """The tax rate as a percentage."""


@classified(Sensitivity.FINANCIAL)
class Invoice(Listed, frozen=True, kw_only=True):
    """A demand for payment, as its system of record has it."""

    number: str
    """The number printed on it."""
    status: InvoiceStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    issued_at: date | None = None
    """The date printed on it."""
    due_at: date | None = None
    """By when it is to be paid."""
    total: Money
    """The gross amount, tax included."""
    tax: Money | None = None
    """The tax in it."""
    amount_paid: Money | None = None
    """What was paid so far."""
    balance: Money
    """What is still owed."""
    lines: Hidden[tuple[InvoiceLine, ...] | None] = None  # None: ask InvoiceReads.invoice_lines
    reference: Hidden[str | None] = None  # another system's number for the same document
    payment_refs: Hidden[tuple[str, ...]] = ()  # match Payment.refs


@classified(Sensitivity.FINANCIAL)
class Refund(Listed, frozen=True, kw_only=True):
    """Money given back for a payment."""

    status: RefundStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    amount: Money
    """What was given back."""
    reason: str | None = None
    """Why."""
    failure_reason: str | None = None
    """Why it failed, where it did."""
    created_at: datetime
    """When it was asked for."""
    payment_ref: Hidden[str | None] = None  # one of Payment.refs
    reference: Hidden[str | None] = None  # which workflow and step of ours made it, where one did


@classified(Sensitivity.FINANCIAL)
class Payment(Listed, frozen=True, kw_only=True):
    """Money taken, or the attempt to take it."""

    status: PaymentStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    amount: Money
    """What was asked for."""
    refundable: Money | None = None
    """Captured minus refunded; null where that is not known."""
    method: str | None = None
    """How it was paid, e.g. "visa 4242"."""
    failure_reason: str | None = None
    """Why it failed, where it did."""
    paid_at: datetime | None = None
    """When the money was taken."""
    refs: Hidden[tuple[str, ...]] = ()  # every id by which invoices, refunds and disputes name this payment
    refunds: Hidden[tuple[Refund, ...]] = ()
    disputed: Hidden[bool] = False


@classified(Sensitivity.FINANCIAL)
class CreditMemo(Listed, frozen=True, kw_only=True):
    """A credit given to a customer."""

    number: str | None = None
    """The number printed on it."""
    status: CreditMemoStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    amount: Money
    """The gross amount, tax included; positive."""
    remaining: Money | None = None
    """What of it is not used yet."""
    reason: str | None = None
    """Why it was given."""
    issued_at: datetime
    """When it was given."""
    invoice_ref: Hidden[str | None] = None  # the invoice's record id in the same source
    case_number: Hidden[str | None] = None
    reference: Hidden[str | None] = None  # which workflow and step of ours made it, where one did


@classified(Sensitivity.FINANCIAL)
class Dispute(Listed, frozen=True, kw_only=True):
    """A claim that money was taken wrongly."""

    kind: DisputeKind
    """Who opened it."""
    status: DisputeStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    amount: Money
    """What is claimed."""
    reason: str | None = None
    """Why it is claimed."""
    opened_at: datetime
    """When it was opened."""
    resolved_at: datetime | None = None
    """When it was decided."""
    payment_ref: Hidden[str | None] = None  # one of Payment.refs
