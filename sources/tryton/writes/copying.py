"""What a credit memo takes over: from the invoice that is credited, or from the configuration where there is none.

Tryton fills in nothing by itself over its API: account, journal, address, term and taxes are given.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from sources.canonical.money import Money
from sources.faults import Refused
from sources.tryton.refusals import Closed
from sources.tryton.shapes import Coded, Shape
from sources.tryton.values import Numeric, day_value
from sources.writing import TaxShare

PERCENT = Decimal(100)
UNTAXED = Decimal(0)


class Account(Shape, frozen=True, kw_only=True):
    """account.account"""

    closed: bool | None
    active: bool | None


class Tax(Shape, frozen=True, kw_only=True):
    """account.tax; the rate of a percentage is a fraction"""

    type: str | None
    rate: Numeric | None


class Line(Shape, frozen=True, kw_only=True):
    """account.invoice.line"""

    type: str
    quantity: Decimal | None
    unit_price: Numeric | None
    amount: Numeric | None
    account: Account | None = msgspec.field(name="account.", default=None)
    taxes: tuple[Tax, ...] = msgspec.field(name="taxes.", default=())

    @property
    def rate(self) -> Decimal | None:
        """The sum of its percentages; None where a tax is no percentage."""
        rates = [tax.rate.decimal * PERCENT if tax.type == "percentage" and tax.rate else None for tax in self.taxes]
        return None if None in rates else sum((rate for rate in rates if rate is not None), UNTAXED)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a document hang on."""

    party: int
    invoice_address: int
    account: int
    journal: int | None
    payment_term: int | None
    currency: int
    tax_identifier: int | None = None
    party_tax_identifier: int | None = None


class Source(Shape, frozen=True, kw_only=True):
    """account.invoice, as it is copied from"""

    party: int
    invoice_address: int
    journal: int | None
    payment_term: int | None
    currency: int
    tax_identifier: int | None
    party_tax_identifier: int | None
    state: str
    total_amount: Numeric
    code: Coded = msgspec.field(name="currency.")
    receivable: Account = msgspec.field(name="account.")
    lines: tuple[Line, ...] = msgspec.field(name="lines.")

    @property
    def head(self) -> Head:
        return Head(
            party=self.party,
            invoice_address=self.invoice_address,
            account=self.receivable.id,
            journal=self.journal,
            payment_term=self.payment_term,
            currency=self.currency,
            tax_identifier=self.tax_identifier,
            party_tax_identifier=self.party_tax_identifier,
        )

    @property
    def charged(self) -> list[Line]:
        """The lines that have an amount, the largest first."""
        lines = [line for line in self.lines if line.type == "line" and line.account and line.amount]
        return sorted(lines, key=lambda line: (-abs(line.amount.decimal) if line.amount else 0, line.id))


SOURCE_FIELDS = (
    *("party", "invoice_address", "account.closed", "account.active", "journal", "payment_term"),
    *("currency", "currency.code", "tax_identifier", "party_tax_identifier", "state", "total_amount"),
    *("lines.type", "lines.quantity", "lines.unit_price", "lines.amount"),
    *("lines.account.closed", "lines.account.active", "lines.taxes.type", "lines.taxes.rate"),
)


def document(head: Head, company: int, reference: str, description: str, day: date) -> dict[str, Any]:
    """A customer invoice without lines. Its term runs from its own day: a day that is past would be warned of."""
    return {
        "type": "out",
        "company": company,
        "party": head.party,
        "invoice_address": head.invoice_address,
        "account": head.account,
        "journal": head.journal,
        "payment_term": head.payment_term,
        "currency": head.currency,
        "tax_identifier": head.tax_identifier,
        "party_tax_identifier": head.party_tax_identifier,
        "reference": reference,
        "description": description,
        "invoice_date": day_value(day),
    }


def credit_lines(source: Source, shares: Sequence[TaxShare], description: str) -> list[dict[str, Any]]:
    """A line for each share, with account and taxes of the invoice's largest line of that rate.

    A share without tax that the invoice has no line for goes to the account of its largest line. Raises Refused.
    """
    usable([source.receivable])
    made = []
    for share in shares:
        line = next((line for line in source.charged if line.rate == share.rate), None)
        taxes = [tax.id for tax in line.taxes] if line else []
        if line is None and share.rate == UNTAXED:
            line = next(iter(source.charged), None)
        if line is None or line.account is None:
            raise Refused(f"the ledger's invoice has no line at {share.rate.normalize():f} %")
        usable([line.account])
        origin = f"account.invoice.line,{line.id}"
        made.append(_line(line.account.id, share.net, source.currency, description, taxes, origin))
    return made


def counter_lines(source: Source) -> list[dict[str, Any]]:
    """The lines of a document with the opposite sign. Raises Refused."""
    usable([source.receivable, *(line.account for line in source.charged if line.account)])
    return [
        {
            "type": "line",
            "account": line.account.id if line.account else None,
            "quantity": float(-(line.quantity or 0)),
            "unit_price": line.unit_price,
            "currency": source.currency,
            "taxes": _added([tax.id for tax in line.taxes]),
            "origin": f"account.invoice.line,{line.id}",
        }
        for line in source.charged
    ]


def account_lines(
    account: int, currency: int, amount: Money, tax: Tax | None, description: str
) -> list[dict[str, Any]]:
    """A credit without an invoice: net at the configured tax, and what no net amount reaches, without tax."""
    if tax is None:
        return [_line(account, amount, currency, description, [])]
    if tax.type != "percentage" or tax.rate is None:
        raise Refused("credit.tax is not a percentage: an amount with tax cannot be split by it")
    net = _net(amount.minor, tax.rate.decimal)
    rest = amount.minor - net - _tax(net, tax.rate.decimal)
    lines = [_line(account, Money(net, amount.currency), currency, description, [tax.id])] if net else []
    return lines + ([_line(account, Money(rest, amount.currency), currency, description, [])] if rest else [])


def usable(accounts: Iterable[Account]) -> None:
    """Raises Closed where an account takes no entries any more."""
    for account in accounts:
        if account.closed or account.active is False:
            raise Closed("an account of the invoice is closed")


def _line(
    account: int, net: Money, currency: int, description: str, taxes: list[int], origin: str | None = None
) -> dict[str, Any]:
    """A credit has a negative quantity and a price that is positive."""
    return {
        "type": "line",
        "account": account,
        "quantity": 1 if net.minor < 0 else -1,
        "unit_price": Numeric(abs(net.amount)),
        "currency": currency,
        "description": description,
        "taxes": _added(taxes),
        "origin": origin,
    }


def _added(taxes: list[int]) -> list[Any] | None:
    return [["add", taxes]] if taxes else None


def _net(gross: int, rate: Decimal) -> int:
    """The largest net amount whose gross amount is not above this."""
    net = int((gross / (1 + rate)).to_integral_value(ROUND_HALF_EVEN))
    while net + _tax(net, rate) > gross:
        net -= 1
    return net


def _tax(net: int, rate: Decimal) -> int:
    """As Tryton rounds it. Source: Tryton 8.2, currency.currency.round."""
    return int((net * rate).to_integral_value(ROUND_HALF_EVEN))
