"""Money: integer minor units inside, a decimal string outside, never a float."""

from decimal import Decimal
from functools import lru_cache

import msgspec

from sources.canonical.sensitivity import Sensitivity, classified

# ISO 4217 (list one): currencies whose minor unit is not a hundredth.
ZERO_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
FOUR_DECIMALS = frozenset(["CLF", "UYW"])
DIGITS = 28  # that decimal keeps: an amount of more could not be shown exactly
TOO_LARGE = 10**DIGITS  # minor units


class NotExact(ValueError):
    """An amount is finer than its currency's minor unit, or beyond what can be shown exactly."""


@lru_cache(maxsize=256)  # there are some 180 currencies
def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has (JPY 0, EUR 2, KWD 3). Source: ISO 4217."""
    if currency in ZERO_DECIMALS:
        return 0
    if currency in THREE_DECIMALS:
        return 3
    return 4 if currency in FOUR_DECIMALS else 2


@lru_cache(maxsize=256)
def units_in(currency: str) -> int:
    """How many minor units make one of the currency: EUR 100, JPY 1."""
    units: int = 10 ** exponent(currency)
    return units


@classified(Sensitivity.INTERNAL)
class Money(msgspec.Struct, frozen=True, order=False, gc=False):
    """An amount that is exact in its currency's minor unit."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> "Money":
        """The amount as Money; raises NotExact where it is finer than the minor unit."""
        if isinstance(amount, float):
            raise TypeError("money is never made from a float")
        value = amount if isinstance(amount, Decimal) else Decimal(amount)
        if not value.is_nan() and (not value or -DIGITS < value.adjusted() < DIGITS):  # 1e999999 would fill the memory
            numerator, denominator = value.as_integer_ratio()  # integers, which do not round
            minor, rest = divmod(numerator * units_in(currency), denominator)
            if not rest and -TOO_LARGE < minor < TOO_LARGE:
                return cls(minor, currency)
        raise NotExact(f"{amount} {currency} is finer than the currency's minor unit")

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals: 1.50, 150, 1.500."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other


def totals(amounts: "list[Money]") -> tuple[Money, ...]:
    """The sums by currency, in the order of the currencies' codes; sums of zero are left out."""
    sums: dict[str, int] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, 0) + money.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()) if minor)
