"""Objects of the older dialect (before basil, 2025-03-31) rewritten into today's shape.

Source: Stripe API, Changelog, basil; what localstripe 1.15.10 answers. What the older shape does not hold stays
absent; nothing is invented.
"""

from collections.abc import Callable
from typing import Any

import msgspec

Json = dict[str, Any]


def modern(body: bytes) -> bytes:
    """The body with every object that it holds in today's shape. Raises msgspec.DecodeError."""
    return msgspec.json.encode(_object(msgspec.json.decode(body)))


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("object") == "list":
        return {**value, "data": [_object(item) for item in value.get("data", ())]}
    rewrite = REWRITES.get(value.get("object", ""))
    return rewrite(value) if rewrite else value


def _invoice(old: Json) -> Json:
    new = {**old, "lines": _object(old.get("lines"))}
    if "amount_remaining" not in old and "amount_due" in old:
        new["amount_remaining"] = max(0, old["amount_due"] - old.get("amount_paid", 0))
    if "total_taxes" not in old and "tax" in old:
        new["total_taxes"] = [{"amount": old["tax"]}] if old["tax"] is not None else None
    if "payments" not in old:
        new["payments"] = _payments(old)
    return new


def _payments(old: Json) -> Json:
    """The payments' ids of an invoice that names one charge (an object or an id) and one payment intent."""
    charge = old.get("charge")
    ids = {
        "charge": charge.get("id") if isinstance(charge, dict) else charge,
        "payment_intent": old.get("payment_intent"),
    }
    data = [{"id": id, "payment": {"type": type, type: id}} for type, id in ids.items() if id]
    return {"object": "list", "data": data, "has_more": False}


def _line(old: Json) -> Json:
    new = dict(old)
    plan = old.get("plan")
    if "pricing" not in old and plan and plan.get("amount") is not None:
        new["pricing"] = {"unit_amount_decimal": str(plan["amount"])}
    if "taxes" not in old:
        new["taxes"] = [
            {"amount": tax["amount"], "tax_behavior": "inclusive" if tax.get("inclusive") else "exclusive"}
            for tax in old.get("tax_amounts") or ()
        ]
    return new


def _subscription(old: Json) -> Json:
    items = dict(old.get("items") or {})
    items["data"] = [_item(item, old) for item in items.get("data", ())]
    return {"collection_method": "charge_automatically", **old, "items": items}


def _item(old: Json, subscription: Json) -> Json:
    new = dict(old)
    if "price" not in old and old.get("plan"):
        new["price"] = _price(old["plan"])
    if "current_period_end" not in old:
        new["current_period_end"] = subscription.get("current_period_end")
    return new


def _price(plan: Json) -> Json:
    amount = plan.get("amount")
    return {
        "id": plan["id"],
        "currency": plan["currency"],
        "nickname": plan.get("nickname") or plan.get("name"),
        "recurring": {"interval": plan["interval"], "interval_count": plan.get("interval_count", 1)},
        "unit_amount_decimal": None if amount is None else str(amount),
    }


def _charge(old: Json) -> Json:
    new = {"disputed": bool(old.get("dispute")), **old}
    if "amount_captured" not in old:
        taken = old.get("captured") and old.get("status") == "succeeded"
        new["amount_captured"] = old.get("amount", 0) if taken else 0
    return new


REWRITES: dict[str, Callable[[Json], Json]] = {
    "invoice": _invoice,
    "line_item": _line,
    "subscription": _subscription,
    "charge": _charge,
}
