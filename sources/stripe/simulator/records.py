"""What the simulator keeps of each object: the parts that vary. objects.py makes whole objects of them when asked."""

from decimal import Decimal

import msgspec


class Kept(msgspec.Struct, kw_only=True):
    """What every object has. `sequence` orders objects of the same second: the later one comes first."""

    id: str
    created: int
    customer: str
    sequence: int = 0
    changed: int = 0  # when it last changed: what a search knows of it is older than that by the index's lag
    metadata: dict[str, str] = {}


class Customer(Kept, kw_only=True):
    name: str
    email: str
    phone: str
    address: dict[str, str | None]
    currency: str
    tax_id: tuple[str, str, str] | None = None  # type, value, country
    tax_exempt: str = "none"
    balances: dict[str, int] = {}  # by currency; below zero in the customer's favour
    invoices: int = 0
    deleted: bool = False

    @property
    def balance(self) -> int:
        return self.balances.get(self.currency, 0)


class Subscription(Kept, kw_only=True):
    plan: str
    quantity: int
    unit_amount: Decimal  # in Stripe's minor units
    currency: str
    interval: str
    status: str
    started: int
    period_end: int
    cancel_at: int | None = None
    latest_invoice: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    description: str
    amount: int
    tax: int
    quantity: Decimal
    unit_amount: Decimal


class Invoice(Kept, kw_only=True):
    number: str
    currency: str
    lines: tuple[Line, ...]
    due: int
    effective: int | None = None
    subscription: str | None = None
    status: str = "open"
    paid: int = 0
    overpaid: int = 0
    credited_before_payment: int = 0
    credited_after_payment: int = 0
    attempts: int = 0
    notes: int = 0
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    open_intent: str | None = None  # the payment intent of a failed attempt, which the next attempt goes on with

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.subtotal + self.tax

    @property
    def due_amount(self) -> int:
        return self.total - self.credited_before_payment

    @property
    def remaining(self) -> int:
        return max(0, self.due_amount - self.paid)


class InvoicePayment(Kept, kw_only=True):
    invoice: str
    intent: str
    currency: str
    requested: int
    paid: int | None = None
    status: str = "open"


class Charge(Kept, kw_only=True):
    amount: int
    currency: str
    method: str
    intent: str
    invoice: str
    status: str
    failure: str | None = None
    refunded: int = 0
    disputed: bool = False


class Refund(Kept, kw_only=True):
    charge: str
    intent: str
    amount: int
    currency: str
    reason: str | None
    status: str
    failure: str | None = None


class CreditNote(Kept, kw_only=True):
    invoice: str
    number: str
    amount: int
    before_payment: int
    after_payment: int
    currency: str
    reason: str | None
    memo: str | None
    balance_transaction: str | None
    status: str = "issued"
    out_of_band: int | None = None
    voided_at: int | None = None


class BalanceTransaction(Kept, kw_only=True):
    amount: int
    currency: str
    type: str
    ending_balance: int
    description: str | None = None
    credit_note: str | None = None
    invoice: str | None = None


class Dispute(Kept, kw_only=True):
    charge: str
    intent: str
    amount: int
    currency: str
    reason: str
    status: str


class Event(Kept, kw_only=True):
    type: str
    shelf: str  # where the object is that it is about
    subject: str
    idempotency_key: str | None = None  # of the request that it came from
