"""Stripe's minor units against those of ISO 4217, over all amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.canonical.money import Money, NotExact, exponent
from sources.stripe.money import money, scale_of, stripe_amount, stripe_exponent

# As Stripe publishes it: currency, Stripe's amount, the same in major units.
PUBLISHED = [
    ("usd", 1000, "10.00"),
    ("eur", 1, "0.01"),
    ("jpy", 500, "500"),
    ("krw", 1, "1"),
    ("mga", 5000, "5000.00"),
    ("isk", 500, "5"),
    ("ugx", 500, "5"),
    ("huf", 1000, "10.00"),
    ("twd", 80045, "800.45"),
    ("kwd", 5120, "5.120"),
    ("bhd", 10, "0.010"),
    ("clp", 7, "7"),
    ("xaf", 7, "7"),
]
THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
ODD = ["HUF", "TWD", "MGA", "ISK", "UGX", "CLP", "VND", "XAF", "XPF", "RWF"]
CURRENCIES = st.sampled_from(["EUR", "USD", "GBP", "JPY", "KRW", *ODD, *THREE])
AMOUNTS = st.integers(min_value=-(10**11), max_value=10**11)


@pytest.mark.parametrize(("currency", "amount", "expected"), PUBLISHED)
def test_an_amount_of_stripes_is_so_much(currency: str, amount: int, expected: str) -> None:
    made = money(amount, currency)
    assert (made.currency, made.amount) == (currency.upper(), Decimal(expected))
    assert stripe_amount(Decimal(expected), currency) == amount


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_what_stripe_counts_is_neither_lost_nor_made(amount: int, currency: str) -> None:
    try:
        made = money(amount, currency.lower())
    except NotExact:
        assert currency in ("ISK", "UGX")
        assert amount % 100
    else:
        assert made.amount == Decimal(amount).scaleb(-stripe_exponent(currency))
        assert scale_of(currency).major(Decimal(amount)) == made.amount


@given(minor=AMOUNTS, currency=CURRENCIES)
def test_money_goes_to_stripe_and_comes_back_the_same(minor: int, currency: str) -> None:
    there = Money(minor, currency)
    try:
        amount = stripe_amount(there.amount, currency)
    except NotExact:
        assert (exponent(currency) == 3 and minor % 10) or (currency == "MGA" and minor % 100)
    else:
        assert money(amount, currency) == there


@given(one=AMOUNTS, other=AMOUNTS, currency=CURRENCIES)
def test_sums_are_the_same_before_and_after(one: int, other: int, currency: str) -> None:
    one, other = one * 100, other * 100
    assert money(one, currency) + money(other, currency) == money(one + other, currency)


def test_a_fraction_of_an_icelandic_krona_is_refused() -> None:
    with pytest.raises(NotExact):
        money(501, "isk")
    with pytest.raises(NotExact):
        stripe_amount("5.1", "ISK")


def test_a_dinar_is_taken_only_to_ten_of_its_minor_unit() -> None:
    assert stripe_amount("5.120", "KWD") == 5120
    with pytest.raises(NotExact):
        stripe_amount("5.124", "KWD")
