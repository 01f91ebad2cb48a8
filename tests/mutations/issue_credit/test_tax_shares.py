"""The tax split of a gross credit: exact to the minor unit, whatever the rates and the amount."""

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from mutations.issue_credit.shares import gross_by_rate, split
from sources.canonical.billing import InvoiceLine
from sources.canonical.money import Money

RATES = st.sampled_from([Decimal(rate) for rate in ("0", "5.5", "7", "19", "20", "21", "8.1", "25")])
INVOICES = st.dictionaries(RATES, st.integers(1, 10_000_000), max_size=4)
AMOUNTS = st.integers(1, 50_000_000)


def line(net: str, rate: str | None, currency: str = "EUR") -> InvoiceLine:
    return InvoiceLine(
        description="x", total=Money.of(Decimal(net), currency), tax_rate=None if rate is None else Decimal(rate)
    )


@given(AMOUNTS, INVOICES)
def test_the_shares_add_up_to_the_amount(minor, invoice):
    shares = split(Money(minor, "EUR"), invoice)
    assert sum(share.gross.minor for share in shares) == minor
    assert all(share.gross == share.net + share.tax for share in shares)


@given(AMOUNTS, INVOICES)
def test_each_share_is_what_the_ledger_works_out_of_its_net_amount(minor, invoice):
    for share in split(Money(minor, "EUR"), invoice):
        tax = (share.net.minor * share.rate / 100).to_integral_value(ROUND_HALF_EVEN)
        assert share.tax.minor == int(tax)


@given(AMOUNTS, INVOICES)
def test_no_share_is_negative_and_each_rate_comes_once(minor, invoice):
    shares = split(Money(minor, "EUR"), invoice)
    assert all(share.gross.minor > 0 for share in shares)
    assert len({share.rate for share in shares}) == len(shares)
    assert {share.rate for share in shares} <= set(invoice) | {Decimal(0)}


@given(AMOUNTS, INVOICES.filter(lambda invoice: len(invoice) > 0 and 0 not in invoice))
def test_what_is_left_untaxed_is_a_minor_unit_or_so_for_each_rate(minor, invoice):
    untaxed = [share.gross.minor for share in split(Money(minor, "EUR"), invoice) if share.rate == 0]
    assert sum(untaxed) <= len(invoice)


def test_a_credit_on_account_is_one_share_without_tax():
    (share,) = split(Money(4000, "EUR"), {})
    assert (share.rate, share.gross.minor, share.tax.minor) == (Decimal(0), 4000, 0)


def test_forty_euros_on_an_invoice_with_two_rates():
    rates = gross_by_rate([line("100.00", "19"), line("50.00", "7")])
    assert rates == {Decimal(19): 11900, Decimal(7): 5350}
    shares = split(Money(4000, "EUR"), rates)
    assert [(str(share.rate), share.gross.minor, share.net.minor) for share in shares] == [
        ("19", 2760, 2319),
        ("7", 1240, 1159),
    ]


def test_the_residue_goes_to_the_largest_rate():
    shares = split(Money(100, "EUR"), {Decimal(0): 1, Decimal(5): 1, Decimal(20): 1000})
    assert shares[0].rate == 20
    assert shares[0].gross.minor + sum(share.gross.minor for share in shares[1:]) == 100


def test_three_cents_at_nineteen_percent_are_two_and_one_without_tax():
    shares = split(Money(3, "EUR"), {Decimal(19): 11900})
    assert [(str(share.rate), share.gross.minor) for share in shares] == [("19", 2), ("0", 1)]


def test_lines_that_credit_within_the_invoice_lower_their_rate():
    assert gross_by_rate([line("100.00", "19"), line("-100.00", "19"), line("10.00", None)]) == {Decimal(0): 1000}
