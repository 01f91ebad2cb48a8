"""Books that are written in, simulated or real: orders to give, records to count, and a hand that meddles."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.simulation.serving import serving
from sources.tryton.adapter import TrytonAdapter
from sources.tryton.real.loading import TrytonLoader
from sources.tryton.real.rpc import Rpc
from sources.tryton.shapes import Shape
from sources.tryton.simulator import TrytonSimulator
from sources.tryton.values import day_value
from sources.writing import LedgerCreditOrder, LedgerRefundOrder, Order, TaxShare
from tests.sources.tryton.small_ledger import HISTORY

INVOICE, ENTRY = "account.invoice", "account.move"


def today() -> date:
    return datetime.now(UTC).date()


def share(gross: int, rate: str = "20", net: int | None = None, currency: str = "EUR") -> TaxShare:
    """A part of a credit; its net amount is the one that the rate makes of it, where none is given."""
    left = round(gross / (1 + Decimal(rate) / 100)) if net is None else net
    amounts = {"gross": Money(gross, currency), "net": Money(left, currency), "tax": Money(gross - left, currency)}
    return TaxShare(rate=Decimal(rate), **amounts)


class Books:
    """One adapter on books, with what a test does to them beside it."""

    def __init__(self, ledger: Any, simulator: TrytonSimulator | None, rpc: Rpc | None) -> None:
        self.ledger = ledger
        self.adapter: TrytonAdapter = ledger.adapter
        self.client = ledger.adapter._client
        self.simulator = simulator
        self.rpc = rpc

    def reference(self) -> str:
        """A reference that nothing carries yet."""
        return f"c360:{uuid.uuid4().hex}:erp_draft"

    def undoing(self) -> Order:
        """An order that takes something back."""
        return Order(key="undo", reference=f"c360:{uuid.uuid4().hex}:undo", since=datetime.now(UTC))

    async def credit(self, *shares: TaxShare, customer: str = "C-1", **changes: Any) -> LedgerCreditOrder:
        """A credit of 12.00 on INV-01, or what is changed about it."""
        parts = shares or (share(1200),)
        order = LedgerCreditOrder(
            key="key",
            reference=self.reference(),
            since=datetime.now(UTC),
            party=await self.party(customer),
            amount=Money(sum(part.gross.minor for part in parts), parts[0].gross.currency),
            shares=parts,
            invoice_number="INV-01",
            on=today(),
            description="Credit: GOODWILL",
        )
        return msgspec.structs.replace(order, **changes)

    async def refund(self, minor: int = 1000, customer: str = "C-1", **changes: Any) -> LedgerRefundOrder:
        """A refund of 10.00 of what was paid for INV-02, or what is changed about it."""
        order = LedgerRefundOrder(
            key="key",
            reference=self.reference(),
            since=datetime.now(UTC),
            party=await self.party(customer),
            amount=Money(minor, "EUR"),
            invoice_number="INV-02",
            on=today(),
            description="Refund",
        )
        return msgspec.structs.replace(order, **changes)

    async def party(self, customer: str) -> CustomerRef:
        ref: CustomerRef = await self.ledger.ref(customer)
        return ref

    async def owed(self, customer: str) -> Money:
        """What a customer owes."""
        ref = await self.party(customer)
        account = (await self.adapter.ledger_accounts([ref]))[ref]
        self.ledger.sent.exchanges.clear()
        assert account is not None
        assert not isinstance(account, Exception)
        return account.receivable

    async def states(self, reference: str, model: str = INVOICE) -> list[str]:
        """The states of all that carries a reference, by id."""
        field = "reference" if model == INVOICE else "description"
        rows = await self.rows(model, [[field, "=", reference]], "state")
        return [str(row["state"]) for row in rows]

    async def rows(self, model: str, domain: list[Any], *fields: str) -> Sequence[dict[str, Any]]:
        found = await self.client.search(model, domain, Shape, [], extras=fields, order=[("id", "ASC")])
        return [found.extras[row.id] for row in found.records]

    async def another_draft(self, record_id: str, model: str = INVOICE) -> int:
        """A second draft of the same reference, as one that came twice."""
        name, lines = ("reference", "invoice") if model == INVOICE else ("description", "move")
        kept = ("company", "journal", name)
        more = (
            ("type", "party", "invoice_address", "currency", "account", "payment_term", "invoice_date")
            if model == INVOICE
            else ("period", "date")
        )
        part = (
            ("type", "account", "quantity", "unit_price", "currency", "taxes")
            if model == INVOICE
            else ("account", "party", "debit", "credit")
        )
        row = (await self.rows(model, [["id", "=", int(record_id)]], *kept, *more))[0]
        of = await self.rows(f"{model}.line", [[lines, "=", int(record_id)]], *part)
        made = [{key: value for key, value in line.items() if key in part} for line in of]
        for line in made:
            if line.get("taxes"):
                line["taxes"] = [["add", line["taxes"]]]
        values = {key: value for key, value in row.items() if key in (*kept, *more)}
        number: int = await self.client.create(model, {**values, "lines": [["create", made]]})
        return number

    async def close_month(self, first: date) -> None:
        """Close a period."""
        found = (await self.rows("account.period", [["start_date", "=", day_value(first)]], "id"))[0]["id"]
        if self.rpc is not None:
            self.rpc.call("model.account.period.close", [found])
        elif self.simulator is not None:
            self.simulator.database.table("account.period").rows[found]["state"] = "closed"

    async def archive(self, customer: str, *, active: bool = False) -> CustomerRef:
        """Archive a party, or bring it back."""
        ref = await self.party(customer)
        if self.rpc is not None:
            self.rpc.call("model.party.party.write", [int(ref.id)], {"active": active})
        elif self.simulator is not None:
            self.simulator.database.table("party.party").rows[int(ref.id)]["active"] = active
        return ref


@asynccontextmanager
async def simulated_books(**changes: Any) -> AsyncIterator[Books]:
    """The simulator with the small ledger."""
    from tests.sources.tryton.conftest import opened

    simulator = TrytonSimulator()
    for fact in HISTORY:
        simulator.absorb(fact)
    async with serving(simulator.harness) as url, opened(simulator.section(url), simulator, **changes) as ledger:
        yield Books(ledger, simulator, None)


@asynccontextmanager
async def real_books_of(loader: TrytonLoader, **changes: Any) -> AsyncIterator[Books]:
    """A real Tryton with the small ledger."""
    from tests.sources.tryton.conftest import opened

    rpc = Rpc(loader.section()["base_url"], loader._server.state.password)
    try:
        async with opened(loader.section(), timeout_seconds=30, **changes) as ledger:
            yield Books(ledger, None, rpc)
    finally:
        rpc.close()
