"""Stripe's JSON of version 2026-10-28.endive: the fields that we read, required where Stripe promises them.

Source: Stripe API reference, and the response classes of Stripe's own SDK for that version. Amounts are integers in
Stripe's minor units (money.py), times are epoch seconds. An answer is a tree, so no collector need look at it.
"""

from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
Metadata = dict[str, str] | None


class Listing(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A list, or a list within an object, which holds the first ten."""

    data: tuple[T, ...]
    has_more: bool
    total_count: int | None = None  # servers of the older dialect only


class SearchResult(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """What a search found."""

    data: tuple[T, ...]
    has_more: bool
    next_page: str | None = None


class Address(msgspec.Struct, frozen=True, gc=False):
    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


class Shipping(msgspec.Struct, frozen=True, gc=False):
    address: Address | None = None


class Verification(msgspec.Struct, frozen=True, gc=False):
    status: str


class TaxId(msgspec.Struct, frozen=True, gc=False):
    type: str
    value: str
    verification: Verification | None = None


class Customer(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    livemode: bool
    name: str | None = None
    description: str | None = None
    email: str | None = None
    phone: str | None = None
    address: Address | None = None
    shipping: Shipping | None = None
    metadata: Metadata = None
    tax_ids: Listing[TaxId] | None = None  # only where asked for by expand


class MaybeDeleted(msgspec.Struct, frozen=True, gc=False):
    """What a deleted customer is still known by."""

    id: str
    deleted: bool = False


class Recurring(msgspec.Struct, frozen=True, gc=False):
    interval: str
    interval_count: int = 1


class Price(msgspec.Struct, frozen=True, gc=False):
    id: str
    currency: str
    nickname: str | None = None
    lookup_key: str | None = None
    recurring: Recurring | None = None
    unit_amount_decimal: Decimal | None = None


class SubscriptionItem(msgspec.Struct, frozen=True, gc=False):
    price: Price
    current_period_end: int
    quantity: int | None = None


class PauseCollection(msgspec.Struct, frozen=True, gc=False):
    behavior: str


class Subscription(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    customer: str
    status: str
    items: Listing[SubscriptionItem]
    cancel_at_period_end: bool
    collection_method: str
    start_date: int
    cancel_at: int | None = None
    pause_collection: PauseCollection | None = None


class Tax(msgspec.Struct, frozen=True, gc=False):
    amount: int
    tax_behavior: str = "exclusive"


class Pricing(msgspec.Struct, frozen=True, gc=False):
    unit_amount_decimal: Decimal | None = None


class Line(msgspec.Struct, frozen=True, gc=False):
    amount: int
    currency: str
    description: str | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    pricing: Pricing | None = None
    taxes: tuple[Tax, ...] | None = None


class ListedLine(Line, frozen=True, gc=False, kw_only=True):
    """One of a page of lines, at which the next page begins."""

    id: str


class PaymentOfInvoice(msgspec.Struct, frozen=True, gc=False):
    payment_intent: str | None = None
    charge: str | None = None
    payment_record: str | None = None


class InvoicePayment(msgspec.Struct, frozen=True, gc=False):
    id: str
    payment: PaymentOfInvoice


class StatusTransitions(msgspec.Struct, frozen=True, gc=False):
    finalized_at: int | None = None


class Invoice(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    livemode: bool
    status: str | None
    currency: str
    total: int
    amount_paid: int
    amount_remaining: int
    lines: Listing[Line]
    status_transitions: StatusTransitions
    customer: str | None = None
    number: str | None = None
    due_date: int | None = None
    effective_at: int | None = None
    pre_payment_credit_notes_amount: int = 0
    total_taxes: tuple[Tax, ...] | None = None
    payments: Listing[InvoicePayment] | None = None  # only where asked for by expand
    metadata: Metadata = None


class Refund(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    amount: int
    currency: str
    status: str | None = None
    charge: str | None = None
    payment_intent: str | None = None
    customer: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    metadata: Metadata = None


class LastDigits(msgspec.Struct, frozen=True, gc=False):
    brand: str | None = None
    last4: str | None = None


class MethodDetails(msgspec.Struct, frozen=True, gc=False):
    type: str
    card: LastDigits | None = None
    sepa_debit: LastDigits | None = None
    us_bank_account: LastDigits | None = None


class Charge(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    livemode: bool
    amount: int
    amount_captured: int
    amount_refunded: int
    captured: bool
    refunded: bool
    disputed: bool
    currency: str
    status: str
    customer: str | None = None
    payment_intent: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    payment_method_details: MethodDetails | None = None
    refunds: Listing[Refund] | None = None  # only where asked for by expand


class CreditNote(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    livemode: bool
    customer: str
    amount: int
    currency: str
    number: str
    status: str
    type: str
    invoice: str | None = None
    effective_at: int | None = None
    reason: str | None = None
    memo: str | None = None
    customer_balance_transaction: str | None = None
    pre_payment_amount: int = 0
    post_payment_amount: int = 0
    metadata: Metadata = None


class BalanceTransaction(msgspec.Struct, frozen=True, gc=False):
    """What moved a customer's balance: below zero in the customer's favour."""

    id: str
    created: int
    livemode: bool
    customer: str
    amount: int
    currency: str
    type: str
    ending_balance: int
    description: str | None = None
    metadata: Metadata = None


class Dispute(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    amount: int
    currency: str
    status: str
    charge: str
    reason: str | None = None


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What an event is about; the rest of it is not read: the record is fetched anew."""

    object: str
    id: str | None = None
    customer: str | None = None


class EventData(msgspec.Struct, frozen=True, gc=False):
    object: Subject


class Event(msgspec.Struct, frozen=True, gc=False):
    id: str
    created: int
    type: str
    data: EventData


class ErrorDetail(msgspec.Struct, frozen=True, gc=False):
    type: str | None = None
    code: str | None = None
    param: str | None = None
    message: str | None = None


class ErrorBody(msgspec.Struct, frozen=True, gc=False):
    """Every error of Stripe's. Source: Stripe API, Errors."""

    error: ErrorDetail


class Moded(msgspec.Struct, frozen=True, gc=False):
    """Any object: whether it is of live mode."""

    livemode: bool | None = None
