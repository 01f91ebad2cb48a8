"""Refunds as entries that book received money out again, in the simulator and in a real Tryton alike."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from sources.canonical.money import Money
from sources.faults import Busy, Refused
from sources.tryton.values import Numeric
from sources.writing import LedgerRefundWrites, ReceiptState
from tests.sources.tryton.writing_books import ENTRY, INVOICE, Books

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("tryton-writes")]
LINE = ("account", "party", "debit", "credit")


async def test_a_draft_is_the_reverse_of_the_payments_entry(books: Books) -> None:
    order = await books.refund()
    receipt = await books.adapter.draft_refund(order)
    assert (receipt.state, receipt.amount, receipt.number) == (ReceiptState.PREPARED, Money(1000, "EUR"), None)
    (entry,) = await books.rows(ENTRY, [["description", "=", order.reference]], "journal", "origin", "lines")
    (invoice,) = await books.rows(INVOICE, [["reference", "=", "INV-02"]], "payment_lines")
    paid = await books.rows("account.move.line", [["id", "in", invoice["payment_lines"]]], "move", *LINE)
    payment = (await books.rows(ENTRY, [["id", "=", paid[0]["move"]]], "journal", "lines"))[0]
    assert entry["journal"] == payment["journal"]
    assert entry["origin"] == f"account.invoice,{invoice['id']}"
    theirs = await books.rows("account.move.line", [["id", "in", payment["lines"]]], *LINE)
    ours = await books.rows("account.move.line", [["id", "in", entry["lines"]]], *LINE)
    side = {line["account"]: "debit" if float(line["debit"]["decimal"]) else "credit" for line in ours}
    assert side == {line["account"]: "credit" if float(line["debit"]["decimal"]) else "debit" for line in theirs}
    assert {float(line[side[line["account"]]]["decimal"]) for line in ours} == {10.0}


async def test_it_is_posted_once_and_the_customer_owes_it_from_the_draft_on(books: Books) -> None:
    order, owed = await books.refund(), await books.owed("C-1")
    draft = await books.adapter.draft_refund(order)
    assert await books.owed("C-1") == owed + order.amount  # Tryton counts an entry that is not posted yet
    posted = await books.adapter.post_refund(draft.record_id, order.reference, order.amount)
    assert (posted.state, posted.amount) == (ReceiptState.DONE, order.amount)
    assert posted.number
    assert await books.adapter.post_refund(draft.record_id, order.reference, order.amount) == posted
    assert await books.adapter.draft_refund(order) == posted
    assert await books.adapter.find_refund_entry(order.reference) == posted
    assert await books.states(order.reference, ENTRY) == ["posted"]
    assert await books.owed("C-1") == owed + order.amount
    with pytest.raises(Refused, match="it is posted"):
        await books.adapter.discard_refund(draft.record_id, order.reference)


async def test_a_posted_refund_is_countered_by_an_entry_of_its_own(books: Books) -> None:
    order, owed, undo = await books.refund(), await books.owed("C-1"), books.undoing()
    draft = await books.adapter.draft_refund(order)
    with pytest.raises(Refused, match="no such entry"):
        await books.adapter.reverse_refund(draft.record_id, undo, order.on)
    posted = await books.adapter.post_refund(draft.record_id, order.reference, order.amount)
    counter = await books.adapter.reverse_refund(posted.record_id, undo, order.on)
    assert (counter.state, counter.amount) == (ReceiptState.DONE, order.amount)
    assert await books.adapter.reverse_refund(posted.record_id, undo, order.on) == counter
    assert await books.states(undo.reference, ENTRY) == ["posted"]
    assert await books.owed("C-1") == owed
    found = await books.adapter.find_refund_entry(order.reference)
    assert found is not None
    assert found.state is ReceiptState.UNDONE


async def test_a_draft_is_taken_back_more_than_once_and_leaves_nothing(books: Books) -> None:
    order, owed = await books.refund(), await books.owed("C-1")
    draft = await books.adapter.draft_refund(order)
    for _ in range(2):
        receipt = await books.adapter.discard_refund(draft.record_id, order.reference)
        assert (receipt.state, receipt.record_id) == (ReceiptState.UNDONE, draft.record_id)
    assert await books.adapter.find_refund_entry(order.reference) is None
    assert await books.owed("C-1") == owed
    assert await books.states(order.reference, ENTRY) == []


async def test_of_several_drafts_the_lowest_is_posted_and_the_others_are_deleted(books: Books) -> None:
    order = await books.refund()
    first = await books.adapter.draft_refund(order)
    assert await books.another_draft(first.record_id, ENTRY) > int(first.record_id)
    posted = await books.adapter.post_refund(first.record_id, order.reference, order.amount)
    assert posted.record_id == first.record_id
    assert await books.states(order.reference, ENTRY) == ["posted"]


async def test_two_drafts_at_once_leave_one(books: Books) -> None:
    order = await books.refund()
    given = await asyncio.gather(*(books.adapter.draft_refund(order) for _ in range(2)), return_exceptions=True)
    assert all(not isinstance(each, Exception) or isinstance(each, Busy) for each in given)
    await books.adapter.draft_refund(order)
    assert await books.states(order.reference, ENTRY) == ["draft"]


async def test_another_amount_is_not_posted(books: Books) -> None:
    order = await books.refund()
    draft = await books.adapter.draft_refund(order)
    with pytest.raises(Refused, match=r"has 10\.00 EUR, not 10\.01 EUR"):
        await books.adapter.post_refund(draft.record_id, order.reference, Money(1001, "EUR"))
    assert await books.states(order.reference, ENTRY) == ["draft"]


async def test_an_entry_that_was_unbalanced_by_hand_is_not_posted(books: Books) -> None:
    order = await books.refund()
    draft = await books.adapter.draft_refund(order)
    (line,) = await books.rows("account.move.line", [["move", "=", int(draft.record_id)], ["credit", ">", 0]], "credit")
    await books.client.change("account.move.line", line["id"], {"credit": Numeric(Decimal("9.00"))})
    with pytest.raises(Refused, match="not equal"):
        await books.adapter.post_refund(draft.record_id, order.reference, order.amount)
    assert await books.states(order.reference, ENTRY) == ["draft"]


@pytest.mark.parametrize(
    ("minor", "changes", "why"),
    [
        (7501, {}, "booked 75(.00)? EUR as received"),
        (1000, {"invoice_number": "INV-01"}, "the key `refund`"),
        (1000, {"invoice_number": None}, "the key `refund`"),
        (1000, {"invoice_number": "INV-99"}, "no posted invoice"),
        (0, {}, "not above zero"),
    ],
)
async def test_what_was_not_received_is_not_given_back(
    books: Books, minor: int, changes: dict[str, object], why: str
) -> None:
    order = await books.refund(minor, **changes)
    with pytest.raises(Refused, match=why):
        await books.adapter.draft_refund(order)
    assert await books.states(order.reference, ENTRY) == []


async def test_it_is_booked_in_the_first_month_that_is_open(books: Books) -> None:
    await books.close_month(date(2026, 3, 1))  # a month that nothing else here is dated in
    receipt = await books.adapter.draft_refund(await books.refund(on=date(2026, 3, 31)))
    (entry,) = await books.rows(ENTRY, [["id", "=", int(receipt.record_id)]], "date")
    assert (entry["date"]["month"], entry["date"]["day"]) == (4, 1)


async def test_the_adapter_says_that_it_takes_refunds(books: Books) -> None:
    assert isinstance(books.adapter, LedgerRefundWrites)
