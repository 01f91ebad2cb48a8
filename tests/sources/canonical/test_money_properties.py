"""Money is exact: properties that hold for every ISO currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.canonical.money import (
    FOUR_DECIMALS,
    THREE_DECIMALS,
    ZERO_DECIMALS,
    Money,
    NotExact,
    exponent,
    totals,
)

HUNDREDTHS = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "AUD", "CAD", "NZD", "SGD", "HKD",
              "INR", "BRL", "MXN", "ZAR", "TRY", "ILS", "AED", "THB", "CNY", "TWD")  # fmt: skip
CURRENCIES = sorted(ZERO_DECIMALS | THREE_DECIMALS | FOUR_DECIMALS | set(HUNDREDTHS))
currencies = st.sampled_from(CURRENCIES)
minors = st.integers(-(10**18), 10**18)
moneys = st.builds(Money, minors, currencies)


@given(moneys)
def test_an_amount_and_its_minor_units_are_the_same_thing(money: Money) -> None:
    assert Money.of(money.amount, money.currency) == money
    assert Money.of(str(money.amount), money.currency) == money


@given(moneys)
def test_an_amount_has_exactly_the_decimals_of_its_currency(money: Money) -> None:
    assert -money.amount.as_tuple().exponent == exponent(money.currency)


@given(minors, currencies, st.integers(1, 9), st.integers(1, 6))
def test_what_is_finer_than_the_minor_unit_is_never_rounded(minor: int, currency: str, digit: int, finer: int) -> None:
    amount = Money(minor, currency).amount + Decimal(digit).scaleb(-exponent(currency) - finer)
    with pytest.raises(NotExact, match=currency):
        Money.of(amount, currency)


@given(minors, currencies, st.integers(1, 8))
def test_trailing_zeros_are_no_finer_amount(minor: int, currency: str, zeros: int) -> None:
    money = Money(minor, currency)
    written = f"{money.amount:f}" + ("" if exponent(currency) else ".") + "0" * zeros
    assert Money.of(written, currency) == money


@given(currencies, minors, minors, minors)
def test_addition_is_that_of_integers(currency: str, a: int, b: int, c: int) -> None:
    one, two, three = (Money(minor, currency) for minor in (a, b, c))
    assert (one + two).minor == a + b
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert one - two == one + -two
    assert one - one == Money(0, currency)
    assert (one + two).amount == one.amount + two.amount


@given(moneys, moneys)
def test_two_currencies_never_add_up(one: Money, two: Money) -> None:
    if one.currency != two.currency:
        with pytest.raises(ValueError, match="do not add up"):
            one + two
        with pytest.raises(ValueError, match="do not add up"):
            one - two


@given(st.lists(moneys, max_size=30))
def test_totals_are_the_sum_of_each_currency_in_order_without_zeros(amounts: list[Money]) -> None:
    sums = totals(amounts)
    assert [money.currency for money in sums] == sorted({money.currency for money in sums})
    assert all(money.minor for money in sums)
    by_currency = {money.currency: money.minor for money in sums}
    for currency in CURRENCIES:
        assert by_currency.get(currency, 0) == sum(money.minor for money in amounts if money.currency == currency)


@given(st.lists(moneys, max_size=12), st.randoms(use_true_random=False))
def test_totals_do_not_depend_on_the_order(amounts: list[Money], random: object) -> None:
    shuffled = list(amounts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert totals(shuffled) == totals(amounts)


@given(st.floats(allow_nan=False, allow_infinity=False), currencies)
def test_a_float_is_never_taken_for_an_amount(amount: float, currency: str) -> None:
    with pytest.raises(TypeError, match="never made from a float"):
        Money.of(amount, currency)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "written"),
    [
        ("1.50", "EUR", 150, "1.50"),
        ("150", "JPY", 150, "150"),
        ("1.5", "KWD", 1500, "1.500"),
        ("1.2345", "CLF", 12345, "1.2345"),
        ("0", "EUR", 0, "0.00"),
        ("-0.01", "USD", -1, "-0.01"),
        ("1e3", "JPY", 1000, "1000"),
        ("12", "ISK", 12, "12"),
    ],
)
def test_well_known_amounts(amount: str, currency: str, minor: int, written: str) -> None:
    money = Money.of(amount, currency)
    assert (money.minor, str(money.amount)) == (minor, written)


@pytest.mark.parametrize("nonsense", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_no_amount(nonsense: str) -> None:
    with pytest.raises((NotExact, ValueError, ArithmeticError)):
        Money.of(nonsense, "EUR")


@pytest.mark.parametrize("wild", [Decimal("1e29"), Decimal("123456789012345678901234567890.12")])
def test_an_amount_beyond_the_contexts_precision_is_exact_or_refused(wild: Decimal) -> None:
    try:
        money = Money.of(wild, "EUR")
    except NotExact:
        return
    assert money == Money(10**31, "EUR")


@pytest.mark.parametrize("endless", ["1e999999999999", "-1e999999999999", "1e-999999999999", "1e29"])
def test_an_amount_of_endless_digits_is_refused_at_once(endless: str) -> None:
    with pytest.raises(NotExact):
        Money.of(endless, "EUR")


@pytest.mark.parametrize("zero", ["0", "-0.00", "0e-999999999", "0e999999999"])
def test_nothing_is_nothing_however_it_is_written(zero: str) -> None:
    assert Money.of(zero, "EUR") == Money(0, "EUR")
