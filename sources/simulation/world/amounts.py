"""What the lines of an invoice add up to.

The world's prices are chosen so that the tax of every line is exact in the currency's minor unit. Whether a system
rounds tax by line, by rate or by document, it comes to the same total.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from sources.canonical.money import Money, exponent
from sources.simulation.facts import WorldLine


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), ROUND_HALF_UP)


def net_of(line: WorldLine, currency: str) -> Decimal:
    """A line's amount before tax, in major units."""
    return _rounded(line.quantity * line.unit_price, currency)


def tax_of(line: WorldLine, currency: str) -> Decimal:
    """A line's tax, in major units."""
    return _rounded(net_of(line, currency) * line.tax_rate / 100, currency)


def gross(lines: Iterable[WorldLine], currency: str) -> Decimal:
    """What is to be paid for the lines, in major units with the currency's decimals."""
    return sum((net_of(line, currency) + tax_of(line, currency) for line in lines), _rounded(Decimal(0), currency))


def gross_money(lines: Iterable[WorldLine], currency: str) -> Money:
    """What is to be paid for the lines."""
    return Money.of(gross(lines, currency), currency)


def tax_money(lines: Iterable[WorldLine], currency: str) -> Money:
    """The tax in what is to be paid for the lines."""
    return Money.of(sum((tax_of(line, currency) for line in lines), Decimal(0)), currency)


def part_of(amount: Decimal, percent: int, currency: str) -> Decimal:
    """A share of an amount, rounded to the minor unit and at least one of it; KWD to ten of them.

    Source: Stripe, Supported currencies: three-decimal amounts end in 0.
    """
    share = amount * percent / 100
    if exponent(currency) == 3:
        return max(share.quantize(Decimal("0.01"), ROUND_HALF_UP).quantize(Decimal("0.001")), Decimal("0.010"))
    return max(_rounded(share, currency), Decimal(1).scaleb(-exponent(currency)))
