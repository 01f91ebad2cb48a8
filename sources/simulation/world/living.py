"""The world lives on: further facts that fit what has happened so far."""

import asyncio
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from sources.simulation.facts import (
    BILLING,
    CRM,
    ERP,
    SUPPORT,
    CaseMoved,
    CaseOpened,
    CustomerKnown,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    MessageWritten,
    OpportunityMoved,
    PaymentTried,
    PersonJoined,
)
from sources.simulation.world import names
from sources.simulation.world.amounts import gross
from sources.simulation.world.billing import invoice_fact, payment, usage_line
from sources.simulation.world.companies import Company, company
from sources.simulation.world.crm import opportunity
from sources.simulation.world.history import SEED
from sources.simulation.world.support import case_fact, message, moved

Maker: TypeAlias = Callable[[datetime], Fact | None]
DEAD_ENDS = 50  # draws that may come to nothing (e.g. no case left to close) before the world would be stuck


class Living:
    """Goes on where a history ends. The same history and seed give the same facts for the same calls."""

    def __init__(self, history: Iterable[Fact], seed: int = SEED) -> None:
        self._rng = random.Random(f"{seed}/living")
        self._seed = seed
        self._companies: list[Company] = []
        self._people: dict[str, list[PersonJoined]] = {}
        self._counts: dict[tuple[str, str], set[str]] = {}
        self._cases: dict[str, CaseOpened] = {}
        self._status: dict[str, str] = {}
        self._messages: dict[str, int] = {}
        self._unpaid: dict[str, InvoiceIssued] = {}
        self._attempts: dict[str, int] = {}
        for fact in history:
            self._remember(fact)
        self._makers: tuple[tuple[Maker, int], ...] = (
            (self._a_message, 30),
            (self._a_payment, 20),
            (self._a_case, 15),
            (self._an_invoice, 15),
            (self._a_move, 15),
            (self._an_opportunity, 5),
        )

    def next_fact(self, now: datetime) -> Fact:
        """Something that happens at `now` (aware, UTC), to one of the customers."""
        for _ in range(DEAD_ENDS):
            maker = self._rng.choices([maker for maker, _ in self._makers], [share for _, share in self._makers])[0]
            fact = maker(now.replace(microsecond=0))
            if fact is not None:
                self._remember(fact)
                return fact
        raise RuntimeError("nothing can happen any more in this world")

    async def run(self, absorb: Callable[[Fact], None], every_seconds: float) -> None:
        """Let something happen every so often, until cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            absorb(self.next_fact(datetime.now(UTC)))

    def _remember(self, fact: Fact) -> None:
        match fact:
            case CustomerKnown():
                self._meet(fact)
            case PersonJoined():
                self._people.setdefault(fact.customer, []).append(fact)
            case CaseOpened():
                self._cases[fact.key], self._status[fact.key] = fact, "new"
                self._count(fact.customer, "case", fact.key)
            case CaseMoved():
                self._status[fact.key] = fact.status
            case MessageWritten():
                self._messages[fact.case] = self._messages.get(fact.case, 0) + 1
            case InvoiceIssued():
                self._unpaid[fact.number] = fact
                self._count(fact.customer, "invoice", fact.number)
            case InvoiceClosed():
                self._unpaid.pop(fact.number, None)
            case PaymentTried():
                self._attempts[fact.invoice] = self._attempts.get(fact.invoice, 0) + 1
                if fact.succeeded:
                    self._unpaid.pop(fact.invoice, None)
            case OpportunityMoved():
                self._count(fact.customer, "opportunity", fact.key)
            case _:
                pass

    def _meet(self, known: CustomerKnown) -> None:
        index = int(known.customer.removeprefix("C-"))
        met = msgspec.structs.replace(company(index, self._seed, known.at + timedelta(days=1)), known=known)
        self._companies = [one for one in self._companies if one.index != index] + [met]

    def _count(self, customer: str, kind: str, key: str) -> None:
        self._counts.setdefault((customer, kind), set()).add(key)

    def _sequence(self, customer: str, kind: str) -> int:
        return len(self._counts.get((customer, kind), ())) + 1

    def _someone(self, *systems: str) -> Company | None:
        drawn = self._rng.choice(self._companies) if self._companies else None
        return drawn if drawn and set(systems) <= drawn.known.systems else None

    def _a_case(self, now: datetime) -> Fact | None:
        customer = self._someone(SUPPORT)
        people = self._people.get(customer.key, []) if customer else []
        if customer is None or not people:
            return None
        return case_fact(customer, self._rng, self._sequence(customer.key, "case"), now, people, [])

    def _open_case(self) -> CaseOpened | None:
        live = [key for key, status in self._status.items() if status not in ("solved", "closed")]
        return self._cases[self._rng.choice(live)] if live else None

    def _a_message(self, now: datetime) -> Fact | None:
        case = self._open_case()
        if case is None:
            return None
        words, author = self._rng.choice(
            ((names.ANSWERS, f"agent:{case.assignee or names.AGENTS[0]}"), (names.REPLIES, case.requester))
        )
        sequence = self._messages.get(case.key, 0) + 10  # beyond those of the history, which may have left some out
        return message(case, sequence, now, author, self._rng.choice(words))

    def _a_move(self, now: datetime) -> Fact | None:
        case = self._open_case()
        return moved(case, now, self._rng.choice(("open", "pending", "solved"))) if case else None

    def _an_invoice(self, now: datetime) -> Fact | None:
        customer = self._someone(BILLING, ERP)
        if customer is None:
            return None
        lines = (usage_line(customer, self._rng.randint(1, 20)),)
        return invoice_fact(customer, self._sequence(customer.key, "invoice"), now, lines, None)

    def _a_payment(self, now: datetime) -> Fact | None:
        fresh = [number for number in self._unpaid if self._attempts.get(number, 0) == 0]
        if not fresh:
            return None
        invoice = self._unpaid[self._rng.choice(fresh)]
        failure = "card_declined" if self._rng.random() < 0.15 else None
        return payment(invoice, 1, now, gross(invoice.lines, invoice.currency), "card", failure)

    def _an_opportunity(self, now: datetime) -> Fact | None:
        customer = self._someone(CRM)
        if customer is None:
            return None
        return opportunity(
            customer, self._sequence(customer.key, "opportunity"), now, "More seats", "Prospecting", 3_000
        )
