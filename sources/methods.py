"""The methods of capabilities.py by name: whose protocol, which kind of record, which value a key holds."""

import typing
from typing import Any

import msgspec

from sources import capabilities as c
from sources.cache import Codec
from sources.faults import SourceFault

# The kind of record that a protocol reads; configuration speaks of these kinds.
KINDS: dict[type, str] = {
    c.CaseReads: "case",
    c.ContactReads: "contact",
    c.ContractReads: "contract",
    c.OpportunityReads: "opportunity",
    c.SubscriptionReads: "subscription",
    c.InvoiceReads: "invoice",
    c.PaymentReads: "payment",
    c.CreditMemoReads: "credit_memo",
    c.DisputeReads: "dispute",
    c.OrderReads: "order",
    c.LedgerReads: "ledger",
    c.TaxReads: "tax",
}


class Method(msgspec.Struct, frozen=True):
    """A batched read: its name, protocol, kind of record, and how its values are kept in the cache."""

    name: str
    protocol: type
    kind: str
    codec: Codec


def _value_type(function: Any) -> Any:
    """V of a method that gives Answer[K, V]: a mapping to V or a fault."""
    _, value = typing.get_args(typing.get_type_hints(function)["return"])
    kept = tuple(arg for arg in typing.get_args(value) if arg is not SourceFault)
    return typing.Union[kept] if kept else value  # noqa: UP007 - made at run time


def _methods() -> dict[str, Method]:
    found = {}
    for protocol, kind in KINDS.items():
        for name, function in vars(protocol).items():
            if not name.startswith("_") and callable(function):
                found[name] = Method(name, protocol, kind, Codec(_value_type(function)))
    return found


METHODS = _methods()
