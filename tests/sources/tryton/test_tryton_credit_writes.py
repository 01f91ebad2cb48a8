"""Credit memos, drafted, posted, taken back and countered, in the simulator and in a real Tryton alike."""

import asyncio
from datetime import date, timedelta

import msgspec
import pytest

from sources.canonical.money import Money
from sources.faults import Busy, Refused
from sources.tryton.values import day_value
from sources.writing import LedgerCreditWrites, ReceiptState, WriteOffers
from tests.sources.tryton.writing_books import INVOICE, Books, share, today

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("tryton-writes")]
WRITES = ("create", "post", "cancel", "delete")


async def test_a_draft_is_a_credit_note_over_the_amount_and_moves_nothing(books: Books) -> None:
    order, owed = await books.credit(), await books.owed("C-1")
    receipt = await books.adapter.draft_credit(order)
    assert (receipt.state, receipt.amount, receipt.number) == (ReceiptState.PREPARED, Money(1200, "EUR"), None)
    assert await books.owed("C-1") == owed
    fields = ("type", "total_amount", "tax_amount", "reference", "description", "origin_invoices")
    (made,) = await books.rows(INVOICE, [["id", "=", int(receipt.record_id)]], *fields)
    assert made["total_amount"]["decimal"] == "-12.00"
    assert made["tax_amount"]["decimal"] == "-2.00"
    assert (made["reference"], made["description"]) == (order.reference, "Credit: GOODWILL")
    (source,) = await books.rows(INVOICE, [["reference", "=", "INV-01"]], "id")
    assert made["origin_invoices"] == [source["id"]]


async def test_a_new_draft_costs_eight_calls_and_one_that_is_there_one(books: Books) -> None:
    order = await books.credit()
    first = await books.adapter.draft_credit(order)
    assert books.ledger.calls == [
        "account.invoice/search_read",
        "party.party/search_read",
        "account.invoice/search_read",
        "account.period/search_read",
        "account.fiscalyear.invoice_sequence/search_read",
        "account.invoice/search_read",
        "account.invoice?f=id",
        "account.invoice/search_read",
    ]
    books.ledger.sent.exchanges.clear()
    assert await books.adapter.draft_credit(order) == first
    assert books.ledger.calls == ["account.invoice/search_read"]


async def test_it_is_posted_once_and_found_by_our_reference(books: Books) -> None:
    order, owed = await books.credit(), await books.owed("C-1")
    draft = await books.adapter.draft_credit(order)
    posted = await books.adapter.post_credit(draft.record_id, order.reference, order.amount)
    assert (posted.state, posted.amount) == (ReceiptState.DONE, order.amount)
    assert posted.number
    assert await books.adapter.post_credit(draft.record_id, order.reference, order.amount) == posted
    assert await books.adapter.draft_credit(order) == posted
    assert await books.adapter.find_credit(order.reference) == posted
    assert await books.states(order.reference) == ["posted"]
    assert await books.owed("C-1") == owed - order.amount
    (document,) = (await books.adapter.ledger_documents([order.reference]))[order.reference]
    assert (document.total, document.canceled, document.record_id) == (order.amount, False, posted.record_id)
    assert document.posted_at is not None
    memo = (await books.adapter.credit_memos([posted.record_id]))[posted.record_id]
    assert memo.reference == order.reference
    with pytest.raises(Refused, match="it is posted"):
        await books.adapter.discard_credit(draft.record_id, order.reference)


async def test_another_amount_is_not_posted(books: Books) -> None:
    order = await books.credit()
    draft = await books.adapter.draft_credit(order)
    with pytest.raises(Refused, match=r"has 12\.00 EUR, not 12\.01 EUR"):
        await books.adapter.post_credit(draft.record_id, order.reference, Money(1201, "EUR"))
    assert await books.states(order.reference) == ["draft"]


async def test_a_draft_that_the_ledger_makes_another_amount_of_is_deleted_and_refused(books: Books) -> None:
    order = await books.credit(share(1201, net=1000))
    with pytest.raises(Refused, match=r"makes 12\.00 EUR of 12\.01 EUR"):
        await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == []


async def test_what_no_net_amount_reaches_is_a_line_without_tax(books: Books) -> None:
    order = await books.credit(share(1002, net=835), share(1, "0"))
    receipt = await books.adapter.draft_credit(order)
    assert receipt.amount == Money(1003, "EUR")


