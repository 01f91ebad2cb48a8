"""Each way in which Stripe answers a write, what it is called, and what was done by it."""

from typing import Any

import pytest

from sources.faults import (
    Busy,
    CircuitOpen,
    OutcomeUnknown,
    Refused,
    SourceFault,
    Throttled,
    Timeout,
    Unavailable,
)
from sources.simulation.harness import Switches
from sources.stripe.adapter import StripeAdapter
from sources.stripe.answers import classify
from sources.stripe.client import KeyOfAnother
from sources.stripe.simulator import SECRET_KEY, StripeSimulator
from sources.stripe.simulator.limits import Limits
from sources.wire.breaker import MIN_CALLS
from sources.wire.deadline import Deadline, within
from sources.wire.messages import Response
from sources.writing import nothing_was_done
from tests.sources.stripe.conftest import Adapters, Tale
from tests.sources.stripe.ordering import credit, refund

PERSON = "Paloma Garrano"


def error(code: str | None = None, type: str = "invalid_request_error", param: str | None = None) -> str:
    fields = {"type": type, "code": code, "param": param, "message": f"about {PERSON}"}
    inside = ",".join(f'"{name}":"{value}"' for name, value in fields.items() if value)
    return f'{{"error":{{{inside}}}}}'


@pytest.fixture
def payment(tale: Tale) -> str:
    tale.customer()
    tale.invoice("INV-1")
    return tale.payment("P-1", "INV-1")


async def fault_of(adapter: StripeAdapter, order: Any) -> SourceFault:
    with pytest.raises(SourceFault) as caught:
        await adapter.refund(order)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (400, error("parameter_missing", param="amount"), Refused, "parameter_missing amount"),
        (400, error(type="idempotency_error"), KeyOfAnother, "idempotency_error"),
        (400, error("approval_required"), Refused, "held by Stripe for an approval of its own, not executed"),
        (402, error("approval_required"), Refused, "not executed"),
        (409, error("approval_required"), Refused, "not executed"),
        (402, error("card_declined", "card_error"), Refused, "card_declined"),
        (403, error(), Refused, "refused what was asked"),
        (404, error("resource_missing", param="charge"), Refused, "resource_missing charge"),
        (401, error("api_key_expired"), Refused, "api_key"),
        (302, "", Refused, "redirect"),
        (409, error("idempotency_key_in_use", "idempotency_error"), Busy, "idempotency_key_in_use"),
        (409, "", Busy, "runs"),
        (429, error("lock_timeout"), Busy, "lock_timeout"),
        (429, error("rate_limit"), Throttled, "rate_limit"),
        (424, error(), OutcomeUnknown, "answered 424"),
        (500, error(type="api_error"), OutcomeUnknown, "api_error"),
        (502, "<html>", OutcomeUnknown, "answered 502"),
        (503, "", OutcomeUnknown, "answered 503"),
        (200, "{}", OutcomeUnknown, "shape"),
        (200, "", OutcomeUnknown, "shape"),
    ],
)
async def test_an_answer_to_a_write_is_the_fault_that_it_is(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str, status: int, body: str, kind: type, told: str
) -> None:
    simulator.harness.switches = Switches(status=status, body=body, writes_only=True)
    fault = await fault_of(adapter, refund(payment, 5000))
    assert type(fault) is kind
    assert told in fault.reason
    assert PERSON not in str(fault)
    assert nothing_was_done(fault) is (kind is not OutcomeUnknown)
    assert [call.method for call in simulator.harness.calls] == ["GET", "POST"]


@pytest.mark.parametrize("status", [409, 429])
async def test_what_was_not_done_may_be_sent_again_whatever_stripe_advises(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str, status: int
) -> None:
    """Its advice is about sending again at once."""
    simulator.limit_to(Limits(endpoint=100))
    simulator.harness.switches = Switches(status=status, writes_only=True)
    fault = await fault_of(adapter, refund(payment, 5000))
    assert fault.retryable


def test_advice_to_try_again_means_that_nothing_was_done() -> None:
    fault = classify(Response(status=402, headers={"stripe-should-retry": "true"}, body=b""))
    assert type(fault) is Busy


