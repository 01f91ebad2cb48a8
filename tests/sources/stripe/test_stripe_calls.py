"""What each question costs, counted at the simulator's socket."""

from sources.canonical.provenance import CustomerRef
from sources.capabilities import Window
from sources.stripe.adapter import StripeAdapter
from sources.stripe.simulator import StripeSimulator
from tests.sources.stripe.conftest import Tale


def paths(simulator: StripeSimulator) -> list[str]:
    return sorted(f"{call.path}?{call.query}".rstrip("?") for call in simulator.harness.calls)


async def test_the_account_view_of_a_customer_costs_five_calls(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    tale.payment("P-1", "INV-1")
    await adapter.subscriptions_of([ref], Window())
    await adapter.invoices_of([ref], Window())
    await adapter.payments_of([ref], Window())
    await adapter.credit_memos_of([ref], Window())
    assert paths(simulator) == [
        f"/v1/charges?customer={ref.id}&expand%5B%5D=data.refunds&limit=100",
        f"/v1/credit_notes?customer={ref.id}&limit=100",
        f"/v1/customers/{ref.id}/balance_transactions?limit=100",
        f"/v1/invoices?customer={ref.id}&expand%5B%5D=data.payments&limit=100",
        f"/v1/subscriptions?customer={ref.id}&status=all&limit=100",
    ]


async def test_three_customers_cost_three_calls_to_stripe_whatever_the_duplicates(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    refs = [tale.customer(f"C-{n}") for n in (1, 2, 3)]
    answer = await adapter.invoices_of([*refs, *refs], Window())
    assert set(answer) == set(refs)
    assert simulator.harness.count == 3


async def test_each_disputed_payment_costs_one_call(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    tale.customer()
    payments = []
    for n in (1, 2):
        tale.invoice(f"INV-{n}")
        payments.append(tale.payment(f"P-{n}", f"INV-{n}"))
    dispute = tale.dispute("D-1", "P-1")
    answer = await adapter.disputes_of_payments(payments)
    assert [d.provenance.record_id for d in answer[payments[0]]] == [dispute]
    assert answer[payments[1]] == ()
    assert simulator.harness.count == 2


async def test_eleven_numbers_cost_two_searches(adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale) -> None:
    for n in range(11):
        tale.customer(f"C-{n}")
    answer = await adapter.customers_by_number([f"C-{n}" for n in range(11)])
    assert all([record.number for record in answer[number]] == [number] for number in answer)
    assert simulator.harness.count == 2


async def test_a_reference_of_another_type_costs_no_call(adapter: StripeAdapter, simulator: StripeSimulator) -> None:
    foreign = CustomerRef("organization", "1")
    assert (await adapter.customer_records([foreign])) == {foreign: None}
    assert (await adapter.payments_of([foreign], Window()))[foreign].records == ()
    assert simulator.harness.count == 0


async def test_every_request_names_the_pinned_version_and_the_key(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    await adapter.customer_records([tale.customer()])
    headers = simulator.harness.calls[0].headers
    assert headers["stripe-version"] == "2026-10-28.endive"
    assert headers["authorization"] == "Bearer sk_test_simulated"


async def test_more_than_ten_refunds_or_payments_cost_one_call_more(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1", net="1000")
    for n in range(11):
        tale.payment(f"P-{n}", "INV-1", "50")
    refunds = {tale.refund(f"R-{n}", "P-0", "1") for n in range(12)}
    invoice = (await adapter.invoices_of([ref], Window()))[ref].records[0]
    assert len(invoice.payment_refs) == 11
    assert simulator.harness.count == 2
    payments = (await adapter.payments_of([ref], Window()))[ref].records
    assert {refund.provenance.record_id for p in payments for refund in p.refunds} == refunds
    assert simulator.harness.count == 4


async def test_the_lines_of_a_long_invoice_are_fetched_only_when_they_are_asked_for(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    id = tale.invoice("INV-1", lines=230)
    invoice = (await adapter.invoices_of([ref], Window()))[ref].records[0]
    assert invoice.lines is None
    assert simulator.harness.count == 1
    lines = (await adapter.invoice_lines([id]))[id]
    assert len(lines) == 230
    assert simulator.harness.count == 1 + 3
