"""Credits on invoices and on balances, as the account then stands."""

import asyncio
from datetime import timedelta

import pytest

from sources.canonical.billing import CreditMemoStatus
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Window
from sources.faults import Busy, NotOffered, OutcomeUnknown, Refused
from sources.simulation.harness import Switches
from sources.stripe.adapter import StripeAdapter
from sources.stripe.simulator import StripeSimulator
from sources.writing import ReceiptState
from tests.sources.stripe.conftest import Adapters, Tale
from tests.sources.stripe.ordering import credit


def balance(simulator: StripeSimulator, ref: CustomerRef) -> int:
    moves = simulator.shop.balance_transactions.where("customer", ref.id).records
    customer = simulator.shop.customers.by_id[ref.id]
    assert customer.balance == sum(move.amount for move in moves)
    return customer.balance


async def test_a_credit_lowers_what_is_owed_on_an_open_invoice(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    order = credit(ref, 2000, invoice)
    receipt = await adapter.issue_credit(order)
    note = simulator.shop.credit_notes.by_id[receipt.record_id]
    assert (receipt.state, receipt.number, receipt.amount) == (ReceiptState.DONE, "INV-1-CN-01", Money(2000, "EUR"))
    assert (note.before_payment, note.after_payment, note.reason) == (2000, 0, "product_unsatisfactory")
    assert note.metadata == {"op_id": order.reference, "credit_reason": "SLA_BREACH", "case_number": "4711"}
    assert simulator.shop.invoices.by_id[invoice].remaining == 10000
    assert balance(simulator, ref) == 0


async def test_the_customer_gets_no_mail_from_stripe(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    await adapter.issue_credit(credit(tale.customer(), 2000, tale.invoice("INV-1")))
    assert simulator.mails == []


async def test_a_credit_on_a_paid_invoice_goes_to_the_balance(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    tale.payment("P-1", "INV-1")
    receipt = await adapter.issue_credit(credit(ref, 2000, invoice))
    note = simulator.shop.credit_notes.by_id[receipt.record_id]
    assert (note.before_payment, note.after_payment) == (0, 2000)
    assert balance(simulator, ref) == -2000


async def test_a_credit_above_what_is_owed_is_split(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    tale.payment("P-1", "INV-1", amount="100")
    receipt = await adapter.issue_credit(credit(ref, 5000, invoice))
    note = simulator.shop.credit_notes.by_id[receipt.record_id]
    assert (note.before_payment, note.after_payment) == (2000, 3000)
    assert simulator.shop.invoices.by_id[invoice].status == "paid"
    assert balance(simulator, ref) == -3000


async def test_without_an_invoice_the_balance_falls(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    order = credit(ref, 2000)
    receipt = await adapter.issue_credit(order)
    assert (receipt.state, receipt.amount) == (ReceiptState.DONE, Money(2000, "EUR"))
    assert receipt.record_id.startswith("cbtxn_")
    assert balance(simulator, ref) == -2000
    assert await adapter.find_issued_credit(order) == receipt


async def test_an_amount_in_yen_is_sent_whole(adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale) -> None:
    ref = tale.customer(currency="JPY")
    receipt = await adapter.issue_credit(credit(ref, 1500, currency="JPY"))
    assert receipt.amount == Money(1500, "JPY")
    assert balance(simulator, ref) == -1500


async def test_an_amount_that_stripe_cannot_hold_is_refused_before_it_is_sent(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    with pytest.raises(Refused, match="so fine"):
        await adapter.issue_credit(credit(tale.customer(), 1501, currency="KWD"))
    assert simulator.harness.count == 0


@pytest.mark.parametrize("closed", ["void", "uncollectible"])
async def test_an_invoice_that_is_closed_takes_no_credit(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale, closed: str
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    tale.closed("INV-1", closed)
    with pytest.raises(Refused, match=closed):
        await adapter.issue_credit(credit(ref, 2000, invoice))
    assert not [call for call in simulator.harness.calls if call.method == "POST"]


async def test_another_customers_invoice_another_currency_and_too_much_are_refused(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, other = tale.customer(), tale.customer("C-2")
    invoice = tale.invoice("INV-1")
    for order, why in (
        (credit(other, 2000, invoice), "another customer's"),
        (credit(ref, 2000, invoice, currency="USD"), "another currency"),
        (credit(ref, 2000, "in_nope"), "no such invoice"),
        (credit(ref, 12001, invoice), "answered 400"),
        (credit(CustomerRef("customer", "cus_nope"), 2000), "resource_missing"),
        (credit(CustomerRef("customer", "../refunds"), 2000), "no such customer"),
    ):
        with pytest.raises(Refused, match=why):
            await adapter.issue_credit(order)
        assert simulator.effects(order.reference) == 0


async def test_many_credits_on_one_invoice_are_told_apart(adapter: StripeAdapter, tale: Tale) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1", net="10000")
    orders = [credit(ref, 100 + n, invoice) for n in range(12)]
    receipts = [await adapter.issue_credit(order) for order in orders]
    assert [await adapter.find_issued_credit(order) for order in orders] == receipts


async def test_a_probe_reads_on_where_there_are_more_than_a_page(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    first = credit(ref, 100)
    receipt = await adapter.issue_credit(first)
    for n in range(120):
        simulator.shop.move_balance(ref.id, -1, "eur", "adjustment", first.since, f"cbtxn_{n}")
    simulator.harness.reset()
    assert await adapter.find_issued_credit(first) == receipt
    assert simulator.harness.count == 2


async def test_a_probe_looks_back_a_little_further_than_the_order(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    order = credit(ref, 100)
    receipt = await adapter.issue_credit(order)
    ahead = credit(ref, 100, reference=order.reference, since=order.since + timedelta(minutes=4))
    assert await adapter.find_issued_credit(ahead) == receipt
    assert await adapter.find_issued_credit(credit(ref, 100, reference=order.reference,
                                                   since=order.since + timedelta(minutes=6))) is None  # fmt: skip


async def test_a_credit_that_made_the_invoice_paid_is_found_by_a_second_sending(
    adapters: Adapters, simulator: StripeSimulator, tale: Tale
) -> None:
    """The invoice then asks for another split, which the key was not sent with."""
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    order = credit(ref, 12000, invoice)
    simulator.harness.switches = Switches(write_fault="after", times=1)
    with pytest.raises(OutcomeUnknown):
        await adapters(timeout_seconds=0.2).issue_credit(order)
    receipt = await adapters().issue_credit(order)
    assert receipt.state is ReceiptState.DONE
    assert simulator.effects(order.reference) == 1
    assert balance(simulator, ref) == 0


async def test_a_key_that_was_sent_with_another_split_and_no_note_leaves_it_open(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    order = credit(ref, 12000, invoice)
    simulator.trouble("stored_500", times=1)
    with pytest.raises(OutcomeUnknown):
        await adapter.issue_credit(order)
    tale.payment("P-1", "INV-1")
    with pytest.raises(OutcomeUnknown) as caught:
        await adapter.issue_credit(order)
    assert caught.value.key_spent
    assert simulator.effects(order.reference) == 0


async def test_a_credit_on_an_invoice_that_was_voided_since_is_still_found(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    order = credit(ref, 2000, invoice)
    receipt = await adapter.issue_credit(order)
    tale.closed("INV-1", "void")
    assert await adapter.issue_credit(order) == receipt
    assert simulator.effects(order.reference) == 1


# ------------------------------------------------------------------------------------------------- taken back
async def test_a_note_on_an_open_invoice_is_voided(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    order = credit(ref, 2000, invoice)
    issued = await adapter.issue_credit(order)
    undoing = credit(ref, 2000, invoice)
    for _ in range(2):
        undone = await adapter.withdraw_credit(issued.record_id, undoing)
        assert (undone.record_id, undone.state) == (issued.record_id, ReceiptState.UNDONE)
    assert simulator.shop.invoices.by_id[invoice].remaining == 12000
    found = await adapter.find_issued_credit(order)
    assert found is not None
    assert found.state is ReceiptState.UNDONE


async def test_a_note_that_paid_its_invoice_is_left_to_a_person(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    issued = await adapter.issue_credit(credit(ref, 12000, invoice))
    with pytest.raises(Refused):
        await adapter.withdraw_credit(issued.record_id, credit(ref, 12000, invoice))
    assert simulator.shop.credit_notes.by_id[issued.record_id].status == "issued"


async def test_a_split_note_is_left_to_a_person(adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    tale.payment("P-1", "INV-1", amount="100")
    issued = await adapter.issue_credit(credit(ref, 5000, invoice))
    with pytest.raises(Refused, match="a person"):
        await adapter.withdraw_credit(issued.record_id, credit(ref, 5000, invoice))
    assert balance(simulator, ref) == -3000


@pytest.mark.parametrize("on_invoice", [True, False])
async def test_what_went_to_the_balance_is_countered_once(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale, on_invoice: bool
) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    tale.payment("P-1", "INV-1")
    order = credit(ref, 2000, invoice if on_invoice else None)
    issued = await adapter.issue_credit(order)
    for key in ("first", "second"):  # another key does not make another entry
        undone = await adapter.withdraw_credit(issued.record_id, credit(ref, 2000, order.invoice_id, key=key))
        assert (undone.record_id, undone.state) == (issued.record_id, ReceiptState.UNDONE)
    assert balance(simulator, ref) == 0
    assert len(simulator.shop.balance_transactions.by_id) == 2
    found = await adapter.find_issued_credit(order)
    assert found is not None
    assert found.state is ReceiptState.UNDONE


async def test_a_credit_that_is_used_up_is_left_to_a_person(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    order = credit(ref, 2000)
    issued = await adapter.issue_credit(order)
    simulator.shop.move_balance(ref.id, 500, "eur", "applied_to_invoice", order.since, "cbtxn_used")
    with pytest.raises(Refused, match="used up"):
        await adapter.withdraw_credit(issued.record_id, credit(ref, 2000))
    assert balance(simulator, ref) == -1500


@pytest.mark.parametrize("record_id", ["cn_nope", "cbtxn_nope.cus_nope", "../x", "x.y.z"])
async def test_what_is_not_there_cannot_be_taken_back(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale, record_id: str
) -> None:
    with pytest.raises(Refused, match="no such credit"):
        await adapter.withdraw_credit(record_id, credit(tale.customer(), 2000))
    assert not [call for call in simulator.harness.calls if call.method == "POST"]


# ------------------------------------------------------------------------------------------------- read again
async def test_credits_of_both_kinds_are_memos_with_their_reference(adapter: StripeAdapter, tale: Tale) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    orders = [credit(ref, 2000, invoice), credit(ref, 300)]
    receipts = [await adapter.issue_credit(order) for order in orders]
    tale.credit("CR-1", "INV-1", "12")
    page = (await adapter.credit_memos_of([ref], Window()))[ref]
    ours = {memo.reference: memo for memo in page.records if memo.reference}  # type: ignore[union-attr]
    assert len(page.records) == 3  # type: ignore[union-attr]
    assert page.next is None  # type: ignore[union-attr]
    for order, receipt in zip(orders, receipts, strict=True):
        memo = ours[order.reference]
        assert (memo.provenance.record_id, memo.amount) == (receipt.record_id, receipt.amount)
        assert (memo.reason, memo.case_number, memo.invoice_ref) == ("SLA_BREACH", "4711", order.invoice_id)
        again = (await adapter.credit_memos([receipt.record_id]))[receipt.record_id]
        assert (again.reference, again.status) == (memo.reference, memo.status)  # type: ignore[union-attr]


async def test_a_credit_that_was_countered_is_void_wherever_it_is_read(adapter: StripeAdapter, tale: Tale) -> None:
    ref, invoice = tale.customer(), tale.invoice("INV-1")
    tale.payment("P-1", "INV-1")
    ids = []
    for order in (credit(ref, 2000, invoice), credit(ref, 300)):
        issued = await adapter.issue_credit(order)
        await adapter.withdraw_credit(issued.record_id, credit(ref, order.amount.minor, order.invoice_id))
        ids.append(issued.record_id)
    listed = (await adapter.credit_memos_of([ref], Window()))[ref].records  # type: ignore[union-attr]
    alone = await adapter.credit_memos(ids)
    assert {memo.provenance.record_id: memo.status for memo in listed} == dict.fromkeys(ids, CreditMemoStatus.VOID)
    assert [alone[id].status for id in ids] == [CreditMemoStatus.VOID] * 2  # type: ignore[union-attr]


async def test_what_others_did_to_a_balance_is_no_memo(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    at = credit(ref, 1).since
    simulator.shop.move_balance(ref.id, -500, "eur", "adjustment", at, "cbtxn_theirs")
    assert (await adapter.credit_memos_of([ref], Window()))[ref].records == ()  # type: ignore[union-attr]
    assert (await adapter.credit_memos([f"cbtxn_theirs.{ref.id}"])) == {f"cbtxn_theirs.{ref.id}": None}


async def test_memos_of_both_kinds_come_window_by_window_in_order(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1", net="100000")
    start = credit(ref, 1).since - timedelta(days=40)
    for n in range(130):
        at = start + timedelta(minutes=10 * n)
        simulator.shop.move_balance(ref.id, -100 - n, "eur", "adjustment", at, f"cbtxn_{n}",
                                    metadata={"op_id": f"c360:{n}:billing_credit"})  # fmt: skip
    for n in range(110):
        tale.credit(f"CR-{n}", "INV-1", "1")
    seen, window = [], Window()
    while True:
        page = (await adapter.credit_memos_of([ref], window))[ref]
        seen += page.records  # type: ignore[union-attr]
        if page.next is None:  # type: ignore[union-attr]
            break
        window = Window(after=page.next)  # type: ignore[union-attr]
    positions = [memo.position for memo in seen]
    assert positions == sorted(positions, reverse=True)
    assert len({memo.provenance.record_id for memo in seen}) == len(seen) == 240


async def test_a_customers_memos_cost_two_calls(adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale) -> None:
    refs = [tale.customer(f"C-{n}") for n in range(3)]
    await adapter.credit_memos_of(refs, Window())
    assert simulator.harness.count == 6


# ------------------------------------------------------------------------------------------------- offers
async def test_what_can_be_written_costs_four_calls_once(adapter: StripeAdapter, simulator: StripeSimulator) -> None:
    for _ in range(2):
        assert await adapter.offered_writes() == {
            "issue_credit", "find_issued_credit", "withdraw_credit", "refund", "find_refund", "refund_state"
        }  # fmt: skip
    assert simulator.harness.count == 4
    assert not simulator.shop.refunds.by_id


async def test_stripe_itself_is_not_asked_what_it_offers(adapters: Adapters, simulator: StripeSimulator) -> None:
    adapter = adapters(base_url="https://api.stripe.com")
    assert "refund" in await adapter.offered_writes()
    assert simulator.harness.count == 0


@pytest.mark.parametrize("lacking", ["credit_notes", "balance_transactions"])
async def test_a_server_that_lacks_what_credits_are_made_of_offers_refunds_only(
    adapter: StripeAdapter, simulator: StripeSimulator, lacking: str
) -> None:
    body = '{"error":{"type":"invalid_request_error","message":"Unrecognized request URL"}}'
    simulator.harness.switches = Switches(status=404, body=body, only=lacking)
    assert await adapter.offered_writes() == {"refund", "find_refund", "refund_state"}


async def test_a_write_to_a_server_that_lacks_it_is_not_offered(
    adapters: Adapters, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    simulator.harness.switches = Switches(status=404, body="404: Not Found", writes_only=True)
    with pytest.raises(NotOffered):
        await adapters().issue_credit(credit(ref, 100))


async def test_two_credits_of_one_customer_at_the_same_moment_wait_for_one_another(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    simulator.slow_execution(0.1)
    orders = [credit(ref, 100), credit(ref, 200)]
    answers = await asyncio.gather(*(adapter.issue_credit(order) for order in orders), return_exceptions=True)
    assert {type(answer) for answer in answers} & {Busy}
    assert len(simulator.shop.balance_transactions.by_id) == 1
