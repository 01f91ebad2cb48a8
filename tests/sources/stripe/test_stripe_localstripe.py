"""A real server that plays Stripe in the older dialect: localstripe, in a process of its own."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from sources.canonical.billing import InvoiceStatus, PaymentStatus, SubscriptionStatus
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.capabilities import InvoiceFilter, Page, Window
from sources.faults import NotOffered
from sources.stripe import PLUGIN
from sources.stripe.adapter import StripeAdapter
from sources.stripe.dialect import Age
from sources.wire.messages import Request, Response
from sources.wire.wire import Wire, open_wire
from tests.sources.stripe.conftest import ORIGIN

pytestmark = pytest.mark.xdist_group("localstripe")  # each writes its state to the same place

CARD = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": 12, "card[exp_year]": 2040,
        "card[cvc]": "123"}  # fmt: skip


class Counting:
    """A wire that keeps what it sent and what came."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.calls: list[tuple[str, int]] = []

    async def send(self, request: Request) -> Response:
        response = await self.wire.send(request)
        self.calls.append((request.url, response.status))
        return response

    def report_quota(self, remaining: float) -> None:
        pass


@pytest.fixture
async def sender(localstripe_url: str) -> AsyncIterator[Counting]:
    settings = PLUGIN.settings.model_validate({"base_url": localstripe_url, "api_key": "sk_test_12345"})
    wire = open_wire("billing", settings, PLUGIN.classify)
    yield Counting(wire)
    await wire.close()


@pytest.fixture
def adapter(localstripe_url: str, sender: Counting) -> StripeAdapter:
    settings = PLUGIN.settings.model_validate(
        {
            "base_url": localstripe_url,
            "api_key": "sk_test_12345",
            "fields": {"invoice_number": "metadata.invoice_number"},
        }
    )
    return StripeAdapter(settings, ORIGIN, sender)


