"""What the adapter says of the same facts, held against the simulator and against a real Tryton."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sources.canonical.billing import CreditMemoStatus, InvoiceStatus
from sources.canonical.erp import OrderStatus
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.capabilities import InvoiceFilter, Page, Window
from tests.sources.tryton.conftest import Ledger
from tests.sources.tryton.small_ledger import FIRST, NOBODY

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("tryton")]  # the first run builds a server
UNKNOWN = CustomerRef("party.party", "987654321")


async def test_customers_are_found_by_number_in_one_call(ledger: Ledger) -> None:
    answer = await ledger.adapter.customers_by_number(["C-1", "C-2", NOBODY, "C-1"])
    assert ledger.calls == ["party.party/search_read"]
    assert set(answer) == {"C-1", "C-2", NOBODY}
    assert answer[NOBODY] == ()
    (first,), (second,) = answer["C-1"], answer["C-2"]
    assert (first.name, first.legal_name, first.number) == ("Ledger C-1", "Ledger C-1 GmbH", "C-1")
    assert first.emails == ("ap@c-1.example",)
    assert first.addresses[0].country == "DE"
    assert second.parent == first.ref
    assert not first.deleted


async def test_records_of_known_unknown_and_foreign_references_come_in_one_call(ledger: Ledger) -> None:
    ref = await ledger.ref("C-5")
    foreign = CustomerRef("organization", ref.id)
    answer = await ledger.adapter.customer_records([ref, UNKNOWN, foreign])
    assert ledger.calls == ["party.party/search_read"]
    assert (answer[UNKNOWN], answer[foreign]) == (None, None)
    assert answer[ref].addresses[0].region == "ON"


async def test_the_account_owes_what_is_open_in_the_companys_currency(ledger: Ledger) -> None:
    first, second = await ledger.ref("C-1"), await ledger.ref("C-2")
    answer = await ledger.adapter.ledger_accounts([first, second])
    # 120 - 24 credited + 135 - 75 paid + 121.50, all long due
    assert answer[first].receivable == Money(27750, "EUR")
    assert answer[first].overdue == Money(27750, "EUR")
    assert answer[first].credit_limit == Money(100000, "EUR")
    assert answer[first].credit_hold is False
    assert answer[second].credit_hold is True  # owes 200 and may owe 100
    assert answer[first].payment_terms == "Net 30"
    assert answer[first].customer_number == "C-1"


async def test_two_customers_accounts_cost_two_calls_and_the_company_one_the_first_time(ledger: Ledger) -> None:
    refs = [await ledger.ref("C-1"), await ledger.ref("C-2")]
    await ledger.adapter.ledger_accounts(refs)
    assert sorted(ledger.calls) == [
        "account.dunning/search_read",
        "company.company/search_read",
        "party.party/search_read",
    ]
    ledger.sent.exchanges.clear()
    await ledger.adapter.ledger_accounts(refs)
    assert sorted(ledger.calls) == ["account.dunning/search_read", "party.party/search_read"]


async def test_invoices_come_newest_first_with_what_is_owed(ledger: Ledger) -> None:
    ref = await ledger.ref("C-1")
    page = (await ledger.adapter.invoices_of([ref, UNKNOWN], Window()))[ref]
    assert ledger.calls == ["account.invoice/search_read"]
    assert page.next is None
    assert [r.position for r in page.records] == sorted((r.position for r in page.records), reverse=True)
    by_number = {record.reference: record for record in page.records}
    assert set(by_number) == {"INV-01", "INV-02", "INV-03", "INV-04"}
    assert by_number["INV-02"].status is InvoiceStatus.PARTIALLY_PAID
    assert by_number["INV-02"].total == Money(13500, "EUR")
    assert by_number["INV-02"].tax == Money(2250, "EUR")
    assert by_number["INV-02"].balance == Money(6000, "EUR")
    assert by_number["INV-02"].amount_paid == Money(7500, "EUR")
    assert by_number["INV-02"].issued_at == FIRST + timedelta(days=10)
    assert by_number["INV-02"].due_at == FIRST + timedelta(days=40)
    assert by_number["INV-03"].status is InvoiceStatus.PAID
    assert by_number["INV-03"].balance == Money(0, "EUR")
    assert by_number["INV-04"].total == Money(12150, "EUR")


async def test_yen_and_dinar_stay_what_they_are(ledger: Ledger) -> None:
    yen, dinar = await ledger.ref("C-3"), await ledger.ref("C-4")
    answer = await ledger.adapter.invoices_of([yen, dinar], Window())
    assert answer[yen].records[0].balance == Money(12000, "JPY")
    assert answer[dinar].records[0].balance == Money(2250, "KWD")


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (InvoiceFilter(status=frozenset([InvoiceStatus.PAID])), {"INV-03"}),
        (InvoiceFilter(status=frozenset([InvoiceStatus.PARTIALLY_PAID])), {"INV-02"}),
        (InvoiceFilter(issued_after=FIRST + timedelta(days=10)), {"INV-03", "INV-04"}),
        (InvoiceFilter(overdue=True, today=FIRST + timedelta(days=45)), {"INV-02"}),
        (InvoiceFilter(overdue=False, today=FIRST + timedelta(days=45)), {"INV-03", "INV-04"}),
    ],
)
async def test_a_filter_gives_what_fits_and_costs_one_call(
    ledger: Ledger, filter: InvoiceFilter, expected: set[str]
) -> None:
    ref = await ledger.ref("C-1")
    page = (await ledger.adapter.invoices_of([ref], Window(filter=filter)))[ref]
    assert {record.reference for record in page.records} - {"INV-01"} == expected
    assert ledger.calls == ["account.invoice/search_read"]


async def test_a_window_goes_on_in_the_middle_of_a_day(ledger: Ledger) -> None:
    ref = await ledger.ref("C-1")
    whole = (await ledger.adapter.invoices_of([ref], Window())).get(ref)
    assert isinstance(whole, Page)
    for place, record in enumerate(whole.records):
        rest = (await ledger.adapter.invoices_of([ref], Window(after=record.position)))[ref]
        assert [r.provenance.record_id for r in rest.records] == [
            r.provenance.record_id for r in whole.records[place + 1 :]
        ]


async def test_a_credit_note_is_a_credit_memo_that_names_its_invoice_and_no_invoice(ledger: Ledger) -> None:
    ref = await ledger.ref("C-1")
    memos = (await ledger.adapter.credit_memos_of([ref], Window()))[ref].records
    assert [(memo.amount, memo.status) for memo in memos] == [(Money(2400, "EUR"), CreditMemoStatus.ISSUED)]
    invoices = (await ledger.adapter.invoices_of([ref], Window()))[ref].records
    credited = next(record for record in invoices if record.reference == "INV-01")
    assert memos[0].invoice_ref == credited.provenance.record_id
    ids = [memos[0].provenance.record_id, credited.provenance.record_id]
    invoices_by_id = await ledger.adapter.invoices(ids)
    assert invoices_by_id[ids[0]] is None
    assert invoices_by_id[ids[1]].number == credited.number
    assert (await ledger.adapter.credit_memos(ids))[ids[1]] is None


async def test_lines_of_many_invoices_come_in_one_call(ledger: Ledger) -> None:
    ref = await ledger.ref("C-1")
    records = (await ledger.adapter.invoices_of([ref], Window()))[ref].records
    ledger.sent.exchanges.clear()
    ids = {record.reference: record.provenance.record_id for record in records}
    answer = await ledger.adapter.invoice_lines([*ids.values(), "no id", "123456789"])
    assert ledger.calls == ["account.invoice.line/search_read"]
    assert (answer["no id"], answer["123456789"]) == ((), ())
    lines = answer[ids["INV-02"]]
    assert [(line.total, line.tax_rate) for line in lines] == [(Money(10000, "EUR"), 20), (Money(1250, "EUR"), 20)]
    assert [(line.quantity, line.unit_price) for line in lines] == [(2, 50), (1, 12.5)]


async def test_ledger_documents_of_many_numbers_come_in_one_call(ledger: Ledger) -> None:
    answer = await ledger.adapter.ledger_documents(["INV-02", "INV-08", "CR-01", "", "INV-02"])
    assert ledger.calls == ["account.invoice/search_read"]
    assert (answer["INV-08"], answer[""]) == ((), ())
    (invoice,), (credit,) = answer["INV-02"], answer["CR-01"]
    assert (invoice.total, invoice.balance, invoice.settled) == (Money(13500, "EUR"), Money(6000, "EUR"), False)
    assert credit.total == Money(2400, "EUR")
    assert invoice.posted_at is not None
    assert not invoice.canceled
    assert (await ledger.adapter.ledger_documents(["INV-03"]))["INV-03"][0].settled


async def test_a_document_that_was_entered_twice_is_there_twice(ledger: Ledger) -> None:
    twice = (await ledger.adapter.ledger_documents(["INV-09"]))["INV-09"]
    assert [document.total for document in twice] == [Money(12000, "EUR")] * 2
    assert len({document.record_id for document in twice}) == 2


async def test_orders_say_where_they_stand(ledger: Ledger) -> None:
    ref = await ledger.ref("C-1")
    orders = (await ledger.adapter.orders_of([ref], Window()))[ref].records
    assert sorted(order.status.value for order in orders) == ["CANCELED", "CONFIRMED", "DRAFT", "DRAFT"]
    assert {order.total for order in orders} == {Money(24000, "EUR")}
    confirmed = next(order for order in orders if order.status is OrderStatus.CONFIRMED)
    assert confirmed.placed_at == datetime(2026, 1, 10, tzinfo=UTC)


async def test_tax_says_where_and_whether(ledger: Ledger) -> None:
    plain, exempt, province = [await ledger.ref(number) for number in ("C-1", "C-4", "C-5")]
    answer = await ledger.adapter.tax_contexts([plain, exempt, province])
    assert (answer[plain].exempt, answer[exempt].exempt) == (None, True)
    assert (answer[plain].jurisdiction, answer[province].jurisdiction) == ("DE", "CA-ON")
    assert answer[plain].seller_entity == "Customer 360 Demo GmbH"


async def test_a_number_leads_to_its_customer_by_invoice_credit_note_and_order(ledger: Ledger) -> None:
    ref = await ledger.ref("C-1")
    for number in ("INV-02", "CR-01", "SO-3"):
        assert await ledger.adapter.customers_of_document(number) == (ref,)
    assert await ledger.adapter.customers_of_document("NO-1") == ()


async def test_a_scan_gives_all_customers_but_the_company(ledger: Ledger) -> None:
    batches = [batch async for batch in ledger.adapter.scan_customers()]
    assert sorted(record.number for batch in batches for record in batch.records) == [f"C-{n}" for n in range(1, 6)]
    assert batches[0].total == 5
    assert batches[-1].resume is None


async def test_the_check_is_content_but_for_fields_that_are_not_set(ledger: Ledger) -> None:
    complaints = await ledger.adapter.check()
    assert [text.split()[0] for text in complaints] == ["fields.industry", "fields.owner", "fields.tier"]


async def test_nothing_changed_since_now(ledger: Ledger) -> None:
    start = await ledger.adapter.changes(None)
    again = await ledger.adapter.changes(start.watermark)
    assert (start.changes, again.changes, again.more) == ((), (), False)


def test_the_days_of_this_ledger_are_past() -> None:
    assert date(2026, 6, 1) > FIRST + timedelta(days=80)
