"""Charges, refunds and disputes. Source: Stripe API, Charges, Refunds, Disputes.

A payment is a charge. A payment intent that never came to a charge is not among the payments: listing the intents as
well would double the calls for what mostly repeats the charges.
"""

from sources.canonical.billing import (
    Dispute,
    DisputeKind,
    DisputeStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from sources.stripe import shapes
from sources.stripe.mapping.common import OP_ID, Mapping, held, moment
from sources.stripe.money import money, scale_of

REFUND_STATUSES = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.REQUIRES_ACTION,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}
DISPUTE_STATUSES = {
    "warning_needs_response": DisputeStatus.OPEN,
    "needs_response": DisputeStatus.OPEN,
    "appeal_needs_response": DisputeStatus.OPEN,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "appeal_under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "warning_closed": DisputeStatus.WITHDRAWN,
}

WITH_DIGITS = frozenset(["card", "sepa_debit", "us_bank_account"])  # kinds of methods whose last digits are read


def payment_record(mapping: Mapping, charge: shapes.Charge) -> Payment:
    """A charge with its refunds. A dispute leaves open what may still be refunded, so that is not told."""
    succeeded = charge.status == "succeeded"
    left = charge.amount_captured - charge.amount_refunded
    scale, created = scale_of(charge.currency), moment(charge.created)
    return Payment(
        provenance=mapping.stamp(charge.id, mapping.url("payments", charge.payment_intent, charge.livemode)),
        at=created,
        customer_ref=mapping.owner(charge.customer),
        status=_status(charge),
        vendor_status=charge.status,
        amount=scale.money(charge.amount),
        refundable=scale.money(max(0, left)) if succeeded and not charge.disputed else None,
        method=_method(charge.payment_method_details),
        failure_reason=charge.failure_code or charge.failure_message,
        paid_at=created if succeeded and charge.captured else None,
        refs=(charge.id, charge.payment_intent) if charge.payment_intent else (charge.id,),
        refunds=_refunds(mapping, charge),
        disputed=charge.disputed,
    )


def _status(charge: shapes.Charge) -> PaymentStatus:
    if charge.status in ("pending", "failed"):
        return PaymentStatus.PENDING if charge.status == "pending" else PaymentStatus.FAILED
    if charge.status != "succeeded":
        return PaymentStatus.OTHER
    if charge.disputed:
        return PaymentStatus.DISPUTED
    if not charge.captured:  # authorized only; released again where it counts as refunded
        return PaymentStatus.CANCELED if charge.refunded else PaymentStatus.PENDING
    if charge.refunded:
        return PaymentStatus.REFUNDED
    return PaymentStatus.PARTIALLY_REFUNDED if charge.amount_refunded else PaymentStatus.SUCCEEDED


def _method(details: shapes.MethodDetails | None) -> str | None:
    if details is None:
        return None
    digits: shapes.LastDigits | None = getattr(details, details.type) if details.type in WITH_DIGITS else None
    if digits is None or not digits.last4:
        return details.type
    return f"{digits.brand or details.type} {digits.last4}"


def _refunds(mapping: Mapping, charge: shapes.Charge) -> tuple[Refund, ...]:
    if charge.refunds is None or not charge.refunds.data:
        return ()
    records = [refund_record(mapping, refund, charge.customer) for refund in charge.refunds.data]
    return tuple(sorted(records, key=lambda refund: refund.position, reverse=True))


def refund_record(mapping: Mapping, refund: shapes.Refund, customer: str | None = None) -> Refund:
    """A refund; `customer` is the customer of its charge, where that is at hand."""
    created = moment(refund.created)
    return Refund(
        provenance=mapping.stamp(refund.id),
        at=created,
        customer_ref=mapping.owner(refund.customer or customer),
        status=REFUND_STATUSES.get(refund.status or "", RefundStatus.OTHER),
        vendor_status=refund.status,
        amount=money(refund.amount, refund.currency),
        reason=refund.reason,
        failure_reason=refund.failure_reason,
        created_at=created,
        payment_ref=refund.charge or refund.payment_intent,
        reference=held(refund.metadata, OP_ID),
    )


def dispute_record(mapping: Mapping, dispute: shapes.Dispute) -> Dispute:
    """A chargeback, or a bank's inquiry before one. When it was decided Stripe does not tell."""
    return Dispute(
        provenance=mapping.stamp(dispute.id),
        at=moment(dispute.created),
        kind=DisputeKind.CHARGEBACK,
        status=DISPUTE_STATUSES.get(dispute.status, DisputeStatus.OTHER),
        vendor_status=dispute.status,
        amount=money(dispute.amount, dispute.currency),
        reason=dispute.reason,
        opened_at=moment(dispute.created),
        payment_ref=dispute.charge,
    )
