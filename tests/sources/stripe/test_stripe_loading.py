"""The world in a real localstripe: what is loaded is read back as it was told, and what is not is said."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from sources.canonical.billing import InvoiceStatus, PaymentStatus, SubscriptionStatus
from sources.canonical.money import Money
from sources.capabilities import Window
from sources.simulation.facts import Fact
from sources.stripe import PLUGIN
from sources.stripe.adapter import StripeAdapter
from sources.stripe.loading import Loading, loader
from sources.stripe.loading_plan import CUSTOMERS, DOCUMENTED_CUSTOMERS, INVOICES_EACH, plan_of
from sources.wire.wire import open_wire
from tests.sources.stripe.conftest import ORIGIN, START, Tale

pytestmark = pytest.mark.xdist_group("localstripe")  # each writes its state to the same place


@pytest.fixture
def history() -> list[Fact]:
    return []


@pytest.fixture
def told(history: list[Fact]) -> Tale:
    return Tale(history.append)


async def test_what_is_loaded_is_read_back_as_it_was_told(
    localstripe_url: str, history: list[Fact], told: Tale
) -> None:
    told.customer("C-900")
    told.subscription("S-900", "C-900")
    for n in range(4):
        told.invoice(f"INV-900-{n}", "C-900", at=START + timedelta(days=n))
    told.payment("P-0", "INV-900-0", "120", "C-900")
    told.refund("R-0", "P-0", "20", "C-900")
    told.payment("P-1", "INV-900-1", "120", "C-900", succeeded=False, failure="card_declined")
    told.payment("P-1b", "INV-900-1", "120", "C-900", at=START + timedelta(days=2))
    told.closed("INV-900-2", "void", "C-900")
    ends: list[tuple[int, int]] = []
    loading = Loading(localstripe_url)
    told_fewer = [fact for fact in history if getattr(fact, "number", "") != "INV-900-3"]
    left_out = await loading.absorb_all(told_fewer, lambda done, total: ends.append((done, total)))
    assert ends == [(n, 5) for n in range(1, 6)]
    assert not [sentence for sentence in left_out if "left out" in sentence]

    settings = PLUGIN.settings.model_validate(loading.section())
    wire = open_wire("billing", settings, PLUGIN.classify)
    try:
        await held_against_what_was_told(StripeAdapter(settings, ORIGIN, wire))
    finally:
        await wire.close()


async def held_against_what_was_told(adapter: StripeAdapter) -> None:
    records = [record async for batch in adapter.scan_customers() for record in batch.records]
    (record,) = [record for record in records if record.number == "C-900"]
    assert (record.name, record.created_at) == ("Company C-900", START)
    invoices = {i.number: i for i in (await adapter.invoices_of([record.ref], Window()))[record.ref].records}
    paid, retried, void = (invoices[f"INV-900-{n}"] for n in range(3))
    assert [i.status for i in (paid, retried, void)] == [InvoiceStatus.PAID, InvoiceStatus.PAID, InvoiceStatus.VOID]
    assert {i.total for i in (paid, retried, void)} == {Money(12000, "EUR")}
    assert (paid.tax, paid.issued_at, paid.at) == (Money(2000, "EUR"), START.date(), START)
    payments = (await adapter.payments_of([record.ref], Window()))[record.ref].records
    assert [p.status for p in payments if set(p.refs) & set(paid.payment_refs)] == [PaymentStatus.PARTIALLY_REFUNDED]
    tries = [p.status for p in payments if set(p.refs) & set(retried.payment_refs)]
    assert tries == [PaymentStatus.SUCCEEDED]  # the server links an invoice to its last attempt only
    assert sorted(p.status.value for p in payments) == ["FAILED", "PARTIALLY_REFUNDED", "SUCCEEDED"]
    subscriptions = (await adapter.subscriptions_of([record.ref], Window()))[record.ref].records
    (subscription,) = [s for s in subscriptions if s.status is not SubscriptionStatus.CANCELED]
    assert (subscription.status, subscription.plan, subscription.quantity) == (
        SubscriptionStatus.ACTIVE, "Business", 4)  # fmt: skip
    assert (subscription.recurring, subscription.started_at) == (Money(36000, "EUR"), START)


def test_what_the_server_cannot_hold_is_said(history: list[Fact], told: Tale) -> None:
    for n in range(CUSTOMERS + 1):
        told.customer(f"C-{n:03}")
    for n in range(INVOICES_EACH + 2):
        told.invoice(f"INV-{n}", "C-000", at=START + timedelta(days=n))
    last = f"INV-{INVOICES_EACH + 1}"
    told.payment("P-0", last, "20", "C-000")
    told.credit("CR-1", last, "12", "C-000")
    told.closed(last, "uncollectible", "C-000")
    plan = plan_of(history)
    text = "\n".join(plan.left_out)
    assert len(plan.customers) == CUSTOMERS
    assert [i.fact.number for i in plan.customers[0].invoices] == [f"INV-{n}" for n in range(2, INVOICES_EACH + 2)]
    for said in ("1 credit notes", "1 payments of a part", "1 write-offs", "2 invoices older",
                 f"first {DOCUMENTED_CUSTOMERS} of {CUSTOMERS + 1}", "due dates"):  # fmt: skip
        assert said in text


def test_a_customer_elsewhere_is_not_loaded(history: list[Fact], told: Tale) -> None:
    told.customer(systems=frozenset(["crm"]), credit_limit=Decimal(1))
    assert plan_of(history).customers == []


def test_the_loader_starts_a_server_of_its_own(tmp_path: Path) -> None:
    assert PLUGIN.loader is loader
    with loader(tmp_path) as loading:
        section = loading.section()
        assert section["base_url"].startswith("http://127.0.0.1:")
        PLUGIN.settings.model_validate(section)


async def test_what_was_loaded_once_is_there_at_the_next_start(tmp_path: Path, history: list[Fact], told: Tale) -> None:
    told.customer()
    told.invoice("INV-1")
    answers = []
    for steps in (True, False):
        with loader(tmp_path) as loading:
            seen: list[int] = []
            left_out = await loading.absorb_all(history, lambda done, total, seen=seen: seen.append(done))
            assert bool(seen) == steps
            async with httpx.AsyncClient(base_url=loading.section()["base_url"], auth=("sk_test_x", "")) as client:
                held = [
                    (await client.get(f"/v1/{name}")).json()["data"] for name in ("customers", "invoices", "charges")
                ]
            answers.append((left_out, held))
    assert answers[0] == answers[1]
    assert answers[0][1][0]


async def test_what_was_written_after_it_was_loaded_is_there_at_the_next_start(
    tmp_path: Path, history: list[Fact], told: Tale
) -> None:
    told.customer()
    for name in ("loaded now", "loaded before", "neither"):
        with loader(tmp_path) as loading:
            await loading.absorb_all(history, lambda done, total: None)
            async with httpx.AsyncClient(base_url=loading.section()["base_url"], auth=("sk_test_x", "")) as client:
                (customer,) = (await client.get("/v1/customers")).json()["data"]
                if name == "neither":
                    assert customer["description"] == "loaded before"
                await client.post(f"/v1/customers/{customer['id']}", json={"description": name})
