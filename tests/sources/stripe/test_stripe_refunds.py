"""Refunds of payments, and how they stand days later."""

import pytest

from sources.canonical.billing import RefundStatus
from sources.canonical.money import Money
from sources.faults import Refused
from sources.stripe.adapter import StripeAdapter
from sources.stripe.simulator import StripeSimulator
from sources.writing import ReceiptState
from tests.sources.stripe.conftest import Tale
from tests.sources.stripe.ordering import refund


@pytest.fixture
def payment(tale: Tale) -> str:
    """A payment of 120.00 EUR."""
    tale.customer()
    tale.invoice("INV-1")
    return tale.payment("P-1", "INV-1")


async def left(adapter: StripeAdapter, payment: str) -> int | None:
    record = (await adapter.payments([payment]))[payment]
    return record.refundable.minor if record.refundable else None  # type: ignore[union-attr]


async def test_a_refund_is_done_and_lowers_what_is_left(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    order = refund(payment, 5000)
    receipt = await adapter.refund(order)
    assert (receipt.state, receipt.amount) == (ReceiptState.DONE, Money(5000, "EUR"))
    kept = simulator.shop.refunds.by_id[receipt.record_id]
    assert kept.metadata == {"op_id": order.reference, "case_number": "4711"}
    assert kept.reason == "requested_by_customer"
    assert await left(adapter, payment) == 7000
    assert await adapter.find_refund(order) == receipt
    assert await adapter.refund_state(receipt.record_id) == receipt


async def test_what_was_said_for_a_reason_stays_here(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    receipt = await adapter.refund(refund(payment, 5000, reason="Mrs Garrano asked for it, fraudulent"))
    assert "Garrano" not in str(simulator.shop.refunds.by_id[receipt.record_id])


async def test_a_payment_may_be_named_by_its_intent(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    order = refund(simulator.shop.charges.by_id[payment].intent, 5000)
    receipt = await adapter.refund(order)
    assert simulator.shop.refunds.by_id[receipt.record_id].charge == payment
    assert await adapter.find_refund(order) == receipt


async def test_refunds_add_up_to_what_was_captured_and_no_further(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    for minor in (5000, 7000):
        await adapter.refund(refund(payment, minor))
    with pytest.raises(Refused, match="charge_already_refunded"):
        await adapter.refund(refund(payment, 1))
    assert simulator.shop.charges.by_id[payment].refunded == 12000
    assert await left(adapter, payment) == 0


async def test_too_much_is_refused_with_the_parameter(adapter: StripeAdapter, payment: str) -> None:
    with pytest.raises(Refused, match=r"answered 400 .*invalid_request_error amount req_"):
        await adapter.refund(refund(payment, 12001))


async def test_a_disputed_payment_is_not_refunded(adapter: StripeAdapter, tale: Tale, payment: str) -> None:
    tale.dispute("D-1", "P-1")
    with pytest.raises(Refused, match="charge_disputed"):
        await adapter.refund(refund(payment, 5000))


async def test_another_currency_and_an_unknown_payment_are_refused_before_anything_is_sent(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    for order in (refund(payment, 5000, "JPY"), refund("ch_nope", 5000), refund("pi_nope", 5000), refund("../x", 1)):
        with pytest.raises(Refused):
            await adapter.refund(order)
    assert not [call for call in simulator.harness.calls if call.method == "POST"]


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("pending", ReceiptState.PENDING, None),
        ("requires_action", ReceiptState.PENDING, None),
        ("a_new_word", ReceiptState.PENDING, None),
        ("succeeded", ReceiptState.DONE, None),
        ("failed", ReceiptState.FAILED, "expired_or_canceled_card"),
        ("canceled", ReceiptState.FAILED, "canceled"),
    ],
)
async def test_how_a_refund_stands(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str, word: str, state: ReceiptState, reason: str | None
) -> None:
    simulator.refunds_are(word)
    receipt = await adapter.refund(refund(payment, 5000))
    assert (receipt.state, receipt.reason) == (state, reason)


@pytest.mark.parametrize(
    ("word", "state", "remains", "event"),
    [
        ("succeeded", ReceiptState.DONE, 7000, "refund.updated"),
        ("failed", ReceiptState.FAILED, 12000, "refund.failed"),
        ("canceled", ReceiptState.FAILED, 12000, "refund.updated"),
    ],
)
async def test_a_refund_that_was_pending_comes_to_its_end(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str, word: str, state: ReceiptState, remains: int,
    event: str,
) -> None:  # fmt: skip
    simulator.refunds_are("pending")
    mark = (await adapter.changes(None)).watermark
    receipt = await adapter.refund(refund(payment, 5000))
    assert receipt.state is ReceiptState.PENDING
    simulator.settle_refund(receipt.record_id, word)
    settled = await adapter.refund_state(receipt.record_id)
    assert settled is not None
    assert settled.state is state
    assert await left(adapter, payment) == remains
    assert [e.type for e in simulator.shop.events.row.records if e.shelf == "refunds"] == [event, "refund.created"]
    changes = (await adapter.changes(mark)).changes
    assert {change.kind for change in changes} >= {"Refund", "Payment"}


async def test_an_unknown_refund_has_no_state(adapter: StripeAdapter) -> None:
    assert await adapter.refund_state("re_nope") is None


async def test_a_refund_of_ours_carries_its_reference_when_it_is_read(adapter: StripeAdapter, payment: str) -> None:
    order = refund(payment, 5000)
    receipt = await adapter.refund(order)
    alone = (await adapter.refunds([receipt.record_id]))[receipt.record_id]
    within = (await adapter.payments([payment]))[payment].refunds[0]  # type: ignore[union-attr]
    assert alone.reference == within.reference == order.reference  # type: ignore[union-attr]
    assert within.status is RefundStatus.SUCCEEDED


async def test_a_refund_costs_two_calls_a_probe_one(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    order = refund(payment, 5000)
    await adapter.refund(order)
    assert [call.method for call in simulator.harness.calls] == ["GET", "POST"]
    await adapter.find_refund(order)
    assert simulator.harness.count == 3
