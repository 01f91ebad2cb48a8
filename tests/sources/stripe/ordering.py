"""Orders to a Stripe account, told shortly."""

import uuid
from datetime import UTC, datetime
from typing import Any

from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.writing import BillingCreditOrder, RefundOrder, reference_of


def told(**changes: Any) -> dict[str, Any]:
    common = {"key": uuid.uuid4().hex, "reference": reference_of(uuid.uuid4().hex, "billing_credit"),
              "since": datetime.now(UTC)}  # fmt: skip
    return {**common, **changes}


def credit(
    customer: CustomerRef, minor: int, invoice: str | None = None, currency: str = "EUR", **changes: Any
) -> BillingCreditOrder:
    fields = told(customer=customer, amount=Money(minor, currency), invoice_id=invoice, reason="SLA_BREACH",
                  case_number="4711", memo="Credit: SLA_BREACH")  # fmt: skip
    return BillingCreditOrder(**{**fields, **changes})


def refund(payment: str, minor: int, currency: str = "EUR", **changes: Any) -> RefundOrder:
    fields = told(payment_id=payment, amount=Money(minor, currency), reason="paid twice", case_number="4711")
    return RefundOrder(**{**fields, **changes})
