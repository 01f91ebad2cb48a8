"""What happens to the cast: each plot takes a customer's ordinary history and bends it into its story."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

import msgspec

from sources.simulation.facts import (
    CaseOpened,
    ContractSigned,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    PaymentTried,
    PersonJoined,
    SubscriptionChanged,
)
from sources.simulation.world.amounts import gross, part_of
from sources.simulation.world.billing import credit, dispute, invoice_fact, payment, refund, usage_line
from sources.simulation.world.companies import Company, price
from sources.simulation.world.crm import contract
from sources.simulation.world.support import case_fact, message, moved

MANY_INVOICES = 260  # more than two pages of a hundred, and then some
F = TypeVar("F", bound=Fact)


class Script(msgspec.Struct, kw_only=True):
    """A customer's history while its plot is written."""

    company: Company
    people: list[PersonJoined]
    facts: list[Fact]
    rng: random.Random
    until: datetime

    def those(self, kind: type[F]) -> list[F]:
        """The facts of a kind, oldest first."""
        return sorted((fact for fact in self.facts if isinstance(fact, kind)), key=lambda fact: fact.at)

    def replace(self, old: Fact, new: Fact) -> None:
        self.facts[self.facts.index(old)] = new

    def ago(self, **span: float) -> datetime:
        return self.until - timedelta(**span)

    def invoice(self, at: datetime, thousands: int = 5) -> InvoiceIssued:
        """One more invoice, for what was used."""
        sequence = len(self.those(InvoiceIssued)) + 1
        made = invoice_fact(self.company, sequence, at, (usage_line(self.company, thousands),), None)
        self.facts.append(made)
        return made

    def paid_invoice(self, at: datetime, thousands: int = 5) -> tuple[InvoiceIssued, PaymentTried]:
        invoice = self.invoice(at, thousands)
        total = gross(invoice.lines, invoice.currency)
        paid = payment(invoice, 1, min(at + timedelta(hours=1), self.until), total, "card")
        self.facts.append(paid)
        return invoice, paid

    def case(self, at: datetime, **changes: object) -> CaseOpened:
        """One more case about something else."""
        sequence = len(self.those(CaseOpened)) + 1
        ordinary = case_fact(self.company, self.rng, sequence, at, self.people, [])
        made = msgspec.structs.replace(ordinary, **changes)
        self.facts.append(made)
        return made


def _ledger_mismatch(script: Script) -> None:
    invoice = script.invoice(script.ago(days=40))
    total = gross(invoice.lines, invoice.currency)
    script.replace(invoice, msgspec.structs.replace(invoice, ledger="differs", ledger_total=total + 9))


def _ledger_missing(script: Script) -> None:
    invoice = script.invoice(script.ago(days=60))
    script.replace(invoice, msgspec.structs.replace(invoice, ledger="missing"))


def _credit_hold(script: Script) -> None:
    for days in (150, 120, 90):
        script.invoice(script.ago(days=days), thousands=300)
    known = script.company.known
    script.replace(known, msgspec.structs.replace(known, credit_limit=price(2_000, known.currency)))


def _sla_breach(script: Script) -> None:
    script.paid_invoice(script.ago(days=32), thousands=60)
    owed = script.invoice(script.ago(days=12), thousands=100)
    script.case(
        script.ago(hours=9),
        subject="Service is down at all our sites",
        text="Nothing has worked since this morning. What does our agreement say?",
        priority="urgent",
        assignee=None,
        tags=("outage", "sla"),
        invoices=(owed.number,),
        first_reply_due=script.ago(hours=7),
    )
    sequence = len(script.those(ContractSigned)) + 1
    script.facts.append(contract(script.company, sequence, script.ago(days=100), 24, 90_000))


def _custom_status(script: Script) -> None:
    case = script.case(script.ago(days=2), subject="Replacement part has not arrived", priority="high")
    answered = script.ago(days=1)
    script.facts.append(message(case, 1, answered, "agent:Sam Ottersby", "Our supplier says Thursday."))
    script.facts.append(moved(case, answered, "hold", custom_status="Waiting for supplier"))


def _legal_hold(script: Script) -> None:
    case = script.case(script.ago(days=20), subject="Letter from our lawyers", priority="high", tags=("legal",))
    script.facts.append(moved(case, script.ago(days=19), "hold"))


def _many_invoices(script: Script) -> None:
    missing = MANY_INVOICES - len(script.those(InvoiceIssued))
    for place in range(missing):
        script.paid_invoice(script.ago(days=1 + 2 * place, hours=place % 7), thousands=1 + place % 30)


def _duplicate_reference(script: Script) -> None:
    invoice = script.invoice(script.ago(days=35))
    script.replace(invoice, msgspec.structs.replace(invoice, ledger_copies=2))


def _failed_payment(script: Script) -> None:
    invoice = script.invoice(script.ago(hours=3), thousands=12)
    total = gross(invoice.lines, invoice.currency)
    script.facts.append(payment(invoice, 1, script.ago(hours=2), total, "card", failure="card_declined"))
    subscription = script.those(SubscriptionChanged)[-1]
    script.facts.append(msgspec.structs.replace(subscription, at=script.ago(hours=2), status="past_due"))


def _credited(script: Script) -> None:
    invoice = script.invoice(script.ago(days=25), thousands=20)
    case = script.case(script.ago(days=20), subject="Service was down", priority="high", invoices=(invoice.number,))
    script.facts.append(
        message(case, 1, script.ago(days=19), "agent:Priya Nandakar", "We are sorry; a credit follows.")
    )
    script.facts.append(moved(case, script.ago(days=18), "solved"))
    amount = part_of(gross(invoice.lines, invoice.currency), 10, invoice.currency)
    script.facts.append(credit(invoice, script.ago(days=18), amount, "SLA_BREACH", case.key))


def _disputed(script: Script) -> None:
    _, contested = script.paid_invoice(script.ago(days=15), thousands=9)
    script.facts.append(dispute(contested, script.ago(days=2), "needs_response"))
    _, returned = script.paid_invoice(script.ago(days=12), thousands=7)
    amount = part_of(returned.amount, 50, returned.currency)
    script.facts.append(refund(returned, script.ago(hours=20), amount, "duplicate", status="pending"))


def _everything(script: Script) -> None:
    case = script.case(script.ago(hours=30), subject="Payment was taken twice", priority="urgent")
    script.facts.append(message(case, 1, script.ago(hours=29), "agent:Chloe Beaumarin", "I am checking with finance."))
    script.facts.append(moved(case, script.ago(hours=29), "open"))
    unpaid = script.invoice(script.ago(days=50), thousands=30)
    half = part_of(gross(unpaid.lines, unpaid.currency), 50, unpaid.currency)
    script.facts.append(payment(unpaid, 1, script.ago(days=49), half, "sepa_debit"))
    given_up = script.invoice(script.ago(days=400), thousands=1)
    script.facts.append(
        InvoiceClosed(at=script.ago(days=200), customer=script.company.key, number=given_up.number, how="uncollectible")
    )


PLOTS: Mapping[str, Callable[[Script], None]] = MappingProxyType(
    {
        "everything": _everything,
        "ledger-mismatch": _ledger_mismatch,
        "ledger-missing": _ledger_missing,
        "credit-hold": _credit_hold,
        "sla-breach": _sla_breach,
        "custom-status": _custom_status,
        "legal-hold": _legal_hold,
        "many-invoices": _many_invoices,
        "duplicate-reference": _duplicate_reference,
        "failed-payment": _failed_payment,
        "credited": _credited,
        "disputed": _disputed,
    }
)
