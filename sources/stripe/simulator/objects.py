"""The simulator's answers: whole objects in the shape of 2026-10-28.endive.

Every field that Stripe returns is there, null where it may be and nothing is known; what is given only on `expand` is
absent without it. Source: Stripe API reference and its published example objects.
"""

from collections.abc import Sequence
from typing import Any

from sources.stripe.simulator import records
from sources.stripe.simulator.shop import Shop
from sources.stripe.simulator.translating import derived_id, plain

Json = dict[str, Any]
NESTED = 10  # a list within an object holds the first ten

NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def nested(url: str, data: Sequence[Json]) -> Json:
    """A list within an object."""
    return {"object": "list", "data": list(data[:NESTED]), "has_more": len(data) > NESTED, "url": url}


class Objects:
    """Makes the objects of one account."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def customer(self, c: records.Customer, expand: frozenset[str] = frozenset()) -> Json:
        if c.deleted:
            return {"id": c.id, "object": "customer", "deleted": True}
        settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
        made = {
            "id": c.id, "object": "customer", "address": c.address, "balance": c.balance, "created": c.created,
            "currency": c.currency, "default_source": None, "delinquent": False, "description": None,
            "discount": None, "email": c.email, "invoice_prefix": c.id[-8:].upper(), "invoice_settings": settings,
            "livemode": False, "metadata": c.metadata, "name": c.name, "next_invoice_sequence": c.invoices + 1,
            "phone": c.phone, "preferred_locales": [], "shipping": None, "tax_exempt": c.tax_exempt,
            "test_clock": None,
        }  # fmt: skip
        if "tax_ids" in expand:
            made["tax_ids"] = nested(f"/v1/customers/{c.id}/tax_ids", [self._tax_id(c)] if c.tax_id else [])
        return made

    def _tax_id(self, c: records.Customer) -> Json:
        type, value, country = c.tax_id or ("", "", "")
        return {
            "id": derived_id("txi", c.id), "object": "tax_id", "country": country, "created": c.created,
            "customer": c.id, "customer_account": None, "livemode": False,
            "owner": {"customer": c.id, "customer_account": None, "type": "customer"}, "type": type, "value": value,
            "verification": {"status": "verified", "verified_address": None, "verified_name": None},
        }  # fmt: skip

    def subscription(self, s: records.Subscription, expand: frozenset[str] = frozenset()) -> Json:
        ended = s.cancel_at or s.changed if s.status == "canceled" else None
        items = nested(f"/v1/subscription_items?subscription={s.id}", [self._item(s)])
        return {
            "id": s.id, "object": "subscription", "application": None, "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": s.started, "billing_cycle_anchor_config": None,
            "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
            "billing_schedules": [], "billing_thresholds": None, "cancel_at": s.cancel_at,
            "cancel_at_period_end": False, "canceled_at": ended,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "collection_method": "charge_automatically", "created": s.created, "currency": s.currency,
            "customer": s.customer, "customer_account": None, "days_until_due": None,
            "default_payment_method": None, "default_source": None, "default_tax_rates": [], "description": None,
            "discounts": [], "ended_at": ended,
            "invoice_settings": {"account_tax_ids": None, "custom_fields": None, "description": None, "footer": None,
                                 "issuer": {"type": "self"}},
            "items": items, "latest_invoice": s.latest_invoice, "livemode": False, "managed_payments": None,
            "metadata": s.metadata, "next_pending_invoice_item_invoice": None, "on_behalf_of": None,
            "pause_collection": None,
            "payment_settings": {"payment_method_options": None, "payment_method_types": None,
                                 "save_default_payment_method": "off"},
            "pending_invoice_item_interval": None, "pending_setup_intent": None, "pending_update": None,
            "schedule": None, "start_date": s.started, "status": s.status, "test_clock": None, "transfer_data": None,
            "trial_end": s.period_end if s.status == "trialing" else None,
            "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
            "trial_start": s.started if s.status == "trialing" else None,
        }  # fmt: skip

    def _item(self, s: records.Subscription) -> Json:
        whole = s.unit_amount == s.unit_amount.to_integral_value()
        amount, exact = (int(s.unit_amount) if whole else None), plain(s.unit_amount)
        key = f"{s.plan}/{exact}/{s.currency}/{s.interval}"
        price_id, product = derived_id("price", key), derived_id("prod", s.plan)
        price = {
            "id": price_id, "object": "price", "active": True, "billing_scheme": "per_unit", "created": s.created,
            "currency": s.currency, "custom_unit_amount": None, "livemode": False, "lookup_key": None,
            "metadata": {}, "nickname": s.plan, "product": product,
            "recurring": {"interval": s.interval, "interval_count": 1, "meter": None, "trial_period_days": None,
                          "usage_type": "licensed"},
            "tax_behavior": "exclusive", "tiers_mode": None, "transform_quantity": None, "type": "recurring",
            "unit_amount": amount, "unit_amount_decimal": exact,
        }  # fmt: skip
        plan = {
            "id": price_id, "object": "plan", "active": True, "amount": amount, "amount_decimal": exact,
            "billing_scheme": "per_unit", "created": s.created, "currency": s.currency, "interval": s.interval,
            "interval_count": 1, "livemode": False, "metadata": {}, "meter": None, "nickname": s.plan,
            "product": product, "tiers_mode": None, "transform_usage": None, "trial_period_days": None,
            "usage_type": "licensed",
        }  # fmt: skip
        return {
            "id": derived_id("si", s.id), "object": "subscription_item", "billing_thresholds": None,
            "created": s.created, "current_period_end": s.period_end, "current_period_start": s.started,
            "discounts": [], "metadata": {}, "plan": plan, "price": price, "quantity": s.quantity,
            "subscription": s.id, "tax_rates": [],
        }  # fmt: skip

    def invoice(self, i: records.Invoice, expand: frozenset[str] = frozenset()) -> Json:
        customer = self._shop.customers.by_id[i.customer]
        parent = None
        if i.subscription:
            parent = {"quote_details": None, "type": "subscription_details",
                      "subscription_details": {"metadata": {}, "subscription": i.subscription}}  # fmt: skip
        page = f"https://invoice.stripe.com/i/{i.id}"
        made = {
            "id": i.id, "object": "invoice", "account_country": "DE", "account_name": None, "account_tax_ids": None,
            "amount_due": i.due_amount, "amount_overpaid": i.overpaid, "amount_paid": i.paid,
            "amount_remaining": i.remaining, "amount_shipping": 0, "application": None, "attempt_count": i.attempts,
            "attempted": i.attempts > 0, "auto_advance": False,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "provider": None,
                              "status": None},
            "automatically_finalizes_at": None,
            "billing_reason": "subscription_cycle" if i.subscription else "manual",
            "collection_method": "send_invoice", "created": i.created, "currency": i.currency, "custom_fields": None,
            "customer": i.customer, "customer_account": None, "customer_address": customer.address,
            "customer_email": customer.email, "customer_name": customer.name, "customer_phone": customer.phone,
            "customer_shipping": None, "customer_tax_exempt": customer.tax_exempt, "customer_tax_ids": [],
            "default_payment_method": None, "default_source": None, "default_tax_rates": [], "description": None,
            "discounts": [], "due_date": i.due, "effective_at": i.effective or i.created, "ending_balance": 0,
            "footer": None, "from_invoice": None, "hosted_invoice_url": page, "invoice_pdf": f"{page}/pdf",
            "issuer": {"type": "self"}, "last_finalization_error": None, "latest_revision": None,
            "lines": nested(f"/v1/invoices/{i.id}/lines", self.lines(i)), "livemode": False, "metadata": i.metadata,
            "next_payment_attempt": None, "number": i.number, "on_behalf_of": None, "parent": parent,
            "payment_settings": {"default_mandate": None, "payment_method_options": None,
                                 "payment_method_types": None},
            "period_end": i.created, "period_start": i.created,
            "post_payment_credit_notes_amount": i.credited_after_payment,
            "pre_payment_credit_notes_amount": i.credited_before_payment, "receipt_number": None, "rendering": None,
            "shipping_cost": None, "shipping_details": None, "starting_balance": 0, "statement_descriptor": None,
            "status": i.status,
            "status_transitions": {"finalized_at": i.created, "marked_uncollectible_at": i.uncollectible_at,
                                   "paid_at": i.paid_at, "voided_at": i.voided_at},
            "subtotal": i.subtotal, "subtotal_excluding_tax": i.subtotal, "test_clock": None, "total": i.total,
            "total_discount_amounts": [], "total_excluding_tax": i.subtotal, "total_pretax_credit_amounts": [],
            "total_taxes": self._taxes(i.tax, i.subtotal), "webhooks_delivered_at": i.created,
        }  # fmt: skip
        if "payments" in expand:
            payments = self._shop.invoice_payments.where("invoice", i.id).records
            url = f"/v1/invoice_payments?invoice={i.id}"
            made["payments"] = nested(url, [self.invoice_payment(p) for p in payments])
        return made

    def _taxes(self, tax: int, taxable: int) -> list[Json]:
        if not tax:
            return []
        rate = {"tax_rate": derived_id("txr", "standard")}
        return [{"amount": tax, "tax_behavior": "exclusive", "tax_rate_details": rate, "taxability_reason":
                 "not_available", "taxable_amount": taxable, "type": "tax_rate_details"}]  # fmt: skip

    def lines(self, i: records.Invoice) -> list[Json]:
        return [self._line(i, line, place) for place, line in enumerate(i.lines)]

    def _line(self, i: records.Invoice, line: records.Line, place: int) -> Json:
        whole = line.quantity == line.quantity.to_integral_value()
        details = {"invoice_item": derived_id("ii", f"{i.id}/{place}"), "proration": False,
                   "proration_details": None, "subscription": i.subscription}  # fmt: skip
        return {
            "id": derived_id("il", f"{i.id}/{place}"), "object": "line_item", "amount": line.amount,
            "currency": i.currency, "description": line.description, "discount_amounts": [], "discountable": True,
            "discounts": [], "invoice": i.id, "livemode": False, "metadata": {},
            "parent": {"invoice_item_details": details, "subscription_item_details": None,
                       "type": "invoice_item_details"},
            "period": {"end": i.created, "start": i.created}, "pretax_credit_amounts": [],
            "pricing": {"price_details": None, "type": "price_details",
                        "unit_amount_decimal": plain(line.unit_amount)},
            "quantity": int(line.quantity) if whole else None, "quantity_decimal": plain(line.quantity),
            "subscription": i.subscription, "subtotal": line.amount, "taxes": self._taxes(line.tax, line.amount),
        }  # fmt: skip

    def invoice_payment(self, p: records.InvoicePayment, expand: frozenset[str] = frozenset()) -> Json:
        return {
            "id": p.id, "object": "invoice_payment", "amount_paid": p.paid, "amount_requested": p.requested,
            "created": p.created, "currency": p.currency, "invoice": p.invoice, "is_default": True,
            "livemode": False, "payment": {"type": "payment_intent", "payment_intent": p.intent}, "status": p.status,
            "status_transitions": {"canceled_at": None, "paid_at": p.created if p.status == "paid" else None},
        }  # fmt: skip

    def charge(self, c: records.Charge, expand: frozenset[str] = frozenset()) -> Json:
        taken = c.amount if c.status == "succeeded" else 0
        customer = self._shop.customers.by_id[c.customer]
        billing = {"address": NO_ADDRESS, "email": None, "name": customer.name, "phone": None, "tax_id": None}
        outcome = {"advice_code": None, "network_advice_code": None, "network_decline_code": None,
                   "network_status": "declined_by_network" if c.failure else "approved_by_network",
                   "reason": c.failure, "seller_message": None,
                   "type": "issuer_declined" if c.failure else "authorized"}  # fmt: skip
        made = {
            "id": c.id, "object": "charge", "amount": c.amount, "amount_captured": taken,
            "amount_refunded": c.refunded, "application": None, "application_fee": None,
            "application_fee_amount": None, "balance_transaction": derived_id("txn", c.id) if taken else None,
            "billing_details": billing, "calculated_statement_descriptor": None, "captured": bool(taken),
            "created": c.created, "currency": c.currency, "customer": c.customer, "description": None,
            "disputed": c.disputed, "failure_balance_transaction": None, "failure_code": c.failure,
            "failure_message": "The payment failed." if c.failure else None, "fraud_details": {}, "livemode": False,
            "metadata": c.metadata, "on_behalf_of": None, "outcome": outcome, "paid": c.status == "succeeded",
            "payment_intent": c.intent, "payment_method": derived_id("pm", c.customer),
            "payment_method_details": self._method(c), "receipt_email": None, "receipt_number": None,
            "receipt_url": None, "refunded": bool(taken) and c.refunded >= c.amount, "review": None,
            "shipping": None, "source": None, "source_transfer": None, "statement_descriptor": None,
            "statement_descriptor_suffix": None, "status": c.status, "transfer_data": None, "transfer_group": None,
        }  # fmt: skip
        if "refunds" in expand:
            refunds = self._shop.refunds.where("charge", c.id).records
            made["refunds"] = nested(f"/v1/charges/{c.id}/refunds", [self.refund(r) for r in refunds])
        return made

    def _method(self, c: records.Charge) -> Json:
        digits = f"{sum(c.customer.encode()) % 10_000:04}"
        if c.method == "card":
            return {"type": "card", "card": {"brand": "visa", "country": "DE", "exp_month": 12, "exp_year": 2031,
                                             "funding": "credit", "last4": digits, "network": "visa"}}  # fmt: skip
        if c.method == "sepa_debit":
            return {"type": "sepa_debit", "sepa_debit": {"bank_code": "37040044", "branch_code": None, "country": "DE",
                                                         "last4": digits}}  # fmt: skip
        return {"type": "customer_balance", "customer_balance": {}}

    def refund(self, r: records.Refund, expand: frozenset[str] = frozenset()) -> Json:
        made = {
            "id": r.id, "object": "refund", "amount": r.amount, "balance_transaction": derived_id("txn", r.id),
            "charge": r.charge, "created": r.created, "currency": r.currency, "customer": r.customer,
            "customer_account": None, "destination_details": {"type": "card", "card": {"type": "refund"}},
            "metadata": r.metadata, "payment_intent": r.intent, "payment_method": None, "reason": r.reason,
            "receipt_number": None, "source_transfer_reversal": None, "status": r.status, "transfer_reversal": None,
        }  # fmt: skip
        if r.status == "failed":
            made |= {"failure_reason": r.failure or "expired_or_canceled_card",
                     "failure_balance_transaction": derived_id("txn", f"{r.id}/failed")}  # fmt: skip
        if r.status == "pending":
            made["pending_reason"] = "processing"
        return made

    def credit_note(self, n: records.CreditNote, expand: frozenset[str] = frozenset()) -> Json:
        both = n.before_payment and n.after_payment
        type = "mixed" if both else "post_payment" if n.after_payment else "pre_payment"
        line = {
            "id": derived_id("cnli", n.id), "object": "credit_note_line_item", "amount": n.amount,
            "description": "Credit", "discount_amount": 0, "discount_amounts": [], "livemode": False,
            "metadata": {}, "pretax_credit_amounts": [], "quantity": 1, "tax_rates": [], "taxes": [],
            "type": "custom_line_item", "unit_amount": n.amount, "unit_amount_decimal": str(n.amount),
        }  # fmt: skip
        return {
            "id": n.id, "object": "credit_note", "amount": n.amount, "amount_shipping": 0, "created": n.created,
            "currency": n.currency, "customer": n.customer, "customer_account": None,
            "customer_balance_transaction": n.balance_transaction, "discount_amount": 0, "discount_amounts": [],
            "effective_at": n.created, "invoice": n.invoice,
            "lines": nested(f"/v1/credit_notes/{n.id}/lines", [line]), "livemode": False, "memo": n.memo,
            "metadata": n.metadata, "number": n.number, "out_of_band_amount": n.out_of_band,
            "pdf": f"https://pay.stripe.com/credit_notes/{n.id}/pdf", "post_payment_amount": n.after_payment,
            "pre_payment_amount": n.before_payment, "pretax_credit_amounts": [], "reason": n.reason, "refunds": [],
            "shipping_cost": None, "status": n.status, "subtotal": n.amount, "subtotal_excluding_tax": n.amount,
            "total": n.amount, "total_excluding_tax": n.amount, "total_taxes": [], "type": type,
            "voided_at": n.voided_at,
        }  # fmt: skip

    def balance_transaction(self, b: records.BalanceTransaction, expand: frozenset[str] = frozenset()) -> Json:
        return {
            "id": b.id, "object": "customer_balance_transaction", "amount": b.amount, "checkout_session": None,
            "created": b.created, "credit_note": b.credit_note, "currency": b.currency, "customer": b.customer,
            "customer_account": None, "description": b.description, "ending_balance": b.ending_balance,
            "invoice": b.invoice, "livemode": False, "metadata": b.metadata, "type": b.type,
        }  # fmt: skip

    def dispute(self, d: records.Dispute, expand: frozenset[str] = frozenset()) -> Json:
        due = d.created + 14 * 86_400
        return {
            "id": d.id, "object": "dispute", "amount": d.amount, "balance_transactions": [], "charge": d.charge,
            "created": d.created, "currency": d.currency, "enhanced_eligibility_types": [], "evidence": {},
            "evidence_details": {"due_by": due, "enhanced_eligibility": {}, "has_evidence": False,
                                 "past_due": False, "submission_count": 0},
            "is_charge_refundable": False, "livemode": False, "metadata": d.metadata, "payment_intent": d.intent,
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "case_type": "chargeback",
                                                                "network_reason_code": "13.1"}},
            "reason": d.reason, "status": d.status,
        }  # fmt: skip

    def event(self, e: records.Event, expand: frozenset[str] = frozenset()) -> Json:
        subject = getattr(self._shop, e.shelf).by_id[e.subject]
        make = getattr(self, e.shelf.removesuffix("s"))
        return {
            "id": e.id, "object": "event", "api_version": "2026-10-28.endive", "created": e.created,
            "data": {"object": make(subject)}, "livemode": False, "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": e.idempotency_key}, "type": e.type,
        }  # fmt: skip