@pytest.mark.parametrize("applied", [False, True])
async def test_a_500_that_a_key_remembers_spends_the_key(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str, applied: bool
) -> None:
    order = refund(payment, 5000)
    simulator.trouble("stored_500_applied" if applied else "stored_500", only="/refunds", times=1)
    first, second = await fault_of(adapter, order), await fault_of(adapter, order)
    assert isinstance(first, OutcomeUnknown)
    assert isinstance(second, OutcomeUnknown)
    assert (first.key_spent, second.key_spent) == (False, True)
    found = await adapter.find_refund(order)
    assert (found is not None) is applied
    assert simulator.effects(order.reference) == applied


@pytest.mark.parametrize(
    ("trouble", "kind"), [("lock_timeout", Busy), ("key_in_use", Busy), ("approval_required", Refused)]
)
async def test_a_trouble_of_stripes_own_leaves_nothing_behind(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str, trouble: Any, kind: type
) -> None:
    order = refund(payment, 5000)
    simulator.trouble(trouble, times=1)
    assert type(await fault_of(adapter, order)) is kind
    assert simulator.effects(order.reference) == 0
    await adapter.refund(order)
    assert simulator.effects(order.reference) == 1


async def test_the_same_order_while_it_runs_is_busy(
    adapters: Adapters, simulator: StripeSimulator, payment: str
) -> None:
    order = refund(payment, 5000)
    simulator.slow_execution(0.4)
    assert isinstance(await fault_of(adapters(timeout_seconds=0.1), order), OutcomeUnknown)
    busy = await fault_of(adapters(), order)
    assert type(busy) is Busy
    assert "idempotency_key_in_use" in busy.reason


async def test_a_key_with_another_amount_is_refused(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    order = refund(payment, 5000)
    await adapter.refund(order)
    changed = refund(payment, 6000, key=order.key, reference=order.reference)
    assert isinstance(await fault_of(adapter, changed), Refused)
    assert simulator.shop.charges.by_id[payment].refunded == 5000


async def test_a_read_that_fails_before_a_write_was_sent_leaves_nothing_open(
    adapters: Adapters, simulator: StripeSimulator, payment: str
) -> None:
    simulator.harness.switches = Switches(hang=True, only="/charges")
    fault = await fault_of(adapters(timeout_seconds=0.1), refund(payment, 5000))
    assert type(fault) is Timeout
    assert not fault.sent
    assert nothing_was_done(fault)


async def test_nothing_is_open_where_nobody_listens(adapters: Adapters, payment: str, tale: Tale) -> None:
    adapter = adapters(base_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        await adapter.issue_credit(credit(tale.customer(), 100))
    assert not caught.value.sent


async def test_nothing_is_sent_when_the_deadline_has_passed_or_the_circuit_is_open(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    with within(Deadline(0)), pytest.raises(Timeout) as caught:
        await adapter.issue_credit(credit(ref, 100))
    assert not caught.value.sent
    simulator.harness.switches = Switches(status=503, writes_only=True)
    for _ in range(MIN_CALLS):
        with pytest.raises(OutcomeUnknown):
            await adapter.issue_credit(credit(ref, 100))
    with pytest.raises(CircuitOpen):
        await adapter.issue_credit(credit(ref, 100))
    assert simulator.harness.count == MIN_CALLS


async def test_a_write_that_the_deadline_cuts_off_is_open(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    order = credit(tale.customer(), 100)
    simulator.harness.switches = Switches(write_fault="after")
    with within(Deadline(0.2)), pytest.raises(OutcomeUnknown):
        await adapter.issue_credit(order)
    assert simulator.effects(order.reference) == 1


async def test_a_write_carries_its_key_and_the_version(
    adapter: StripeAdapter, simulator: StripeSimulator, payment: str
) -> None:
    order = refund(payment, 5000)
    await adapter.refund(order)
    headers = simulator.harness.calls[-1].headers
    assert headers["idempotency-key"] == order.key
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["stripe-version"] == "2026-10-28.endive"


async def test_a_key_that_may_only_read_is_refused_by_its_permission(
    adapters: Adapters, simulator: StripeSimulator, payment: str
) -> None:
    simulator.allow("rk_test_reads", "charges", "refunds")
    fault = await fault_of(adapters(api_key="rk_test_reads"), refund(payment, 5000))
    assert type(fault) is Refused
    assert "rak_refund_write" in fault.reason
    assert SECRET_KEY not in fault.reason
