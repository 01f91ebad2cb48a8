"""The books that the facts of the world make: invoices posted, paid, credited, withdrawn; sales; what is owed.

As Tryton books it: a payment settles a part of the invoice's line; a credit note is an invoice with negative
quantities and stays open beside its invoice until the two settle each other. Amounts in other currencies are converted
to the company's at fixed rates.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sources.canonical.money import exponent
from sources.simulation.facts import CreditIssued, InvoiceClosed, InvoiceIssued, OrderPlaced, PaymentTried, WorldLine
from sources.tryton.simulator.database import Database, Record
from sources.tryton.simulator.ground import Ground

COMPANY = 1
OWN_CURRENCY = "EUR"
PER_EURO = {
    "USD": "1.10", "GBP": "0.85", "JPY": "160", "CHF": "0.95", "SEK": "11.50", "KWD": "0.33", "CAD": "1.50",
    "AUD": "1.65", "NOK": "11.60", "DKK": "7.46", "PLN": "4.30",
}  # fmt: skip
CENT = Decimal("0.01")
ZERO = Decimal("0")
Make = Callable[..., Record]


def in_euro(amount: Decimal, currency: str) -> Decimal:
    """An amount in the company's currency; a currency without a rate counts as equal."""
    return (amount / Decimal(PER_EURO.get(currency, "1"))).quantize(CENT, ROUND_HALF_UP)


