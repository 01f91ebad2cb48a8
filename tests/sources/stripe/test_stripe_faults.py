"""What goes wrong, and what it is called."""

import pytest

from sources.capabilities import Page, Window
from sources.faults import Busy, Malformed, Refused, SourceFault, Throttled, Timeout, Unavailable
from sources.simulation.harness import Switches
from sources.stripe.adapter import StripeAdapter
from sources.stripe.answers import classify
from sources.stripe.simulator import SECRET_KEY, StripeSimulator
from sources.stripe.simulator.limits import Limits
from sources.wire.messages import Response
from tests.sources.stripe.conftest import Adapters, Tale

LOCKED = '{"error":{"type":"invalid_request_error","code":"lock_timeout","message":"secret person"}}'


def response(status: int, body: str = "", **headers: str) -> Response:
    return Response(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body.encode())


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "retryable"),
    [
        (401, "", {}, Refused, False),
        (402, "", {}, Refused, False),
        (403, "", {}, Refused, False),
        (405, "", {}, Refused, False),
        (302, "", {}, Refused, False),
        (409, "", {}, Busy, True),
        (424, "", {}, Unavailable, True),
        (500, "<html>", {}, Unavailable, True),
        (503, "", {"stripe_should_retry": "false"}, Unavailable, False),
        (503, "", {"stripe_should_retry": "true"}, Unavailable, True),
        (402, "", {"stripe_should_retry": "true"}, Busy, True),
        (429, "", {}, Throttled, True),
        (429, "", {"stripe_should_retry": "false"}, Throttled, False),
        (429, LOCKED, {}, Busy, True),
    ],
)
def test_an_answer_stands_for_a_fault(
    status: int, body: str, headers: dict[str, str], kind: type[SourceFault], retryable: bool
) -> None:
    fault = classify(response(status, body, **headers))
    assert type(fault) is kind
    assert fault.retryable is retryable


@pytest.mark.parametrize("status", [200, 201, 400, 404])
def test_what_the_client_judges_itself_is_no_fault(status: int) -> None:
    assert classify(response(status)) is None


def test_a_fault_names_the_request_and_the_code_but_not_the_message() -> None:
    fault = classify(response(429, LOCKED, request_id="req_Ab12"))
    assert fault is not None
    assert "req_Ab12" in fault.reason
    assert "lock_timeout" in fault.reason
    assert "secret person" not in fault.reason


def test_a_request_id_that_is_none_is_not_repeated() -> None:
    fault = classify(response(500, request_id="req_<script>"))
    assert fault is not None
    assert "script" not in fault.reason


def test_which_limit_was_exceeded_is_told() -> None:
    fault = classify(response(429, stripe_rate_limited_reason="endpoint-concurrency", retry_after="2"))
    assert fault is not None
    assert "endpoint-concurrency" in fault.reason
    assert fault.retry_after_seconds == 2


@pytest.mark.parametrize(
    ("switches", "kind"),
    [
        (Switches(status=500), Unavailable),
        (Switches(html=True), Unavailable),
        (Switches(drop_connection=True), Unavailable),
        (Switches(throttle_retry_after="0"), Throttled),
        (Switches(truncate=True), Malformed),
        (Switches(garbage=True), Malformed),
        (Switches(status=200, body="[]"), Malformed),
        (Switches(status=200, body='{"data":[{"id":1}],"has_more":false}'), Malformed),
        (Switches(hang=True), Timeout),
        (Switches(status=401), Refused),
        (Switches(status=403), Refused),
        (Switches(status=400), Refused),
    ],
)
async def test_a_broken_server_gives_the_fault_that_it_is(
    adapters: Adapters, simulator: StripeSimulator, tale: Tale, switches: Switches, kind: type[SourceFault]
) -> None:
    ref = tale.customer()
    adapter = adapters(timeout_seconds=0.3)
    simulator.harness.switches = switches
    with pytest.raises(kind):
        await adapter.invoices_of([ref], Window())


async def test_what_fails_for_one_customer_leaves_the_others_alone(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    refs = [tale.customer(f"C-{n}") for n in range(3)]
    tale.invoice("INV-1", "C-1")
    simulator.shop.invoices.where("customer", refs[1].id).records[0].created = 10**17
    answer = await adapter.invoices_of(refs, Window())
    assert isinstance(answer[refs[1]], Malformed)
    assert isinstance(answer[refs[0]], Page)
    assert isinstance(answer[refs[2]], Page)


async def test_a_wrong_key_is_refused_and_not_tried_again(
    adapters: Adapters, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    with pytest.raises(Refused, match="api_key"):
        await adapters(api_key="sk_test_wrong").invoices_of([ref], Window())
    assert simulator.harness.count == 1


async def test_an_expired_key_is_refused_with_its_code(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    simulator.expire(SECRET_KEY)
    with pytest.raises(Refused, match="api_key_expired"):
        await adapter.invoices_of([tale.customer()], Window())


async def test_a_rate_limit_passes_when_its_second_has_passed(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    refs = [tale.customer(f"C-{n}") for n in range(6)]
    simulator.limit_to(Limits(account=5))
    answer = await adapter.invoices_of(refs, Window())
    assert not [page for page in answer.values() if isinstance(page, SourceFault)]
    assert 429 in {call.status for call in simulator.harness.calls}


async def test_the_key_is_in_no_fault(adapters: Adapters, simulator: StripeSimulator, tale: Tale) -> None:
    ref = tale.customer()
    for switches in (Switches(status=500, body=SECRET_KEY), Switches(garbage=True), Switches(status=400)):
        simulator.harness.switches = switches
        with pytest.raises(SourceFault) as caught:
            await adapters().invoices_of([ref], Window())
        assert SECRET_KEY not in str(caught.value)
        assert ref.id not in str(caught.value)
