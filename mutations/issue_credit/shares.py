"""A gross credit, split over the tax rates of the invoice that it is given on.

Each rate gets its part by what the invoice has at that rate, gross; the minor units that are left over go to the
largest. Within a part the tax is what the ledger works out of the net amount, so that the ledger's document is equal
to billing's to the minor unit; what no net amount reaches at that rate becomes a part without tax.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from sources.canonical.billing import InvoiceLine
from sources.canonical.money import Money
from sources.writing import TaxShare

PERCENT = Decimal(100)
UNTAXED = Decimal(0)


def gross_by_rate(lines: Sequence[InvoiceLine]) -> dict[Decimal, int]:
    """What an invoice has at each rate, gross, in minor units; credits within it are left out of account.

    Lines whose tax is no percentage have the rate None: they count as untaxed.
    """
    found: dict[Decimal, int] = {}
    for line in lines:
        rate = (line.tax_rate or UNTAXED).normalize()
        found[rate] = found.get(rate, 0) + line.total.minor + _tax(line.total.minor, rate)
    return {rate: gross for rate, gross in found.items() if gross > 0}


def split(amount: Money, by_rate: Mapping[Decimal, int]) -> tuple[TaxShare, ...]:
    """The amount's parts, the largest rate's first. They add up to the amount, exactly."""
    if not by_rate:
        return (_share(UNTAXED, amount.minor, amount.minor, amount.currency),)
    total = sum(by_rate.values())
    parts = {rate: amount.minor * gross // total for rate, gross in by_rate.items()}
    largest = max(by_rate, key=lambda rate: (by_rate[rate], rate))
    parts[largest] += amount.minor - sum(parts.values())
    shares: list[TaxShare] = []
    unreached = 0
    for rate in sorted(parts, key=lambda rate: (-by_rate[rate], rate)):
        net = _net(parts[rate], rate)
        reached = net + _tax(net, rate)
        unreached += parts[rate] - reached
        if reached:
            shares.append(_share(rate, reached, net, amount.currency))
    if unreached:
        shares = _with_untaxed(shares, unreached, amount.currency)
    return tuple(shares)


def _with_untaxed(shares: list[TaxShare], minor: int, currency: str) -> list[TaxShare]:
    untaxed = [share for share in shares if share.rate == UNTAXED]
    taxed = [share for share in shares if share.rate != UNTAXED]
    minor += sum(share.gross.minor for share in untaxed)
    return [*taxed, _share(UNTAXED, minor, minor, currency)]


def _net(gross: int, rate: Decimal) -> int:
    """The largest net amount whose gross amount is not above this."""
    net = int((gross * PERCENT / (PERCENT + rate)).to_integral_value(ROUND_HALF_EVEN))
    while net + _tax(net, rate) > gross:
        net -= 1
    return net


def _tax(net: int, rate: Decimal) -> int:
    """As the ledger rounds it: half to even, at the currency's minor unit."""
    return int((net * rate / PERCENT).to_integral_value(ROUND_HALF_EVEN))


def _share(rate: Decimal, gross: int, net: int, currency: str) -> TaxShare:
    return TaxShare(rate=rate, gross=Money(gross, currency), net=Money(net, currency), tax=Money(gross - net, currency))
