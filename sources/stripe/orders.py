"""What an order of ours is at Stripe: forms, splits, and what came of them. Pure.

Source: Stripe API, Credit notes, Customer balance transactions, Refunds; Stripe, Issue credit notes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sources.canonical.money import Money, NotExact
from sources.faults import Malformed, Refused, Unavailable
from sources.stripe import shapes
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import CREDIT_REASON, OP_ID, UNDOES, Mapping, balance_id, customer_ref
from sources.stripe.money import money, units
from sources.writing import BillingCreditOrder, Order, Receipt, ReceiptState, RefundOrder

LONGEST_VALUE = 500  # Source: Stripe API, Metadata
LONGEST_MEMO = 5000  # Source: Stripe API, Create a credit note
LONGEST_DESCRIPTION = 350  # Source: Stripe API, Create a customer balance transaction

# A reason of ours that is none of Stripe's is kept in the metadata alone.
NOTE_REASONS = {
    "DUPLICATE": "duplicate",
    "SLA_BREACH": "product_unsatisfactory",
    "SERVICE_FAILURE": "product_unsatisfactory",
}
REFUND_STATES = {
    "pending": ReceiptState.PENDING,
    "requires_action": ReceiptState.PENDING,
    "succeeded": ReceiptState.DONE,
    "failed": ReceiptState.FAILED,
    "canceled": ReceiptState.FAILED,  # nobody here cancels one: to us the money has not arrived
}


# How far before an order's first sending a probe looks: Stripe's clock is not ours. Its times are whole seconds.
SLACK_SECONDS = 300


class NotNow(Refused):
    """The invoice, as it stands, can have no credit note; the order may have been carried out before."""


@contextmanager
def unsent() -> Iterator[None]:
    """Around what is read before a write: where that fails, nothing was sent."""
    try:
        yield
    except (Unavailable, Malformed) as fault:
        fault.sent = False
        raise


def since_of(order: Order) -> int:
    """From when on a record of the order may be, in epoch seconds."""
    return int(order.since.timestamp()) - SLACK_SECONDS


def amount_of(order: BillingCreditOrder | RefundOrder) -> int:
    """The order's amount in Stripe's minor units. Raises Refused."""
    try:
        amount = units(order.amount)
    except NotExact as error:
        raise Refused(str(error)) from None
    if amount <= 0:
        raise Refused("an amount to be written must be above zero")
    return amount


def after_payment(invoice: shapes.Invoice, amount: int) -> int:
    """How much of a credit goes to the customer's balance, as the invoice stands; the rest lowers what is owed.

    Raises NotNow where the invoice can have no credit note.
    """
    if invoice.status == "paid":
        return amount
    if invoice.status == "open":
        return max(0, amount - invoice.amount_remaining)
    raise NotNow(f"an invoice that is {invoice.status or 'not issued'} can have no credit note")


def credit_note_form(order: BillingCreditOrder, invoice: shapes.Invoice, amount: int, case_key: str | None) -> Params:
    """A credit note of which the customer gets no mail."""
    reason = NOTE_REASONS.get(order.reason)
    to_balance = after_payment(invoice, amount)
    return (
        ("invoice", invoice.id),
        ("amount", str(amount)),
        *((("credit_amount", str(to_balance)),) if to_balance else ()),
        *((("reason", reason),) if reason else ()),
        ("memo", order.memo[:LONGEST_MEMO]),
        ("email_type", "none"),
        *_metadata(order, {CREDIT_REASON: order.reason, case_key: order.case_number}),
    )


def balance_credit_form(order: BillingCreditOrder, amount: int, case_key: str | None) -> Params:
    """A movement of the customer's balance in the customer's favour, which is below zero."""
    return (
        ("amount", str(-amount)),
        ("currency", order.amount.currency.lower()),
        ("description", order.memo[:LONGEST_DESCRIPTION]),
        *_metadata(order, {CREDIT_REASON: order.reason, case_key: order.case_number}),
    )


def counter_form(order: Order, undone: str, amount: int, currency: str) -> Params:
    """The movement that takes a credit back from the balance; `undone` is the record that it counters."""
    return (
        ("amount", str(amount)),
        ("currency", currency),
        ("description", "Credit taken back"),
        *_metadata(order, {UNDOES: undone}),
    )


def refund_form(order: RefundOrder, charge: str, amount: int, case_key: str | None) -> Params:
    """A refund. Stripe's reason `fraudulent` would block the card as well, so it is never sent."""
    reason = "duplicate" if order.reason.lower() == "duplicate" else "requested_by_customer"
    return (
        ("charge", charge),
        ("amount", str(amount)),
        ("reason", reason),
        *_metadata(order, {case_key: order.case_number}),
    )


def _metadata(order: Order, held: dict[str | None, str | None]) -> Params:
    told = {**held, OP_ID: order.reference}
    return tuple((f"metadata[{key}]", value[:LONGEST_VALUE]) for key, value in told.items() if key and value)


def is_ours(metadata: shapes.Metadata, order: Order) -> bool:
    """Whether a record carries the order's reference."""
    return (metadata or {}).get(OP_ID) == order.reference


def note_receipt(mapping: Mapping, note: shapes.CreditNote, *, countered: bool = False) -> Receipt:
    """The link leads to the invoice, which shows its credit notes."""
    return Receipt(
        record_id=note.id,
        state=ReceiptState.UNDONE if countered or note.status == "void" else ReceiptState.DONE,
        number=note.number,
        url=mapping.url("invoices", note.invoice, note.livemode),
        amount=money(note.amount, note.currency),
    )


def balance_receipt(mapping: Mapping, moved: shapes.BalanceTransaction, *, countered: bool = False) -> Receipt:
    """The link leads to the customer, whose balance it moved."""
    return Receipt(
        record_id=balance_id(moved),
        state=ReceiptState.UNDONE if countered else ReceiptState.DONE,
        url=mapping.url("customers", moved.customer, moved.livemode),
        amount=money(-moved.amount, moved.currency),
    )


def refund_receipt(mapping: Mapping, refund: shapes.Refund, *, livemode: bool) -> Receipt:
    """The link leads to the payment."""
    state = REFUND_STATES.get(refund.status or "", ReceiptState.PENDING)
    failed = state is ReceiptState.FAILED
    return Receipt(
        record_id=refund.id,
        state=state,
        url=mapping.url("payments", refund.payment_intent, livemode),
        amount=money(refund.amount, refund.currency),
        reason=(refund.failure_reason or refund.status) if failed else None,
    )


def of_customer(invoice: shapes.Invoice, order: BillingCreditOrder) -> None:
    """Raises Refused where the invoice is not the customer's, or of another currency."""
    if customer_ref(invoice.customer) != order.customer:
        raise Refused("the invoice is another customer's")
    if invoice.currency.upper() != order.amount.currency:
        raise Refused("the invoice has another currency")


def same_currency(charge: shapes.Charge, amount: Money) -> None:
    """Raises Refused where a payment has another currency: a refund is told without one."""
    if charge.currency.upper() != amount.currency:
        raise Refused("the payment has another currency")
