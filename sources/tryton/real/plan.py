"""What of the world's history a real Tryton is filled with: the last state of everything, the newest documents."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from sources.simulation.facts import (
    ERP,
    CreditIssued,
    CustomerKnown,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    OrderPlaced,
    PaymentTried,
)

DOCUMENTS = 300  # invoices: posting and paying one takes about half a second, and a first start some minutes
ORDERS = 200


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice with what became of it."""

    issued: InvoiceIssued
    paid: Decimal
    credits: tuple[CreditIssued, ...]
    closed: str | None

    @property
    def day(self) -> date:
        return self.issued.issued


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is loaded, and what is not, a sentence each."""

    customers: tuple[CustomerKnown, ...]
    documents: tuple[Document, ...]  # in the order of their days: numbers must not go back in time
    orders: tuple[OrderPlaced, ...]
    left_out: tuple[str, ...]

    @property
    def steps(self) -> int:
        credits = sum(len(document.credits) for document in self.documents)
        paid = sum(document.paid > 0 for document in self.documents)
        return len(self.customers) + len(self.documents) + credits + paid + len(self.orders)


def plan_of(history: Sequence[Fact], documents: int = DOCUMENTS, orders: int = ORDERS) -> Plan:
    """The plan for a history: all customers, the newest documents and orders."""
    known = {fact.customer: fact for fact in history if isinstance(fact, CustomerKnown) and ERP in fact.systems}
    ours = [fact for fact in history if fact.customer in known]
    every = _documents(ours)
    placed = {fact.number: fact for fact in ours if isinstance(fact, OrderPlaced)}
    newest = sorted(every, key=lambda document: (document.day, document.issued.number))[-documents:]
    latest = sorted(placed.values(), key=lambda order: (order.placed, order.number))[-orders:]
    return Plan(
        customers=tuple(known.values()),
        documents=tuple(newest),
        orders=tuple(latest),
        left_out=tuple(_left_out(len(every) - len(newest), len(placed) - len(latest), newest, latest)),
    )


def _documents(history: Sequence[Fact]) -> list[Document]:
    paid: dict[str, Decimal] = {}
    credits: dict[str, dict[str, CreditIssued]] = {}
    closed: dict[str, str] = {}
    issued: dict[str, InvoiceIssued] = {}
    for fact in history:
        match fact:
            case InvoiceIssued() if fact.ledger != "missing":
                issued.setdefault(fact.number, fact)
            case PaymentTried() if fact.succeeded and fact.in_ledger:
                paid[fact.invoice] = paid.get(fact.invoice, Decimal(0)) + fact.amount
            case CreditIssued():
                credits.setdefault(fact.invoice, {})[fact.key] = fact
            case InvoiceClosed():
                closed[fact.number] = fact.how
            case _:
                pass
    return [
        Document(
            issued=fact,
            paid=paid.get(number, Decimal(0)),
            credits=tuple(credits.get(number, {}).values()),
            closed=closed.get(number),
        )
        for number, fact in issued.items()
    ]


def _left_out(documents: int, orders: int, loaded: Sequence[Document], latest: Sequence[OrderPlaced]) -> list[str]:
    said = []
    if documents:
        said.append(f"{documents} older invoices, with their payments and credit notes")
    if orders:
        said.append(f"{orders} older orders")
    if any(document.closed for document in loaded):
        said.append("that invoices were withdrawn or given up: they are open in this ledger")
    if any(document.credits for document in loaded):
        said.append("that credit notes were used up: each stands open beside its invoice")
    if any(order.state not in ("draft", "quotation") for order in latest):
        said.append("that orders went on: those beyond a quotation are confirmed or cancelled in this ledger")
    return said
