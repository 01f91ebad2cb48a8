"""What an order becomes: amounts, splits and forms."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sources.canonical.money import Money, NotExact
from sources.canonical.provenance import CustomerRef
from sources.faults import Refused
from sources.stripe import shapes
from sources.stripe.money import money, units
from sources.stripe.orders import NotNow, after_payment, amount_of, credit_note_form, refund_form
from tests.sources.stripe.ordering import credit, refund

REF = CustomerRef("customer", "cus_1")
CURRENCIES = ["EUR", "JPY", "KWD", "ISK", "UGX", "MGA", "HUF"]


def invoice(status: str | None, total: int, remaining: int) -> shapes.Invoice:
    return shapes.Invoice(
        id="in_1", created=0, livemode=False, status=status, currency="eur", total=total,
        amount_paid=total - remaining, amount_remaining=remaining, lines=shapes.Listing((), has_more=False),
        status_transitions=shapes.StatusTransitions(),
    )  # fmt: skip


@given(minor=st.integers(1, 10**10), currency=st.sampled_from(CURRENCIES))
def test_an_amount_that_goes_out_comes_back_the_same(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    try:
        sent = units(amount)
    except NotExact:
        assume(False)
    assert money(sent, currency.lower()) == amount


@pytest.mark.parametrize(
    ("amount", "sent"),
    [
        (Money(1234, "EUR"), 1234),
        (Money(1234, "JPY"), 1234),
        (Money(1230, "KWD"), 1230),
        (Money(12, "ISK"), 1200),
        (Money(12, "UGX"), 1200),
        (Money(1200, "MGA"), 12),
    ],
)
def test_an_amount_in_stripes_own_units(amount: Money, sent: int) -> None:
    assert units(amount) == sent


@pytest.mark.parametrize("amount", [Money(1234, "KWD"), Money(1234, "MGA")])
def test_an_amount_that_is_too_fine_for_stripe_is_refused(amount: Money) -> None:
    with pytest.raises(Refused, match="so fine"):
        amount_of(refund("ch_1", amount.minor, amount.currency))


@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_and_less_are_refused(minor: int) -> None:
    with pytest.raises(Refused, match="above zero"):
        amount_of(refund("ch_1", minor))


@given(total=st.integers(1, 10**8), data=st.data())
def test_a_split_lowers_what_is_owed_first_and_gives_the_rest_to_the_balance(total: int, data: st.DataObject) -> None:
    remaining = data.draw(st.integers(0, total))
    amount = data.draw(st.integers(1, total))
    status = "paid" if remaining == 0 else "open"
    after = after_payment(invoice(status, total, remaining), amount)
    assert 0 <= after <= amount
    assert amount - after == min(amount, remaining)


@pytest.mark.parametrize("status", [None, "draft", "void", "uncollectible", "a_new_word"])
def test_only_open_and_paid_invoices_take_a_note(status: str | None) -> None:
    with pytest.raises(NotNow):
        after_payment(invoice(status, 100, 100), 1)


@given(memo=st.text(max_size=6000), reason=st.text(min_size=1, max_size=600), case=st.none() | st.text(max_size=600))
def test_a_form_is_within_stripes_limits(memo: str, reason: str, case: str | None) -> None:
    order = credit(REF, 100, "in_1", memo=memo, reason=reason, case_number=case)
    form = dict(credit_note_form(order, invoice("open", 100, 100), 100, "case_number"))
    assert len(form["memo"]) <= 5000
    assert all(len(value) <= 500 for name, value in form.items() if name.startswith("metadata"))
    assert form["metadata[op_id]"] == order.reference
    assert form["email_type"] == "none"
    assert form.get("reason") in (None, "duplicate", "product_unsatisfactory")


def test_our_reference_stays_though_the_case_number_were_kept_in_its_place() -> None:
    order = refund("ch_1", 100, since=datetime.now(UTC))
    assert dict(refund_form(order, "ch_1", 100, "op_id"))["metadata[op_id]"] == order.reference
