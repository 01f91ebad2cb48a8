"""Stripe's minor units and those of ISO 4217, which differ for a few currencies.

Stripe counts MGA whole although ISO gives it hundredths, and counts ISK and UGX in hundredths although ISO has them
whole. Source: Stripe, Supported currencies (zero-decimal, three-decimal, special cases).
"""

from decimal import Decimal
from functools import lru_cache

import msgspec

from sources.canonical.money import Money, NotExact, exponent

# UGX, which some of Stripe's lists have here, is charged in hundredths all the same.
ZERO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WHOLE_IN_HUNDREDTHS = frozenset(["ISK", "UGX"])  # the last two digits are 00
LAST_DIGIT_ZERO = THREE_DECIMALS


def stripe_exponent(currency: str) -> int:
    """How many decimals Stripe's minor unit of the currency has (JPY 0, EUR 2, ISK 2, KWD 3)."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


class Scale(msgspec.Struct, frozen=True):
    """How Stripe counts one currency: worked out once, for there are many amounts on a page."""

    code: str
    places: int  # by which the point of an amount in Stripe's minor units moves to that in major ones
    alike: bool  # Stripe's minor unit is that of ISO 4217
    factor: int
    divisor: int

    def money(self, amount: int) -> Money:
        """Stripe's amount as Money. Raises NotExact where it is finer than the currency's own minor unit."""
        if self.alike:
            return Money(amount, self.code)
        minor, rest = divmod(amount * self.factor, self.divisor)
        if rest:
            raise NotExact(f"an amount in {self.code} is finer than the currency's minor unit")
        return Money(minor, self.code)

    def major(self, amount: Decimal) -> Decimal:
        """An amount of any scale in Stripe's minor units, e.g. unit_amount_decimal, in major units."""
        return amount.scaleb(self.places)


@lru_cache(maxsize=256)  # there are some 180 currencies
def scale_of(currency: str) -> Scale:
    """How Stripe counts the currency; it writes them in lower case."""
    code = currency.upper()
    counted = stripe_exponent(code)
    shift = exponent(code) - counted
    return Scale(code, -counted, shift == 0, 10 ** max(0, shift), 10 ** max(0, -shift))


def money(amount: int, currency: str) -> Money:
    """Stripe's amount as Money. Raises NotExact where it is finer than the currency's own minor unit."""
    return scale_of(currency).money(amount)


def units(amount: Money) -> int:
    """Money in Stripe's minor units. Raises NotExact where Stripe would refuse it."""
    shift = stripe_exponent(amount.currency) - exponent(amount.currency)
    counted = Decimal(amount.minor).scaleb(shift)
    step = 10 if amount.currency in LAST_DIGIT_ZERO else 1  # of the others, a whole unit is a whole one at Stripe
    if counted % step:
        raise NotExact(f"Stripe does not take so fine an amount in {amount.currency}")
    return int(counted)


def stripe_amount(amount: Decimal | str | int, currency: str) -> int:
    """An amount in major units as Stripe takes it. Raises NotExact where Stripe would refuse it."""
    code = currency.upper()
    scaled = Decimal(amount).scaleb(stripe_exponent(code))
    step = 100 if code in WHOLE_IN_HUNDREDTHS else 10 if code in LAST_DIGIT_ZERO else 1
    if scaled % step:
        raise NotExact(f"Stripe does not take so fine an amount in {code}")
    return int(scaled)