async def test_each_rate_of_the_invoice_gets_its_line(books: Books) -> None:
    order = await books.credit(share(600), share(100, "0"), invoice_number="INV-04")
    receipt = await books.adapter.draft_credit(order)
    assert receipt.amount == Money(700, "EUR")
    lines = await books.rows("account.invoice.line", [["invoice", "=", int(receipt.record_id)]], "amount", "taxes")
    assert sorted((line["amount"]["decimal"], len(line["taxes"])) for line in lines) == [("-1.00", 0), ("-5.00", 1)]


@pytest.mark.parametrize(
    ("customer", "number", "minor", "rate", "currency"),
    [("C-3", "INV-06", 1200, "20", "JPY"), ("C-4", "INV-07", 1234, "0", "KWD")],
)
async def test_a_yen_has_no_decimals_and_a_dinar_three(
    books: Books, customer: str, number: str, minor: int, rate: str, currency: str
) -> None:
    order = await books.credit(share(minor, rate, currency=currency), customer=customer, invoice_number=number)
    assert (await books.adapter.draft_credit(order)).amount == Money(minor, currency)


async def test_a_draft_is_taken_back_more_than_once_and_says_so_later(books: Books) -> None:
    order = await books.credit()
    draft = await books.adapter.draft_credit(order)
    for _ in range(2):
        receipt = await books.adapter.discard_credit(draft.record_id, order.reference)
        assert (receipt.state, receipt.record_id) == (ReceiptState.UNDONE, draft.record_id)
    found = await books.adapter.find_credit(order.reference)
    assert found is not None
    assert found.state is ReceiptState.UNDONE
    assert await books.states(order.reference) == ["cancelled"]
    with pytest.raises(Refused, match="no draft"):
        await books.adapter.post_credit(draft.record_id, order.reference, order.amount)


async def test_what_was_never_drafted_is_not_found_and_taken_back_without_a_write(books: Books) -> None:
    reference = books.reference()
    assert await books.adapter.find_credit(reference) is None
    assert (await books.adapter.discard_credit("17", reference)).state is ReceiptState.UNDONE
    assert books.ledger.calls == ["account.invoice/search_read"] * 2


async def test_of_several_drafts_the_lowest_is_kept_and_the_others_are_deleted(books: Books) -> None:
    order = await books.credit()
    first = await books.adapter.draft_credit(order)
    others = [await books.another_draft(first.record_id) for _ in range(2)]
    assert all(other > int(first.record_id) for other in others)
    assert await books.states(order.reference) == ["draft"] * 3
    assert (await books.adapter.draft_credit(order)).record_id == first.record_id
    assert await books.states(order.reference) == ["draft"]


async def test_a_draft_that_came_late_is_deleted_before_and_after_the_posting(books: Books) -> None:
    order = await books.credit()
    first = await books.adapter.draft_credit(order)
    await books.another_draft(first.record_id)
    posted = await books.adapter.post_credit(first.record_id, order.reference, order.amount)
    assert await books.states(order.reference) == ["posted"]
    await books.another_draft(first.record_id)
    assert await books.adapter.post_credit(first.record_id, order.reference, order.amount) == posted
    assert await books.states(order.reference) == ["posted"]


async def test_two_drafts_at_once_leave_one(books: Books) -> None:
    order = await books.credit()
    given = await asyncio.gather(*(books.adapter.draft_credit(order) for _ in range(2)), return_exceptions=True)
    assert all(not isinstance(each, Exception) or isinstance(each, Busy) for each in given)
    last = await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == ["draft"]
    assert last.state is ReceiptState.PREPARED


async def test_a_posted_credit_is_countered_by_a_document_of_its_own(books: Books) -> None:
    order, owed, undo = await books.credit(), await books.owed("C-1"), books.undoing()
    draft = await books.adapter.draft_credit(order)
    with pytest.raises(Refused, match="not posted"):
        await books.adapter.reverse_credit(draft.record_id, undo, today())
    posted = await books.adapter.post_credit(draft.record_id, order.reference, order.amount)
    counter = await books.adapter.reverse_credit(posted.record_id, undo, today())
    assert (counter.state, counter.amount) == (ReceiptState.DONE, order.amount)
    assert counter.record_id != posted.record_id
    assert await books.adapter.reverse_credit(posted.record_id, undo, today()) == counter
    assert await books.states(undo.reference) == ["posted"]
    assert await books.owed("C-1") == owed
    found = await books.adapter.find_credit(order.reference)
    assert found is not None
    assert found.state is ReceiptState.UNDONE
    assert await books.adapter.find_credit(undo.reference) == counter


