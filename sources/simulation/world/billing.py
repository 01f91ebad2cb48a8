"""What a customer is billed, and how it pays: subscriptions, invoices, payments, refunds, credits, disputes."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from sources.simulation.facts import (
    CreditIssued,
    DisputeOpened,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    PaymentTried,
    RefundMade,
    SubscriptionChanged,
    WorldLine,
)
from sources.simulation.world.amounts import gross, part_of
from sources.simulation.world.companies import Company, price

PLANS = (("Team", 40), ("Business", 90), ("Enterprise", 240))
SEATS = {"small": (1, 4), "medium": (3, 20), "big": (20, 120)}
MONTH = timedelta(days=30)
YEAR = timedelta(days=365)
FAILURES = ("card_declined", "insufficient_funds", "expired_card")

# What becomes of an invoice whose time has come, with its share of a hundred.
OUTCOMES = (("paid", 78), ("retried", 6), ("partial", 4), ("unpaid", 5), ("refunded", 3), ("credited", 2), ("void", 1),
            ("disputed", 1))  # fmt: skip


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """The one subscription of a customer, which its invoices are made from."""

    fact: SubscriptionChanged
    seats_line: WorldLine

    @property
    def every(self) -> timedelta:
        return YEAR if self.fact.interval == "year" else MONTH


def billing_of(company: Company, rng: random.Random, until: datetime) -> list[Fact]:
    """The subscription, and an invoice for each period since it began, with what became of it."""
    subscription = _subscription(company, rng, until)
    facts: list[Fact] = [subscription.fact]
    issued_at = subscription.fact.started_at
    sequence = 0
    while issued_at < until:
        sequence += 1
        invoice = invoice_fact(company, sequence, issued_at, _lines(company, rng, subscription), subscription.fact.key)
        facts.append(invoice)
        facts.extend(fact for fact in settle(company, rng, invoice, until) if fact.at <= until)
        issued_at += subscription.every
    return facts


def _subscription(company: Company, rng: random.Random, until: datetime) -> Subscription:
    known = company.known
    plan, amount = PLANS[("standard", "premium", "enterprise").index(known.tier)]
    yearly = company.size != "big" and rng.random() < 0.3
    unit = price(amount * (10 if yearly else 1), known.currency)
    started = known.at + timedelta(days=1, seconds=rng.randint(0, 40_000))
    every = YEAR if yearly else MONTH
    periods = max(0, (until - started) // every)
    fact = SubscriptionChanged(
        at=started,
        customer=company.key,
        key=f"S-{company.index:06}",
        plan=plan,
        quantity=rng.randint(*SEATS[company.size]),
        unit_amount=unit,
        currency=known.currency,
        interval="year" if yearly else "month",
        status="active",
        started_at=started,
        period_end=started + (periods + 1) * every,
    )
    line = WorldLine(
        description=f"{plan}, {fact.quantity} seats",
        quantity=Decimal(fact.quantity),
        unit_price=unit,
        tax_rate=tax_rate(company),
    )
    return Subscription(fact=fact, seats_line=line)


def tax_rate(company: Company) -> Decimal:
    """The percentage that the customer is taxed with."""
    return Decimal(0) if company.known.tax_exempt else Decimal(company.market.tax_rate)


def _lines(company: Company, rng: random.Random, subscription: Subscription) -> tuple[WorldLine, ...]:
    lines = [subscription.seats_line]
    if company.size != "small" and rng.random() < 0.4:
        lines.append(usage_line(company, rng.randint(1, 40)))
    return tuple(lines)


def usage_line(company: Company, thousands: int) -> WorldLine:
    """Calls of an interface: many of them, at a price far below a cent."""
    unit = price(10, company.known.currency) / 1000
    return WorldLine(
        description="Calls beyond the plan",
        quantity=Decimal(thousands * 1000),
        unit_price=unit,
        tax_rate=tax_rate(company),
    )


def invoice_fact(
    company: Company, sequence: int, at: datetime, lines: tuple[WorldLine, ...], subscription: str | None
) -> InvoiceIssued:
    """The customer's invoice of that sequence."""
    return InvoiceIssued(
        at=at,
        customer=company.key,
        number=f"INV-{company.index:06}-{sequence:04}",
        currency=company.known.currency,
        issued=at.date(),
        due=at.date() + timedelta(days=company.known.payment_terms_days),
        lines=lines,
        subscription=subscription,
    )


