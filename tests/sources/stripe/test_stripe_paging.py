"""Long lists, window by window, and what is asked of Stripe for them."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from sources.canonical.billing import InvoiceStatus
from sources.canonical.provenance import CustomerRef, Position
from sources.capabilities import InvoiceFilter, Page, Window
from sources.faults import Malformed, NotOffered
from sources.stripe import shapes
from sources.stripe.adapter import StripeAdapter
from sources.stripe.client import CursorGone
from sources.stripe.dialect import Dialect
from sources.stripe.mapping.common import Mapping
from sources.stripe.mapping.invoices import invoice_record
from sources.stripe.simulator import StripeSimulator
from sources.stripe.windows import read_window
from sources.wire.messages import Request, Response
from tests.sources.stripe.conftest import ORIGIN, START, Tale


def many(tale: Tale, count: int, *, tied: int = 1) -> CustomerRef:
    """A customer with so many invoices, so many of them in each second."""
    ref = tale.customer()
    for n in range(count):
        tale.invoice(f"INV-{n:04}", at=START + timedelta(seconds=n // tied))
    return ref


async def windows(adapter: StripeAdapter, ref: CustomerRef, wanted: Any = None) -> list[Page[Any]]:
    pages: list[Page[Any]] = []
    after: Position | None = None
    while True:
        page = (await adapter.invoices_of([ref], Window(after=after, filter=wanted)))[ref]
        assert isinstance(page, Page)
        pages.append(page)
        if page.next is None:
            return pages
        after = page.next


def numbers(pages: list[Page[Any]]) -> list[str]:
    return [record.number for page in pages for record in page.records]


@pytest.mark.parametrize("tied", [1, 7, 60, 130])
async def test_every_invoice_comes_once_in_order_however_many_share_a_second(
    adapter: StripeAdapter, tale: Tale, tied: int
) -> None:
    pages = await windows(adapter, many(tale, 260, tied=tied))
    positions = [record.position for page in pages for record in page.records]
    assert positions == sorted(positions, reverse=True)
    assert sorted(numbers(pages)) == [f"INV-{n:04}" for n in range(260)]


async def test_a_window_of_two_hundred_and_fifty_costs_one_call_each(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    pages = await windows(adapter, many(tale, 250))
    assert [len(page.records) for page in pages] == [99, 98, 53]
    assert simulator.harness.count == 3
    assert [call.query.count("created%5Blte%5D") for call in simulator.harness.calls] == [0, 1, 1]


async def test_a_list_goes_on_where_the_record_at_its_end_was_deleted(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = many(tale, 150)
    first = (await adapter.invoices_of([ref], Window()))[ref]
    last = first.records[-1].provenance.record_id
    gone = simulator.shop.invoices.by_id.pop(last)
    simulator.shop.invoices.where("customer", ref.id).records.remove(gone)
    rest = (await adapter.invoices_of([ref], Window(after=first.next)))[ref]
    assert len(first.records) + len(rest.records) == 150
    assert rest.next is None


async def test_a_record_deleted_between_two_pages_of_one_window_costs_nothing_but_a_call() -> None:
    asked: list[Any] = []
    ref = CustomerRef("customer", "cus_1")

    async def fetch(params: Any) -> shapes.Listing[Any]:
        asked.append(dict(params))
        if len(asked) == 1:
            return shapes.Listing(data=tuple(shape(n, 100) for n in range(3)), has_more=True)
        if len(asked) == 2:
            raise CursorGone
        return shapes.Listing(data=(shape(2, 100), shape(3, 99)), has_more=False)

    page = await read_window(fetch, records_of(ref), Window(), Dialect(official=True))
    assert [record.provenance.record_id for record in page.records] == ["in_2", "in_1", "in_0", "in_3"]
    assert asked[1]["starting_after"] == "in_2"
    assert asked[2]["created[lte]"] == "100"


async def test_more_of_one_second_than_can_be_read_is_said_and_not_gone_round_in_circles() -> None:
    count = 0

    async def fetch(params: Any) -> shapes.Listing[Any]:
        nonlocal count
        count += 1
        return shapes.Listing(data=tuple(shape(count * 100 + n, 100) for n in range(100)), has_more=True)

    with pytest.raises(NotOffered):
        await read_window(fetch, records_of(CustomerRef("customer", "cus_1")), Window(), Dialect(official=True))
    assert count == 5


async def test_one_status_is_asked_of_stripe_and_several_are_chosen_here(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    for n, how in enumerate(("void", "uncollectible", None, None)):
        tale.invoice(f"INV-{n}")
        if how:
            tale.closed(f"INV-{n}", how)
    tale.payment("P-1", "INV-3", "60")
    await adapter.check()
    simulator.harness.reset()
    for statuses, asked in (
        ([InvoiceStatus.OPEN], "status=open"),
        ([InvoiceStatus.OPEN, InvoiceStatus.PARTIALLY_PAID], "status=open"),
        ([InvoiceStatus.VOID], "status=void"),
        ([InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE], None),
        ([InvoiceStatus.OTHER], None),
    ):
        page = (await adapter.invoices_of([ref], Window(filter=InvoiceFilter(status=frozenset(statuses)))))[ref]
        assert {record.status for record in page.records} <= set(statuses)
        query = simulator.harness.calls[-1].query
        assert (asked in query) if asked else ("status=" not in query)


async def test_overdue_asks_for_open_invoices_and_is_judged_here(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    tale.invoice("INV-2", due=date(2026, 12, 31))
    await adapter.check()
    wanted = InvoiceFilter(overdue=True, today=date(2026, 6, 1))
    page = (await adapter.invoices_of([ref], Window(filter=wanted)))[ref]
    assert [record.number for record in page.records] == ["INV-1"]
    assert "status=open" in simulator.harness.calls[-1].query


async def test_a_rare_status_is_looked_for_in_five_pages_at_most(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = many(tale, 620)
    tale.closed("INV-0001", "void")
    tale.closed("INV-0002", "uncollectible")
    await adapter.check()
    simulator.harness.reset()
    wanted = InvoiceFilter(status=frozenset([InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE]))
    pages = await windows(adapter, ref, wanted)
    assert numbers(pages) == ["INV-0002", "INV-0001"]
    assert simulator.harness.count == 5 + 2


def shape(n: int, created: int) -> shapes.Invoice:
    return shapes.Invoice(
        id=f"in_{n}", created=created, livemode=False, status="open", currency="eur", total=1, amount_paid=0,
        amount_remaining=1, lines=shapes.Listing((), has_more=False), status_transitions=shapes.StatusTransitions(),
        customer="cus_1",
    )  # fmt: skip


def records_of(ref: CustomerRef) -> Any:
    mapping = Mapping(origin=ORIGIN, fetched_at=START, number_key="n", case_key=None, invoice_number_key=None,
                      links=False)  # fmt: skip
    return lambda items: [invoice_record(mapping, item) for item in items]


class OneAnswer:
    """A server that gives the same list to everybody."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def send(self, request: Request) -> Response:
        return Response(status=200, headers={"request-id": "req_1"}, body=self.body)

    def report_quota(self, remaining: float) -> None:
        pass


async def test_a_record_of_another_customer_is_malformed_and_not_shown(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    one, other = tale.customer("C-1"), tale.customer("C-2")
    invoice = simulator.shop.invoices.by_id[tale.invoice("INV-1", "C-1")]
    body = {"object": "list", "has_more": False, "data": [simulator.app.objects.invoice(invoice)]}
    careless = StripeAdapter(adapter.settings, ORIGIN, OneAnswer(msgspec.json.encode(body)))
    answer = await careless.invoices_of([one, other], Window())
    assert isinstance(answer[one], Page)
    assert isinstance(answer[other], Malformed)


async def test_an_adapter_that_does_not_page_loses_records_here(adapter: StripeAdapter, tale: Tale) -> None:
    ref = many(tale, 150)
    listing = await adapter.client.listing("invoices", shapes.Invoice, (("customer", ref.id),))
    assert listing is not None
    assert (len(listing.data), listing.has_more) == (10, True)