async def test_a_credit_without_an_invoice_is_posted_with_what_is_configured(books: Books) -> None:
    order = await books.credit(share(1999, "0"), invoice_number=None)
    assert (await books.adapter.draft_credit(order)).amount == Money(1999, "EUR")


async def test_the_customers_day_is_not_before_the_last_number(books: Books) -> None:
    order = await books.credit(on=date(2026, 2, 1))
    receipt = await books.adapter.draft_credit(order)
    (made,) = await books.rows(INVOICE, [["id", "=", int(receipt.record_id)]], "invoice_date", "state")
    (last,) = (
        await books.client.search(
            INVOICE,
            [["type", "=", "out"], ["number", "!=", None]],
            msgspec.defstruct("Last", [("id", int), ("invoice_date", dict)]),
            ["invoice_date"],
            order=[("invoice_date", "DESC")],
            limit=1,
        )
    ).records
    assert {k: made["invoice_date"][k] for k in ("year", "month", "day")} == {
        k: last.invoice_date[k] for k in ("year", "month", "day")
    }


async def test_a_draft_that_was_overtaken_by_a_number_is_moved_before_it_is_posted(books: Books) -> None:
    order, later = await books.credit(), await books.credit()
    first = await books.adapter.draft_credit(order)
    await books.client.change(INVOICE, int(first.record_id), {"invoice_date": day_value(date(2026, 1, 20))})
    second = await books.adapter.draft_credit(later)
    await books.adapter.post_credit(second.record_id, later.reference, later.amount)
    posted = await books.adapter.post_credit(first.record_id, order.reference, order.amount)
    assert posted.state is ReceiptState.DONE


async def test_a_day_that_has_not_come_is_refused(books: Books) -> None:
    order = await books.credit(on=today() + timedelta(days=2))
    with pytest.raises(Refused, match="not yet"):
        await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == []


async def test_a_warning_of_a_payment_date_that_is_past_is_passed_over(books: Books) -> None:
    order = await books.credit()
    draft = await books.adapter.draft_credit(order)
    await books.client.change(INVOICE, int(draft.record_id), {"payment_term_date": day_value(date(2026, 1, 20))})
    books.ledger.sent.exchanges.clear()
    posted = await books.adapter.post_credit(draft.record_id, order.reference, order.amount)
    assert posted.state is ReceiptState.DONE
    assert await books.states(order.reference) == ["posted"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"invoice_number": "INV-99"}, "no posted invoice of this number"),
        ({"invoice_number": "INV-05"}, "no posted invoice of this number for this party"),
        ({"amount": Money(1300, "EUR")}, "do not add up"),
        ({"shares": (share(1070, "7"),), "amount": Money(1070, "EUR")}, "no line at 7 %"),
        ({"shares": (share(1200, currency="USD"),), "amount": Money(1200, "USD")}, "another currency"),
    ],
)
async def test_what_does_not_fit_the_books_is_refused_and_leaves_nothing(
    books: Books, changes: dict[str, object], why: str
) -> None:
    order = await books.credit(**changes)
    with pytest.raises(Refused, match=why):
        await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == []


async def test_an_archived_party_gets_no_credit(books: Books) -> None:
    ref = await books.archive("C-5")
    order = await books.credit(invoice_number="INV-10", customer="C-1", party=ref)
    try:
        with pytest.raises(Refused, match="archived"):
            await books.adapter.draft_credit(order)
    finally:
        if books.rpc is not None:
            books.rpc.call("model.party.party.write", [int(ref.id)], {"active": True})
    assert await books.states(order.reference) == []


async def test_the_adapter_says_what_it_can_be_told(books: Books) -> None:
    assert isinstance(books.adapter, LedgerCreditWrites)
    assert isinstance(books.adapter, WriteOffers)
    offered = await books.adapter.offered_writes()
    assert {"draft_credit", "post_credit", "draft_credit_on_account", "draft_refund", "reverse_refund"} <= offered
    assert books.ledger.calls == []
