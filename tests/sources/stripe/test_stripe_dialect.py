"""How a server's dialect is learnt from what it answers anyway, and from nothing that is broken."""

from decimal import Decimal
from typing import Any

import pytest

from sources.canonical.billing import InvoiceStatus
from sources.canonical.provenance import CustomerRef
from sources.capabilities import InvoiceFilter, Window
from sources.faults import Malformed, NotOffered, SourceFault
from sources.simulation.harness import Switches
from sources.stripe import legacy_shapes
from sources.stripe.adapter import StripeAdapter
from sources.stripe.dialect import Age, Dialect
from sources.stripe.simulator import StripeSimulator
from sources.wire.messages import Response
from tests.sources.stripe.conftest import Tale

OPEN_ONLY = Window(filter=InvoiceFilter(status=frozenset([InvoiceStatus.OPEN])))


def answered(status: int, body: str, **headers: str) -> Response:
    return Response(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body.encode())


def test_stripe_itself_is_known_from_its_address() -> None:
    assert Dialect(official=True).age is Age.TODAY


@pytest.mark.parametrize(
    ("response", "age"),
    [
        (answered(200, '{"object":"list"}', request_id="req_1"), Age.TODAY),
        (answered(400, '{"error":{"type":"x"}}', request_id="req_1"), Age.TODAY),
        (answered(200, '{"object":"list"}'), Age.OLDER),
        (answered(400, '{"error":{"message":"Bad expand"}}'), Age.OLDER),
        (answered(200, '{"object":"li'), Age.UNKNOWN),
        (answered(200, "<html>"), Age.UNKNOWN),
        (answered(200, "[]"), Age.UNKNOWN),
        (answered(400, "<html>"), Age.UNKNOWN),
        (answered(400, '{"error":"no"}'), Age.UNKNOWN),
        (answered(404, "404: Not Found"), Age.UNKNOWN),
    ],
)
def test_an_answer_teaches_the_dialect_or_nothing(response: Response, age: Age) -> None:
    dialect = Dialect(official=False)
    dialect.learn(response)
    assert dialect.age is age


def test_a_server_that_was_taken_for_an_older_one_is_believed_when_it_names_its_requests() -> None:
    dialect = Dialect(official=False)
    assert dialect.learn(answered(200, '{"object":"list"}'))
    assert not dialect.learn(answered(200, '{"object":"list"}', request_id="req_1"))
    assert dialect.today


async def test_the_dialect_of_todays_stripe_costs_no_call(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    for _ in range(2):
        assert len((await adapter.invoices_of([ref], OPEN_ONLY))[ref].records) == 1
    assert simulator.harness.count == 2
    assert ["status=open" in call.query for call in simulator.harness.calls] == [False, True]


@pytest.mark.parametrize("broken", [Switches(garbage=True), Switches(truncate=True), Switches(html=True)])
async def test_a_broken_answer_does_not_make_a_server_old(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale, broken: Switches
) -> None:
    ref = tale.customer()
    simulator.harness.switches = broken
    with pytest.raises(SourceFault):
        await adapter.invoices_of([ref], Window())
    assert adapter.client.dialect.age is Age.UNKNOWN


async def test_a_404_that_is_not_stripes_own_is_malformed_once_the_server_is_known(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    simulator.harness.switches = Switches(status=404, body="404: Not Found")
    with pytest.raises(NotOffered):
        await adapter.credit_memos_of([ref], Window())
    simulator.harness.reset()
    await adapter.invoices_of([ref], Window())
    simulator.harness.switches = Switches(status=404, body="404: Not Found", times=1)
    with pytest.raises(Malformed):
        await adapter.payments_of([ref], Window())
    assert (await adapter.payments_of([ref], Window()))[ref].records == ()


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", "null", '{"object":"list"}', '{"object":"invoice"}', '{"object":"charge"}',
     '{"object":"subscription"}', '{"object":"list","data":[{"object":"invoice","charge":null}]}'],
)  # fmt: skip
def test_what_lacks_everything_is_rewritten_without_a_failure(body: str) -> None:
    assert legacy_shapes.modern(body.encode())


async def test_amounts_that_a_float_would_round_are_kept(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref: CustomerRef = tale.customer()
    tale.invoice("INV-1", net="90071992547409.93", lines=2)
    invoice: Any = (await adapter.invoices_of([ref], Window()))[ref].records[0]
    assert invoice.total.minor == 2 * 9007199254740993
    assert invoice.lines[0].unit_price == Decimal("90071992547409.93")