class Bookkeeping:
    """Takes the facts about documents into a database. `make(model, key, at, **fields)` inserts or replaces."""

    def __init__(self, database: Database, make: Make, currency_id: Callable[[str], int], ground: Ground) -> None:
        self._database = database
        self._ground = ground
        self._make = make
        self._currency_id = currency_id
        self._numbers = self._entries = 0
        self.booked: dict[int, Decimal] = {}  # party -> what entries such as refunds changed about what it owes
        self._invoices: dict[str, Record] = {}  # the world's number -> the invoice
        self._credits: dict[int, list[Record]] = {}  # invoice -> its credit notes, not settled yet
        self._paid: dict[int, Decimal] = {}
        self._credited: set[str] = set()
        self._payments: set[str] = set()
        database.computed["party.party", "receivable"] = lambda row: self._owed(row, due_only=False)
        database.computed["party.party", "receivable_today"] = lambda row: self._owed(row, due_only=True)
        database.computed["party.party", "credit_amount"] = lambda row: self._owed(row, due_only=False)
        database.computed["account.invoice", "amount_to_pay"] = self._to_pay

    def issued(self, fact: InvoiceIssued, party: int) -> None:
        """Post an invoice, once."""
        if fact.ledger == "missing" or fact.number in self._invoices:
            return
        lines = list(fact.lines)
        row = self._post(fact, party, fact.number, lines, due=fact.due, issued=fact.issued, own=not fact.in_billing)
        if fact.ledger == "differs" and fact.ledger_total is not None:
            self._correct(row, fact.ledger_total, fact)
        self._invoices[fact.number] = row
        for copy in range(2, fact.ledger_copies + 1):
            key = f"{fact.number}#{copy}"
            self._post(fact, party, key, lines, due=fact.due, issued=fact.issued, own=False, reference=fact.number)

    def paid(self, fact: PaymentTried) -> None:
        """Book a payment, once."""
        row = self._invoices.get(fact.invoice)
        if row is None or not fact.succeeded or not fact.in_ledger or fact.key in self._payments:
            return
        self._payments.add(fact.key)
        self._paid[row["id"]] = self._paid.get(row["id"], ZERO) + fact.amount
        self._receive(row, fact)
        self._settle(row, fact.at)

    def credited(self, fact: CreditIssued, party: int) -> None:
        """Post a credit note against its invoice, once."""
        row = self._invoices.get(fact.invoice)
        if row is None or fact.key in self._credited:
            return
        self._credited.add(fact.key)
        rate = self._rate_of(row)
        step = Decimal(1).scaleb(-exponent(fact.currency))
        net = (fact.amount / (1 + rate / 100)).quantize(step, ROUND_HALF_UP)
        line = WorldLine(description=fact.reason, quantity=Decimal(-1), unit_price=net, tax_rate=rate)
        day = fact.at.date()
        note = self._post(fact, party, fact.key, [line], due=day, issued=day, own=False)
        note.update(
            description=fact.reason,
            origin_invoices=[row["id"]],
            tax_amount=-(fact.amount - net),
            total_amount=-fact.amount,
        )
        if row["state"] == "posted":
            self._credits.setdefault(row["id"], []).append(note)
        self._settle(row, fact.at)

    def closed(self, fact: InvoiceClosed) -> None:
        """Cancel an invoice, or write it off: then it counts as paid."""
        row = self._invoices.get(fact.number)
        if row is not None:
            self._become(row, "cancelled" if fact.how == "void" else "paid", fact.at)

    def ordered(self, fact: OrderPlaced, party: int) -> None:
        """A sale; it gets its number when it is quoted, the customer's reference is there before."""
        _, _, total = self._sums(list(fact.lines), fact.currency)
        self._make(
            "sale.sale",
            fact.number,
            fact.at,
            number=None if fact.state == "draft" else fact.number,
            reference=fact.number,
            state=fact.state,
            sale_date=None if fact.state == "draft" else fact.placed,
            total_amount=total,
            company=COMPANY,
            party=party,
            currency=self._currency_id(fact.currency),
        )

    def _post(
        self,
        fact: Any,
        party: int,
        key: str,
        lines: list[WorldLine],
        *,
        due: Any,
        issued: Any,
        own: bool,
        reference: str | None = None,
    ) -> Any:
        number = self.next_number()
        net, tax, total = self._sums(lines, fact.currency)
        owed = self._make("account.move.line", key, fact.at, maturity_date=due, reconciliation=None, amount=total)
        move = self._make("account.move", key, fact.at, state="posted", post_date=fact.at.date(), lines=[owed["id"]])
        debtor = self._database.table("party.party").rows[party]
        row = self._make(
            "account.invoice",
            key,
            fact.at,
            type="out",
            number=key if own else number,
            reference=reference or key,
            description=None,
            state="posted",
            invoice_date=issued,
            total_amount=total,
            tax_amount=tax,
            untaxed_amount=net,
            company=COMPANY,
            party=party,
            currency=self._currency_id(fact.currency),
            lines=[],
            invoice_address=debtor["addresses"][0],
            account=self._ground.account["receivable"],
            journal=self._ground.journal["REV"],
            payment_term=debtor["customer_payment_term"],
            sequence=self._ground.sequence(issued),
            lines_to_pay=[owed["id"]],
            payment_lines=[],
            move=move["id"],
            origin_invoices=[],
        )
        row["lines"] = [self._line(row, place, line, fact) for place, line in enumerate(lines, 1)]
        return row

    def _line(self, row: Record, place: int, line: WorldLine, fact: Any) -> int:
        rate = line.tax_rate / 100
        tax = self._make("account.tax", str(rate), fact.at, name=f"{line.tax_rate} %", type="percentage", rate=rate)
        made = self._make(
            "account.invoice.line",
            f"{row['id']}/{place}",
            fact.at,
            type="line",
            description=line.description,
            quantity=float(line.quantity),
            unit_price=line.unit_price,
            amount=self._net(line, fact.currency),
            sequence=place,
            invoice=row["id"],
            taxes=[tax["id"]] if rate else [],
            account=self._ground.account["revenue"],
            currency=row["currency"],
        )
        return int(made["id"])

    def _receive(self, row: Record, fact: PaymentTried) -> None:
        """The entry of a payment: the bank has it, the customer owes it no more."""
        worth = in_euro(fact.amount, fact.currency)
        second = None if fact.currency == OWN_CURRENCY else row["currency"]
        sides = {"cash": (worth, ZERO), "receivable": (ZERO, worth)}
        lines = {
            kind: self._make(
                "account.move.line",
                f"{fact.key}/{kind}",
                fact.at,
                debit=debit,
                credit=credit,
                account=self._ground.account[kind],
                party=row["party"] if kind == "receivable" else None,
                second_currency=second,
                amount_second_currency=(fact.amount if debit else -fact.amount) if second else None,
                reconciliation=None,
            )["id"]
            for kind, (debit, credit) in sides.items()
        }
        entry = self._make(
            "account.move",
            fact.key,
            fact.at,
            state="posted",
            number=self.next_entry(),
            date=fact.at.date(),
            journal=self._ground.journal["CASH"],
            origin=f"account.invoice,{row['id']}",
            company=COMPANY,
            lines=list(lines.values()),
        )
        for number in lines.values():
            self._database.table("account.move.line").rows[number]["move"] = entry["id"]
        row["payment_lines"] = [*row["payment_lines"], lines["receivable"]]

    def next_number(self) -> str:
        """The number of the invoice that is posted next."""
        self._numbers += 1
        return str(self._numbers)

    def next_entry(self) -> str:
        """The number of the entry that is posted next."""
        self._entries += 1
        return str(self._entries)

    def _correct(self, row: Record, total: Decimal, fact: InvoiceIssued) -> None:
        """One more line, without tax, that makes the ledger's total another than billing's."""
        difference = total - row["total_amount"]
        line = WorldLine(description="Correction", quantity=Decimal(1), unit_price=difference, tax_rate=ZERO)
        row["lines"] = [*row["lines"], self._line(row, len(row["lines"]) + 1, line, fact)]
        row.update(total_amount=total, untaxed_amount=row["untaxed_amount"] + difference)

    def _settle(self, row: Record, at: datetime) -> None:
        """Where nothing is left to pay, the invoice and its credit notes are paid."""
        if row["state"] == "posted" and self._rest(row) <= 0:
            for note in self._credits.pop(row["id"], []):
                self._become(note, "paid", at)
            self._become(row, "paid", at)
        else:
            self._touch(row, at)

    def _become(self, row: Record, state: str, at: datetime) -> None:
        row["state"] = state
        for number in row["lines_to_pay"]:
            self._database.table("account.move.line").rows[number]["reconciliation"] = row["id"]
        self._touch(row, at)

    def _touch(self, row: Record, at: datetime) -> None:
        row["write_date"] = at
        self._database.table("account.invoice").touch(row)

    def _rest(self, row: Record) -> Decimal:
        """What of an open invoice is neither paid nor credited."""
        credited = sum((note["total_amount"] for note in self._credits.get(row["id"], [])), ZERO)
        rest: Decimal = row["total_amount"] - self._paid.get(row["id"], ZERO) + credited
        return rest

    def _to_pay(self, row: Record) -> Decimal:
        return self._rest(row) if row["state"] == "posted" else ZERO

    def _owed(self, party: Record, *, due_only: bool) -> Decimal:
        """What is open; `due_only` as Tryton has it: what was paid counts from its day on, though it paid for later."""
        today = datetime.now(UTC).date()
        owed = ZERO
        for row in self._database.table("account.invoice").by("party", [party["id"]]):
            if row["state"] != "posted":
                continue
            due = self._database.table("account.move.line").rows[row["lines_to_pay"][0]]["maturity_date"]
            code = self._database.table("currency.currency").rows[row["currency"]]["code"]
            charged = ZERO if due_only and due > today else row["total_amount"]
            owed += in_euro(charged - self._paid.get(row["id"], ZERO), code)
        return owed + self.booked.get(party["id"], ZERO)

    def _rate_of(self, row: Record) -> Decimal:
        taxes = self._database.table("account.tax").rows
        lines = self._database.table("account.invoice.line").rows
        rates = [taxes[tax]["rate"] * 100 for number in row["lines"] for tax in lines[number]["taxes"]]
        return max(rates, default=ZERO)

    def _sums(self, lines: list[WorldLine], currency: str) -> tuple[Decimal, Decimal, Decimal]:
        """Net, tax and gross; the tax of each line is rounded."""
        step = Decimal(1).scaleb(-exponent(currency))
        net = sum((self._net(line, currency) for line in lines), ZERO.quantize(step))
        taxes = ((self._net(line, currency) * line.tax_rate / 100).quantize(step, ROUND_HALF_UP) for line in lines)
        tax = sum(taxes, ZERO.quantize(step))
        return net, tax, net + tax

    def _net(self, line: WorldLine, currency: str) -> Decimal:
        return (line.quantity * line.unit_price).quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)
