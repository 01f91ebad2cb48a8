"""Maps one golden example: Stripe's JSON in, canonical records out, as of Stripe itself and read at a fixed time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from sources.canonical.provenance import Origin
from sources.stripe import legacy_shapes, shapes
from sources.stripe.changes import change_of
from sources.stripe.mapping.common import Mapping
from sources.stripe.mapping.credits import balance_memo, credit_memo
from sources.stripe.mapping.customers import customer_record
from sources.stripe.mapping.invoices import invoice_record
from sources.stripe.mapping.payments import dispute_record, payment_record, refund_record
from sources.stripe.mapping.subscriptions import subscription_record
from sources.stripe.settings import StripeSettings

READ_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SETTINGS = StripeSettings.model_validate(
    {"api_key": "sk_test_example", "fields": {"invoice_number": "metadata.invoice_number"}}
)
OLDER = "older "  # before a type: the JSON is of the older dialect

_MAPPED: dict[str, tuple[Any, Callable[[Mapping, Any], Any]]] = {
    "customer": (shapes.Customer, customer_record),
    "subscription": (shapes.Subscription, subscription_record),
    "invoice": (shapes.Invoice, invoice_record),
    "charge": (shapes.Charge, payment_record),
    "refund": (shapes.Refund, refund_record),
    "credit_note": (shapes.CreditNote, credit_memo),
    "customer_balance_transaction": (shapes.BalanceTransaction, balance_memo),
    "dispute": (shapes.Dispute, dispute_record),
    "event": (shapes.Event, lambda _, event: change_of(event)),
}


def map_example(type: str, input: bytes, origin: Origin) -> Any:
    """`type` is Stripe's word for the object, e.g. credit_note; "older invoice" is one of the older dialect."""
    shape, mapper = _MAPPED[type.removeprefix(OLDER)]
    body = legacy_shapes.modern(input) if type.startswith(OLDER) else input
    return mapper(Mapping.of(origin, SETTINGS, READ_AT), msgspec.json.decode(body, type=shape))