def settle(company: Company, rng: random.Random, invoice: InvoiceIssued, until: datetime) -> Iterator[Fact]:
    """What becomes of an invoice; some of it may lie after `until`."""
    outcome = rng.choices([name for name, _ in OUTCOMES], [share for _, share in OUTCOMES])[0]
    method = rng.choice(company.market.methods)
    wait = timedelta(minutes=rng.randint(1, 20)) if method == "card" else timedelta(hours=rng.randint(20, 500))
    paid_at = invoice.at + wait
    total = gross(invoice.lines, invoice.currency)
    if outcome == "void":
        yield InvoiceClosed(at=paid_at, customer=company.key, number=invoice.number, how="void")
    elif outcome == "unpaid":
        if until - invoice.at > timedelta(days=240):
            yield InvoiceClosed(
                at=invoice.at + timedelta(days=200), customer=company.key, number=invoice.number, how="uncollectible"
            )
    elif outcome == "partial":
        yield payment(invoice, 1, paid_at, part_of(total, rng.choice((25, 50, 75)), invoice.currency), method)
    elif outcome == "credited":
        memo = credit(invoice, paid_at, part_of(total, rng.choice((10, 20)), invoice.currency), "GOODWILL")
        yield memo
        yield payment(invoice, 1, paid_at + timedelta(days=1), total - memo.amount, method)
    else:
        if outcome == "retried":
            yield payment(invoice, 1, paid_at, total, "card", failure=rng.choice(FAILURES))
            paid_at += timedelta(days=2)
        good = payment(invoice, 2 if outcome == "retried" else 1, paid_at, total, method)
        yield good
        yield from _afterwards(rng, good, outcome)


def _afterwards(rng: random.Random, paid: PaymentTried, outcome: str) -> Iterator[Fact]:
    if outcome == "refunded":
        share = rng.choice((10, 20, 100))
        amount = paid.amount if share == 100 else part_of(paid.amount, share, paid.currency)
        yield refund(paid, paid.at + timedelta(days=3), amount, "requested_by_customer")
    elif outcome == "disputed":
        opened = paid.at + timedelta(days=12)
        yield dispute(paid, opened, "needs_response")
        yield dispute(paid, opened + timedelta(days=40), rng.choice(("won", "lost")))


def payment(
    invoice: InvoiceIssued, attempt: int, at: datetime, amount: Decimal, method: str, failure: str | None = None
) -> PaymentTried:
    """A payment of an invoice, or the failed attempt at one."""
    return PaymentTried(
        at=at,
        customer=invoice.customer,
        key=f"PAY-{invoice.number[4:]}-{attempt}",
        invoice=invoice.number,
        amount=amount,
        currency=invoice.currency,
        method=method,
        succeeded=failure is None,
        failure=failure,
    )


def refund(paid: PaymentTried, at: datetime, amount: Decimal, reason: str, status: str = "succeeded") -> RefundMade:
    """A refund of a payment."""
    return RefundMade(
        at=at,
        customer=paid.customer,
        key=f"REF-{paid.key[4:]}",
        payment=paid.key,
        amount=amount,
        currency=paid.currency,
        reason=reason,
        status=status,
    )


def credit(invoice: InvoiceIssued, at: datetime, amount: Decimal, reason: str, case: str | None = None) -> CreditIssued:
    """A credit memo against an invoice; an invoice gets one at most."""
    return CreditIssued(
        at=at,
        customer=invoice.customer,
        key=f"{invoice.number}-CN-01",  # as billing numbers it, so that the ledger can refer to it
        invoice=invoice.number,
        amount=amount,
        currency=invoice.currency,
        reason=reason,
        case=case,
    )


def dispute(paid: PaymentTried, at: datetime, status: str) -> DisputeOpened:
    """A dispute of a payment; the same payment again is the same dispute moved on."""
    return DisputeOpened(
        at=at,
        customer=paid.customer,
        key=f"DSP-{paid.key[4:]}",
        payment=paid.key,
        amount=paid.amount,
        currency=paid.currency,
        reason="product_not_received",
        status=status,
    )