class Server:
    """localstripe, spoken to by its own interface."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def make(self, path: str, **data: Any) -> Any:
        answer = self.client.post(f"/v1/{path}", data=data)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def customer(self, number: str) -> Any:
        made = self.make("customers", name=f"Acme {number}", email="a@b.example", phone="+4930",
                         **{"metadata[customer_number]": number, "address[city]": "Berlin",
                            "tax_id_data[0][type]": "eu_vat", "tax_id_data[0][value]": "DE123456789"})  # fmt: skip
        method = self.make("payment_methods", **CARD)["id"]
        self.make(f"payment_methods/{method}/attach", customer=made["id"])
        self.make(f"customers/{made['id']}", **{"invoice_settings[default_payment_method]": method})
        return made

    def subscription(self, customer: str, plan: str = "free") -> Any:
        return self.make("subscriptions", customer=customer, **{"items[0][plan]": plan, "items[0][quantity]": 2})

    def invoice(self, customer: str, amount: int) -> Any:
        self.make("invoiceitems", customer=customer, amount=amount, currency="eur", description="Thing")
        return self.make("invoices", customer=customer)


@pytest.fixture
def server(localstripe_url: str) -> Iterator[Server]:
    with httpx.Client(base_url=localstripe_url, auth=("sk_test_12345", "")) as client:
        server = Server(client)
        for plan, amount in (("free", 0), ("pro", 1000)):
            if client.get(f"/v1/plans/{plan}").status_code == 404:
                server.make("plans", id=plan, amount=amount, currency="eur", interval="month", name=plan)
        yield server


def ref(customer: Any) -> CustomerRef:
    return CustomerRef("customer", customer["id"])


async def test_the_dialect_costs_one_call_and_only_on_such_a_server(
    adapter: StripeAdapter, sender: Counting, server: Server
) -> None:
    one = server.customer("L-1")
    server.subscription(one["id"])
    server.invoice(one["id"], 2500)
    await adapter.invoices_of([ref(one)], Window())
    assert adapter.client.dialect.age is Age.OLDER
    assert [status for _, status in sender.calls] == [400, 200]
    await adapter.invoices_of([ref(one)], Window())
    assert [status for _, status in sender.calls] == [400, 200, 200]


async def test_a_customer_is_read_with_its_number_and_tax_number(adapter: StripeAdapter, server: Server) -> None:
    made = server.customer("L-2")
    record = (await adapter.customer_records([ref(made), CustomerRef("customer", "cus_nope")]))[ref(made)]
    assert record is not None
    assert (record.number, record.name, record.addresses[0].city) == ("L-2", "Acme L-2", "Berlin")
    assert [(t.value, t.verified) for t in record.tax_ids] == [("DE123456789", True)]


async def test_an_unknown_customer_has_nothing(adapter: StripeAdapter, server: Server) -> None:
    unknown = CustomerRef("customer", "cus_nope")
    assert (await adapter.customer_records([unknown])) == {unknown: None}
    assert (await adapter.invoices_of([unknown], Window())) == {unknown: Page(())}
    assert (await adapter.payments_of([unknown], Window())) == {unknown: Page(())}


async def test_invoices_are_what_the_server_says_they_are(adapter: StripeAdapter, server: Server) -> None:
    customer = server.customer("L-3")
    server.subscription(customer["id"])
    draft = server.invoice(customer["id"], 2500)
    paid = server.invoice(customer["id"], 4500)
    server.make(f"invoices/{paid['id']}", **{"metadata[invoice_number]": "INV-7"})
    paid = server.make(f"invoices/{paid['id']}/pay")
    records = {
        r.provenance.record_id: r for r in (await adapter.invoices_of([ref(customer)], Window()))[ref(customer)].records
    }
    one, other = records[draft["id"]], records[paid["id"]]
    assert (one.status, one.number, one.balance) == (InvoiceStatus.DRAFT, draft["id"], Money(2500, "EUR"))
    assert (other.status, other.number) == (InvoiceStatus.PAID, "INV-7")
    assert (other.total, other.balance, other.amount_paid) == (
        Money(paid["total"], "EUR"), Money(0, "EUR"), Money(paid["amount_paid"], "EUR"))  # fmt: skip
    assert [line.total.minor for line in other.lines or ()] == [line["amount"] for line in paid["lines"]["data"]]
    assert paid["payment_intent"] in other.payment_refs
    again = await adapter.invoices([paid["id"], "in_nope"])
    assert again[paid["id"]].payment_refs == other.payment_refs  # type: ignore[union-attr]
    assert again["in_nope"] is None
    assert len((await adapter.invoice_lines([paid["id"]]))[paid["id"]]) == len(paid["lines"]["data"])


async def test_a_status_is_never_asked_of_a_server_that_it_crashes(
    adapter: StripeAdapter, sender: Counting, server: Server
) -> None:
    customer = server.customer("L-4")
    server.subscription(customer["id"])
    server.invoice(customer["id"], 2500)
    wanted = Window(filter=InvoiceFilter(status=frozenset([InvoiceStatus.DRAFT])))
    for _ in range(2):
        page = (await adapter.invoices_of([ref(customer)], wanted))[ref(customer)]
        assert [record.status for record in page.records] == [InvoiceStatus.DRAFT]
    assert not [url for url, status in sender.calls if status >= 500 or "status=" in url]


async def test_a_window_that_begins_later_does_not_crash_a_server_that_is_not_known_yet(
    adapter: StripeAdapter, sender: Counting, server: Server
) -> None:
    customer = server.customer("L-5")
    server.subscription(customer["id"])
    server.invoice(customer["id"], 2500)
    whole = (await adapter.invoices_of([ref(customer)], Window()))[ref(customer)].records
    fresh = StripeAdapter(adapter.settings, ORIGIN, sender)
    page = (await fresh.invoices_of([ref(customer)], Window(after=whole[0].position)))[ref(customer)]
    assert [r.position for r in page.records] == [r.position for r in whole[1:]]
    assert max(status for _, status in sender.calls) < 500


async def test_payments_come_newest_first_with_their_refunds(adapter: StripeAdapter, server: Server) -> None:
    customer = server.customer("L-6")
    charges = [server.make("charges", customer=customer["id"], amount=1000 + n, currency="eur") for n in range(3)]
    refund = server.make("refunds", charge=charges[1]["id"], amount=400)
    records = (await adapter.payments_of([ref(customer)], Window()))[ref(customer)].records
    assert [r.position for r in records] == sorted((r.position for r in records), reverse=True)
    by_id = {r.provenance.record_id: r for r in records}
    assert set(by_id) == {charge["id"] for charge in charges}
    part = by_id[charges[1]["id"]]
    assert (part.status, part.refundable) == (PaymentStatus.PARTIALLY_REFUNDED, Money(601, "EUR"))
    assert [r.provenance.record_id for r in part.refunds] == [refund["id"]]
    assert by_id[charges[0]["id"]].status is PaymentStatus.SUCCEEDED
    alone = (await adapter.refunds([refund["id"]]))[refund["id"]]
    assert alone is not None
    assert alone.amount == Money(400, "EUR")


async def test_more_payments_than_a_page_are_read_to_the_end(
    adapter: StripeAdapter, sender: Counting, server: Server
) -> None:
    customer = server.customer("L-7")
    ids = {server.make("charges", customer=customer["id"], amount=100, currency="eur")["id"] for _ in range(120)}
    page = (await adapter.payments_of([ref(customer)], Window()))[ref(customer)]
    rest = (await adapter.payments_of([ref(customer)], Window(after=page.next)))[ref(customer)]
    given = [r.provenance.record_id for r in (*page.records, *rest.records)]
    assert set(given) == ids
    assert len(given) == 120


async def test_subscriptions_are_read_with_their_plan_and_canceled_ones_too(
    adapter: StripeAdapter, server: Server
) -> None:
    customer = server.customer("L-8")
    made = server.subscription(customer["id"], "pro")
    gone = server.subscription(customer["id"], "free")
    server.client.delete(f"/v1/subscriptions/{gone['id']}")
    records = {
        r.provenance.record_id: r
        for r in (await adapter.subscriptions_of([ref(customer)], Window()))[ref(customer)].records
    }
    one = records[made["id"]]
    assert (one.status, one.plan, one.quantity, one.recurring) == (
        SubscriptionStatus.ACTIVE, "pro", 2, Money(2000, "EUR"))  # fmt: skip
    assert int(one.current_period_end.timestamp()) == made["current_period_end"]  # type: ignore[union-attr]
    assert records[gone["id"]].status is SubscriptionStatus.CANCELED


LACKING = {
    "credit_memos": lambda adapter, customer: adapter.credit_memos(["cn_1"]),
    "credit_memos_of": lambda adapter, customer: adapter.credit_memos_of([customer], Window()),
    "disputes": lambda adapter, customer: adapter.disputes(["dp_1"]),
    "disputes_of_payments": lambda adapter, customer: adapter.disputes_of_payments(["ch_1"]),
    "customers_of_document": lambda adapter, customer: adapter.customers_of_document("INV-1"),
}
TWO_LISTS = frozenset(["credit_memos_of"])  # of credit notes, and of what moved the balance


@pytest.mark.parametrize("method", LACKING)
async def test_what_the_server_lacks_is_not_offered_and_not_asked_for_again(
    adapter: StripeAdapter, sender: Counting, server: Server, method: str
) -> None:
    customer = ref(server.customer("L-9"))
    for _ in range(2):
        with pytest.raises(NotOffered, match="this server has no /v1/"):
            await LACKING[method](adapter, customer)
    assert len(sender.calls) == (2 if method in TWO_LISTS else 1)


async def test_such_a_server_is_told_to_write_nothing(adapter: StripeAdapter, sender: Counting) -> None:
    for _ in range(2):
        assert await adapter.offered_writes() == frozenset()
    assert len(sender.calls) == 1  # it names none of its requests, so it was not asked to refund anything


async def test_numbers_cannot_be_looked_up_but_all_customers_can_be_read(
    adapter: StripeAdapter, server: Server
) -> None:
    made = server.customer("L-10")
    with pytest.raises(NotOffered):
        await adapter.customers_by_number(["L-10"])
    records = [record async for batch in adapter.scan_customers() for record in batch.records]
    assert [record.number for record in records if record.ref == ref(made)] == ["L-10"]


async def test_changes_since_a_watermark_name_their_customer(adapter: StripeAdapter, server: Server) -> None:
    customer = server.customer("L-11")
    mark = (await adapter.changes(None)).watermark
    server.subscription(customer["id"])
    seen = []
    while True:
        part = await adapter.changes(mark)
        seen += part.changes
        mark = part.watermark
        if not part.more:
            break
    assert ("CustomerSubscription", ref(customer)) in {(c.kind, c.customer_ref) for c in seen}
    assert (await adapter.changes(mark)).changes == ()


async def test_check_says_what_such_a_server_lacks(adapter: StripeAdapter, server: Server) -> None:
    problems = await adapter.check()
    assert any("/v1/credit_notes" in problem for problem in problems)
    assert any("/v1/disputes" in problem for problem in problems)
