"""Leaves as plans write them, held against the scalars' own functions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.plans.leaves import amount_text, moment, slowly
from resolvers.plans.outcomes import Bail
from resolvers.scalars import write_datetime, write_decimal
from sources.canonical.money import Money
from tests.resolvers.plans.comparing import SCHEMA

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30))])


@given(st.integers() | st.integers(-(10**30), 10**30), CURRENCIES)
def test_amounts_are_written_as_their_decimals_are(minor, currency):
    money = Money(minor, currency)
    assert amount_text(money) == write_decimal(money.amount)


@given(st.datetimes(timezones=ZONES, min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))
def test_moments_are_written_as_the_scalar_writes_them(value):
    assert moment(value) == write_datetime(value)


@pytest.mark.parametrize("minor", [None, 1.5, "12", True])
def test_an_amount_that_is_no_integer_is_left_to_graphql_core(minor):
    with pytest.raises(Bail):
        amount_text(Money(minor, "EUR"))


@pytest.mark.parametrize("value", [None, object(), 2**31])
def test_what_a_scalar_refuses_is_left_to_graphql_core(value):
    with pytest.raises(Bail):
        slowly(SCHEMA.type_map["Int"])(value)
