"""Fills a real Tryton with the documents of a plan: invoices, credit notes, payments, orders."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sources.canonical.money import exponent
from sources.simulation.facts import CreditIssued, OrderPlaced, WorldLine
from sources.simulation.world.amounts import gross
from sources.tryton.real.founding import accounts
from sources.tryton.real.parties import References
from sources.tryton.real.plan import Document
from sources.tryton.real.rpc import Rpc, day, number

# Warnings that every bulk of old invoices raises: it is due already; it looks like the last one; rule of taxes.
EXPECTED = ("invoice_payment_term", "invoice_similar", "invoice_taxes")


class Ledger:
    """Posts documents in bulk; the parties are there."""

    def __init__(self, rpc: Rpc, references: References, parties: dict[str, int]) -> None:
        self._rpc = rpc
        self._references = references
        self._parties = parties
        self._company: int = rpc.context["company"]
        self._accounts = accounts(rpc, self._company)
        self._journal = rpc.one("account.journal", [["type", "=", "revenue"]])
        self._addresses = {
            row["party"]: row["id"]
            for row in rpc.find("party.address", [["party", "in", list(parties.values())]], "party")
        }
        self._bank = self._payment_method()
        self.invoices: dict[str, int] = {}

    def post_invoices(self, documents: Sequence[Document]) -> None:
        """Create and post invoices; their days must not lie before those that were posted already."""
        every = [document for document in documents for _ in range(document.issued.ledger_copies)]
        for document, made in zip(every, self._post([self._invoice(each) for each in every]), strict=True):
            self.invoices.setdefault(document.issued.number, made)

    def post_credits(self, credits: Sequence[CreditIssued], today: date) -> None:
        """Create and post credit notes, today: numbers must not go back in time."""
        self._post([self._credit(fact, today) for fact in credits])

    def pay(self, document: Document, today: date) -> None:
        """Book what was paid for an invoice, as the button does."""
        invoice = self.invoices[document.issued.number]
        wizard = "wizard.account.invoice.pay"
        chosen = {"active_model": "account.invoice", "active_id": invoice, "active_ids": [invoice]}
        session, start, _ = self._rpc.call(f"{wizard}.create")
        shown = self._rpc.call(f"{wizard}.execute", session, {}, start, **chosen)["view"]["defaults"]
        form = {name: value for name, value in shown.items() if not name.endswith(".")}
        form |= {"amount": number(document.paid), "payment_method": self._bank, "date": day(today)}
        asked = self._rpc.call(f"{wizard}.execute", session, {start: form}, "choice", **chosen)
        if "view" in asked:
            rest = {k: v for k, v in asked["view"]["defaults"].items() if not k.endswith(".")} | {"type": "partial"}
            self._rpc.call(f"{wizard}.execute", session, {start: form, "ask": rest}, "pay", **chosen)
        self._rpc.call(f"{wizard}.delete", session)

    def settle(self) -> None:
        """Let invoices see that they are paid, which a queue would do."""
        ids = list(self.invoices.values())
        if ids:
            self._rpc.call("model.account.invoice.process", ids)

    def order(self, orders: Sequence[OrderPlaced]) -> None:
        """Create sales and bring them to quotation or confirmation, or call them off."""
        ids = self._rpc.create("sale.sale", [self._sale(fact) for fact in orders])
        states = {n: fact.state for n, fact in zip(ids, orders, strict=True)}
        for button, left in (
            ("quote", {"draft", "cancelled"}),
            ("confirm", {"draft", "cancelled", "quotation"}),
        ):
            moving = [n for n, state in states.items() if state not in left]
            if moving:
                self._rpc.call(f"model.sale.sale.{button}", moving)
        called_off = [n for n, state in states.items() if state == "cancelled"]
        if called_off:
            self._rpc.call("model.sale.sale.cancel", called_off)

    def _post(self, values: list[dict[str, Any]]) -> list[int]:
        ids = self._rpc.create("account.invoice", values)
        if ids:
            self._rpc.accept("account.invoice", ids, EXPECTED)
            self._rpc.call("model.account.invoice.post", ids)
        return ids

    def _invoice(self, document: Document) -> dict[str, Any]:
        fact = document.issued
        lines = list(fact.lines)
        if fact.ledger == "differs" and fact.ledger_total is not None:
            rest = fact.ledger_total - gross(lines, fact.currency)
            lines.append(_line("Correction", rest, Decimal(0)))
        return self._head(fact.customer, fact.currency, fact.number, fact.issued, (fact.due - fact.issued).days) | {
            "lines": [["create", [self._line(line, fact.currency) for line in lines]]]
        }

    def _credit(self, fact: CreditIssued, today: date) -> dict[str, Any]:
        origin = self._rpc.find(
            "account.invoice.line",
            [["invoice", "=", self.invoices[fact.invoice]], ["type", "=", "line"]],
            "taxes.rate",
            order=[["id", "ASC"]],
        )[0]
        taxes = origin["taxes."]
        rate = Decimal(taxes[0]["rate"]["decimal"]) * 100 if taxes else Decimal(0)
        step = Decimal(1).scaleb(-exponent(fact.currency))
        net = (fact.amount / (1 + rate / 100)).quantize(step)
        lines = [_line(fact.reason, -net, rate)]
        rest = -fact.amount - gross(lines, fact.currency)
        if rest:
            lines.append(_line("Rounding", rest, Decimal(0)))
        made = [self._line(line, fact.currency) for line in lines]
        made[0]["origin"] = f"account.invoice.line,{origin['id']}"
        head = self._head(fact.customer, fact.currency, fact.key, today, 0)
        return head | {"description": fact.reason, "lines": [["create", made]]}

    def _head(self, customer: str, currency: str, reference: str, issued: date, days: int) -> dict[str, Any]:
        party = self._parties[customer]
        return {
            "type": "out",
            "company": self._company,
            "party": party,
            "invoice_address": self._addresses[party],
            "currency": self._references.currency(currency),
            "journal": self._journal,
            "account": self._accounts["receivable"],
            "payment_term": self._references.term(days),
            "invoice_date": day(issued),
            "reference": reference,
        }

    def _line(self, line: WorldLine, currency: str) -> dict[str, Any]:
        sign = -1 if line.unit_price < 0 else 1  # a credit has a negative quantity, never a negative price
        return {
            "type": "line",
            "account": self._accounts["revenue"],
            "quantity": int(line.quantity * sign),
            "unit_price": number(abs(line.unit_price)),
            "currency": self._references.currency(currency),
            "description": line.description,
            "taxes": [["add", [self._tax(line.tax_rate)]]] if line.tax_rate else None,
        }

    def _tax(self, rate: Decimal) -> int:
        return self._references.tax(rate, self._company, self._accounts["tax"])

    def _sale(self, fact: OrderPlaced) -> dict[str, Any]:
        party = self._parties[fact.customer]
        lines = [
            {
                "type": "line",
                "description": line.description,
                "quantity": int(line.quantity),
                "unit_price": number(line.unit_price),
                "taxes": [["add", [self._tax(line.tax_rate)]]] if line.tax_rate else None,
            }
            for line in fact.lines
        ]
        return {
            "company": self._company,
            "party": party,
            "invoice_address": self._addresses[party],
            "shipment_address": self._addresses[party],
            "currency": self._references.currency(fact.currency),
            "payment_term": self._references.term(30),
            "sale_date": day(fact.placed),
            "reference": fact.number,
            "invoice_method": "manual",
            "shipment_method": "manual",
            "lines": [["create", lines]],
        }

    def _payment_method(self) -> int:
        cash = self._rpc.one("account.journal", [["type", "=", "cash"]])
        account = self._accounts["cash"]
        values = {"company": self._company, "journal": cash, "credit_account": account, "debit_account": account}
        return self._rpc.one("account.invoice.payment.method", [["name", "=", "Bank"]], name="Bank", **values)


def _line(description: str, amount: Decimal, rate: Decimal) -> WorldLine:
    return WorldLine(description=description, quantity=Decimal(1), unit_price=amount, tax_rate=rate)
