"""A credit's parts become lines whose sum, taxes included, is the amount to the minor unit, whatever the rates."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.canonical.money import Money
from sources.simulation.facts import Fact
from sources.tryton.shapes import Coded
from sources.tryton.simulator import TrytonSimulator
from sources.tryton.simulator.simulator import _python
from sources.tryton.values import Numeric
from sources.tryton.writes.copying import Account, Line, Source, Tax, account_lines, credit_lines, document
from sources.writing import TaxShare
from tests.sources.tryton.small_ledger import invoice, known, line
from tests.sources.tryton.writing_books import INVOICE, today

RATES = ("0", "5.5", "7", "19", "20", "25")
CURRENCIES = ("EUR", "JPY", "KWD")


def booked() -> tuple[TrytonSimulator, dict[str, int]]:
    """Books with an invoice in each currency, of which every rate has a line."""
    simulator = TrytonSimulator()
    facts: list[Fact] = []
    for currency in CURRENCIES:
        lines = [line("1000", rate=rate) for rate in RATES]
        facts += [known(f"H-{currency}", currency), invoice(f"H-{currency}", currency, 3, *lines, currency=currency)]
    for fact in facts:
        simulator.absorb(fact)
    table = simulator.database.table(INVOICE)
    return simulator, {currency: table.by("reference", [currency])[0]["id"] for currency in CURRENCIES}


SIMULATOR, INVOICES = booked()


def source_of(currency: str) -> Source:
    """The invoice in a currency, as it is copied from."""
    tables = SIMULATOR.database.tables
    row = tables[INVOICE].rows[INVOICES[currency]]
    lines = []
    for number in row["lines"]:
        each = tables["account.invoice.line"].rows[number]
        taxes = [tables["account.tax"].rows[tax] for tax in each["taxes"]]
        lines.append(
            Line(
                id=number,
                type="line",
                quantity=Decimal(1),
                unit_price=Numeric(each["unit_price"]),
                amount=Numeric(each["amount"]),
                account=Account(id=each["account"], closed=False, active=True),
                taxes=tuple(Tax(id=tax["id"], type=tax["type"], rate=Numeric(tax["rate"])) for tax in taxes),
            )
        )
    return Source(
        id=row["id"],
        party=row["party"],
        invoice_address=row["invoice_address"],
        journal=row["journal"],
        payment_term=row["payment_term"],
        currency=row["currency"],
        tax_identifier=None,
        party_tax_identifier=None,
        state="posted",
        total_amount=Numeric(row["total_amount"]),
        code=Coded(id=row["currency"], code=currency),
        receivable=Account(id=row["account"], closed=False, active=True),
        lines=tuple(lines),
    )


def total_of(currency: str, lines: list[dict[str, Any]]) -> Money:
    """What the books make of the lines, as a positive amount."""
    values = document(source_of(currency).head, 1, "c360:h:erp_draft", "Credit", today())
    sent = _python(msgspec.json.decode(msgspec.json.encode({**values, "lines": [["create", lines]]})))
    made = SIMULATOR.writing.create(INVOICE, sent)
    SIMULATOR.writing.delete(INVOICE, made["id"])
    return Money.of(-made["total_amount"], currency)


@st.composite
def shares(draw: st.DrawFn) -> tuple[str, tuple[TaxShare, ...]]:
    """Parts at different rates, whose tax is what the ledger works out, and perhaps a rest without tax."""
    currency = draw(st.sampled_from(CURRENCIES))
    parts = []
    for rate in draw(st.lists(st.sampled_from(RATES[1:]), unique=True, min_size=1)):
        net = draw(st.integers(1, 10**9))
        tax = int((net * Decimal(rate) / 100).to_integral_value(ROUND_HALF_EVEN))
        parts.append(part(Decimal(rate), net, tax, currency))
    rest = draw(st.sampled_from([0, 0, 1, -1, 2]))
    return currency, (*parts, part(Decimal(0), rest, 0, currency)) if rest else tuple(parts)


def part(rate: Decimal, net: int, tax: int, currency: str) -> TaxShare:
    return TaxShare(rate=rate, gross=Money(net + tax, currency), net=Money(net, currency), tax=Money(tax, currency))


@settings(deadline=None)
@given(shares())
def test_the_lines_of_a_credit_add_up_to_its_parts(given_shares: tuple[str, tuple[TaxShare, ...]]) -> None:
    currency, parts = given_shares
    lines = credit_lines(source_of(currency), parts, "Credit")
    assert total_of(currency, lines) == Money(sum(each.gross.minor for each in parts), currency)
    assert all(each["unit_price"].decimal >= 0 for each in lines)


@settings(deadline=None)
@given(st.sampled_from(CURRENCIES), st.integers(1, 10**9), st.sampled_from([None, *RATES]))
def test_the_lines_of_a_credit_without_an_invoice_add_up_to_its_amount(
    currency: str, minor: int, rate: str | None
) -> None:
    source = source_of(currency)
    taxes = {line.rate: line.taxes[0] for line in source.lines if line.taxes}
    tax = taxes.get(Decimal(rate)) if rate is not None else None
    account = SIMULATOR.ground.account["revenue"]
    lines = account_lines(account, source.currency, Money(minor, currency), tax, "Credit")
    assert total_of(currency, lines) == Money(minor, currency)
    assert len(lines) <= 2
