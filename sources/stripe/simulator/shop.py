"""The simulated account: its shelves, and the facts of the world that fill them."""

import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sources.simulation import facts
from sources.simulation.facts import BILLING
from sources.stripe.money import stripe_exponent
from sources.stripe.simulator import records
from sources.stripe.simulator.shelves import Shelf
from sources.stripe.simulator.translating import derived_id, lines_of, seconds, tax_id_of, units

EVENT_SECONDS = 30 * 86_400  # Source: Stripe API, Events: kept for 30 days
NOTE_REASONS = {"DUPLICATE": "duplicate", "SLA_BREACH": "product_unsatisfactory",
                "SERVICE_FAILURE": "product_unsatisfactory"}  # fmt: skip


class Shop:
    """Objects of one account, in test mode, filled by facts."""

    def __init__(self) -> None:
        self.customers: Shelf[records.Customer] = Shelf(email=lambda c: c.email)
        self.subscriptions: Shelf[records.Subscription] = Shelf(customer=lambda s: s.customer)
        self.invoices: Shelf[records.Invoice] = Shelf(
            customer=lambda i: i.customer, subscription=lambda i: i.subscription, number=lambda i: i.number.lower()
        )
        self.invoice_payments: Shelf[records.InvoicePayment] = Shelf(invoice=lambda p: p.invoice)
        self.charges: Shelf[records.Charge] = Shelf(customer=lambda c: c.customer, payment_intent=lambda c: c.intent)
        self.refunds: Shelf[records.Refund] = Shelf(charge=lambda r: r.charge, payment_intent=lambda r: r.intent)
        self.credit_notes: Shelf[records.CreditNote] = Shelf(customer=lambda n: n.customer, invoice=lambda n: n.invoice)
        self.balance_transactions: Shelf[records.BalanceTransaction] = Shelf(
            customer=lambda b: b.customer, invoice=lambda b: b.invoice
        )
        self.disputes: Shelf[records.Dispute] = Shelf(charge=lambda d: d.charge, payment_intent=lambda d: d.intent)
        self.events: Shelf[records.Event] = Shelf(type=lambda e: e.type)
        self.metadata: dict[str, dict[tuple[str, str], set[str]]] = {"customers": {}, "invoices": {}}
        self._take: dict[type, Callable[..., None]] = {
            facts.CustomerKnown: self._customer,
            facts.SubscriptionChanged: self._subscription,
            facts.InvoiceIssued: self._invoice,
            facts.InvoiceClosed: self._closed,
            facts.PaymentTried: self._payment,
            facts.RefundMade: self._refund,
            facts.CreditIssued: self._credit,
            facts.DisputeOpened: self._dispute,
        }

    def absorb(self, fact: facts.Fact) -> None:
        """Take a fact of a customer that is in billing; another's is ignored."""
        take = self._take.get(type(fact))
        if take is not None:
            take(fact)

    def customer_of(self, fact: facts.Fact) -> records.Customer | None:
        return self.customers.get(derived_id("cus", fact.customer))

    def move_balance(
        self, owner: str, amount: int, currency: str, type: str, at: datetime, id: str, **kept: Any
    ) -> records.BalanceTransaction:
        """Move a customer's balance, which is the sum of its movements; below zero in the customer's favour."""
        customer = self.customers.by_id[owner]
        balance = customer.balances.get(currency, 0) + amount
        customer.balances = {**customer.balances, currency: balance}
        return self.balance_transactions.put(records.BalanceTransaction(
            id=id, created=seconds(at), customer=owner, amount=amount, currency=currency, type=type,
            ending_balance=balance, **kept,
        ))  # fmt: skip

    def recount(self, charge: records.Charge) -> None:
        """What of a charge is refunded; that failed refunds do not count is unverified."""
        refunds = self.refunds.where("charge", charge.id).records
        charge.refunded = sum(r.amount for r in refunds if r.status not in ("failed", "canceled"))

    def tell(
        self, type: str, shelf: str, record: records.Kept, at: datetime, idempotency_key: str | None = None
    ) -> None:
        """An event about an object; those older than 30 days are gone already."""
        created = seconds(at)
        record.changed = max(record.changed, created)
        if created < time.time() - EVENT_SECONDS:
            return
        count = len(self.events.by_id)
        id = derived_id("evt", f"{type}/{record.id}/{created}/{count}")
        event = records.Event(id=id, created=created, customer=record.customer, type=type, shelf=shelf,
                              subject=record.id, idempotency_key=idempotency_key)  # fmt: skip
        self.events.put(event)

    def describe(self, shelf: str, record: records.Kept, metadata: dict[str, str]) -> None:
        """Set an object's metadata, and let searches find it by them."""
        index = self.metadata[shelf]
        for key, value in record.metadata.items():
            index[(key, value.lower())].discard(record.id)
        record.metadata = metadata
        for key, value in metadata.items():
            index.setdefault((key, value.lower()), set()).add(record.id)

    def _customer(self, fact: facts.CustomerKnown) -> None:
        id = derived_id("cus", fact.customer)
        known = self.customers.get(id)
        if BILLING not in fact.systems:
            return
        place = fact.place
        address = {"city": place.city, "country": place.country, "line1": place.line1, "line2": None,
                   "postal_code": place.postal_code, "state": place.region}  # fmt: skip
        record = records.Customer(
            id=id,
            created=known.created if known else seconds(fact.at),
            customer=id,
            name=fact.names_by_system.get(BILLING, fact.name),
            email=fact.emails_by_system.get(BILLING, fact.email),
            phone=fact.phone,
            address=address,
            currency=fact.currency.lower(),
            tax_id=tax_id_of(fact),
            tax_exempt="exempt" if fact.tax_exempt else "none",
        )
        if known is None:
            self.customers.put(record)
        else:
            for name in ("name", "email", "phone", "address", "currency", "tax_id", "tax_exempt"):
                setattr(known, name, getattr(record, name))
        kept = known or record
        self.describe("customers", kept, {"customer_number": fact.number} if BILLING in fact.keyed else {})
        self.tell(f"customer.{'updated' if known else 'created'}", "customers", kept, fact.at)

    def _subscription(self, fact: facts.SubscriptionChanged) -> None:
        customer = self.customer_of(fact)
        if customer is None:
            return
        known = self.subscriptions.get(derived_id("sub", fact.key))
        record = known or self.subscriptions.put(records.Subscription(
            id=derived_id("sub", fact.key), created=seconds(fact.at), customer=customer.id, plan="", quantity=0,
            unit_amount=Decimal(0), currency="", interval="", status="", started=0, period_end=0,
        ))  # fmt: skip
        record.plan, record.quantity, record.interval, record.status = (
            fact.plan, fact.quantity, fact.interval, fact.status)  # fmt: skip
        record.currency = fact.currency.lower()
        record.unit_amount = fact.unit_amount.scaleb(stripe_exponent(fact.currency))
        record.started, record.period_end = seconds(fact.started_at), seconds(fact.period_end)
        record.cancel_at = seconds(fact.cancel_at) if fact.cancel_at else None
        happened = "created" if known is None else "deleted" if fact.status == "canceled" else "updated"
        self.tell(f"customer.subscription.{happened}", "subscriptions", record, fact.at)

    def _invoice(self, fact: facts.InvoiceIssued) -> None:
        customer = self.customer_of(fact)
        if customer is None or not fact.in_billing:
            return
        record = self.invoices.get(derived_id("in", fact.number))
        if record is not None:
            record.lines = lines_of(fact)
            self.settle(record, fact.at)
            return
        subscription = self.subscriptions.get(derived_id("sub", fact.subscription)) if fact.subscription else None
        record = self.invoices.put(records.Invoice(
            id=derived_id("in", fact.number), created=seconds(fact.at), customer=customer.id, number=fact.number,
            currency=fact.currency.lower(), lines=lines_of(fact), due=seconds(fact.due),
            effective=seconds(fact.issued) if fact.issued != fact.at.date() else None,
            subscription=subscription.id if subscription else None,
        ))  # fmt: skip
        if subscription:
            subscription.latest_invoice = record.id
        customer.invoices += 1
        self.tell("invoice.created", "invoices", record, fact.at)
        self.tell("invoice.finalized", "invoices", record, fact.at)
        self.settle(record, fact.at)

    def _closed(self, fact: facts.InvoiceClosed) -> None:
        invoice = self.invoices.get(derived_id("in", fact.number))
        if invoice is None or invoice.status not in ("open", "uncollectible"):
            return
        if fact.how == "void":
            invoice.status, invoice.voided_at = "void", seconds(fact.at)
            self.tell("invoice.voided", "invoices", invoice, fact.at)
        else:
            invoice.status, invoice.uncollectible_at = "uncollectible", seconds(fact.at)
            self.tell("invoice.marked_uncollectible", "invoices", invoice, fact.at)

    def settle(self, invoice: records.Invoice, at: datetime) -> None:
        if invoice.status in ("open", "uncollectible") and invoice.remaining == 0:
            invoice.status, invoice.paid_at = "paid", seconds(at)
            self.tell("invoice.paid", "invoices", invoice, at)
        else:
            self.tell("invoice.updated", "invoices", invoice, at)

    def _payment(self, fact: facts.PaymentTried) -> None:
        invoice = self.invoices.get(derived_id("in", fact.invoice))
        id = derived_id("ch" if fact.method == "card" else "py", fact.key)
        if invoice is None or self.charges.get(id):
            return
        amount, created = units(fact.amount, fact.currency), seconds(fact.at)
        intent = invoice.open_intent or derived_id("pi", fact.key)
        charge = self.charges.put(records.Charge(
            id=id, created=created, customer=invoice.customer, amount=amount, currency=fact.currency.lower(),
            method=fact.method, intent=intent, invoice=invoice.id,
            status="succeeded" if fact.succeeded else "failed", failure=fact.failure,
        ))  # fmt: skip
        invoice.attempts += 1
        payment = self.invoice_payments.get(derived_id("inpay", intent)) or self.invoice_payments.put(
            records.InvoicePayment(id=derived_id("inpay", intent), created=created, customer=invoice.customer,
                                   invoice=invoice.id, intent=intent, currency=charge.currency, requested=amount)
        )  # fmt: skip
        if not fact.succeeded:
            invoice.open_intent = intent
            self.tell("charge.failed", "charges", charge, fact.at)
            self.tell("invoice.payment_failed", "invoices", invoice, fact.at)
            return
        applied = min(amount, invoice.remaining)
        invoice.open_intent, payment.status, payment.paid = None, "paid", applied
        invoice.paid += applied
        invoice.overpaid += amount - applied
        if amount > applied:
            self.move_balance(invoice.customer, applied - amount, invoice.currency, "invoice_overpaid", fact.at,
                              derived_id("cbtxn", fact.key), invoice=invoice.id)  # fmt: skip
        self.tell("charge.succeeded", "charges", charge, fact.at)
        self.settle(invoice, fact.at)

    def _charge(self, key: str) -> records.Charge | None:
        return self.charges.get(derived_id("ch", key)) or self.charges.get(derived_id("py", key))

    def _refund(self, fact: facts.RefundMade) -> None:
        charge = self._charge(fact.payment)
        if charge is None:
            return
        known = self.refunds.get(derived_id("re", fact.key))
        refund = known or self.refunds.put(records.Refund(
            id=derived_id("re", fact.key), created=seconds(fact.at), customer=charge.customer, charge=charge.id,
            intent=charge.intent, amount=units(fact.amount, fact.currency), currency=charge.currency,
            reason=fact.reason, status=fact.status,
        ))  # fmt: skip
        refund.status = fact.status
        self.recount(charge)
        happened = "created" if known is None else "failed" if fact.status == "failed" else "updated"
        self.tell(f"refund.{happened}", "refunds", refund, fact.at)
        self.tell("charge.refunded", "charges", charge, fact.at)

    def _credit(self, fact: facts.CreditIssued) -> None:
        invoice, id = self.invoices.get(derived_id("in", fact.invoice)), derived_id("cn", fact.key)
        if invoice is None or self.credit_notes.get(id):
            return
        amount = units(fact.amount, fact.currency)
        before = min(amount, invoice.remaining) if invoice.status == "open" else 0
        after = amount - before
        invoice.notes += 1
        invoice.credited_before_payment += before
        invoice.credited_after_payment += after
        if after:
            self.move_balance(invoice.customer, -after, invoice.currency, "credit_note", fact.at,
                              derived_id("cbtxn", fact.key), credit_note=id)  # fmt: skip
        note = self.credit_notes.put(records.CreditNote(
            id=id, created=seconds(fact.at), customer=invoice.customer, invoice=invoice.id,
            number=f"{invoice.number}-CN-{invoice.notes:02}", amount=amount, before_payment=before,
            after_payment=after, currency=invoice.currency, reason=NOTE_REASONS.get(fact.reason), memo=fact.reason,
            balance_transaction=derived_id("cbtxn", fact.key) if after else None,
            metadata={"case_number": fact.case} if fact.case else {},
        ))  # fmt: skip
        self.tell("credit_note.created", "credit_notes", note, fact.at)
        self.settle(invoice, fact.at)

    def _dispute(self, fact: facts.DisputeOpened) -> None:
        charge = self._charge(fact.payment)
        if charge is None:
            return
        known = self.disputes.get(derived_id("dp", fact.key))
        dispute = known or self.disputes.put(records.Dispute(
            id=derived_id("dp", fact.key), created=seconds(fact.at), customer=charge.customer, charge=charge.id,
            intent=charge.intent, amount=units(fact.amount, fact.currency), currency=charge.currency,
            reason=fact.reason, status=fact.status,
        ))  # fmt: skip
        dispute.status, charge.disputed = fact.status, True
        happened = "created" if known is None else "closed" if fact.status in ("won", "lost") else "updated"
        self.tell(f"charge.dispute.{happened}", "disputes", dispute, fact.at)
        self.tell("charge.updated", "charges", charge, fact.at)
