"""Each way in which a Tryton can answer a write, or not: the fault that it becomes, and what the books hold then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from sources.faults import Busy, NotOffered, OutcomeUnknown, Refused, SourceFault, Throttled, Unavailable
from sources.simulation.harness import Switches
from sources.tryton.client import NotAllowed
from sources.tryton.refusals import Closed, Warned
from sources.tryton.simulator.refusing import LOCKED
from sources.wire.deadline import Deadline, within
from sources.writing import Receipt, ReceiptState, nothing_was_done
from tests.sources.tryton.conftest import opened
from tests.sources.tryton.writing_books import ENTRY, INVOICE, Books, share, simulated_books, today

Step = Callable[[Books, Any, str], Awaitable[Receipt]]
IMPATIENT = 0.15  # seconds: the simulator answers in one or two milliseconds
LATE = 0.4


@pytest.fixture
async def books() -> AsyncIterator[Books]:
    async with simulated_books(timeout_seconds=IMPATIENT) as opened_books:
        yield opened_books


async def draft_credit(books: Books, order: Any, record: str) -> Receipt:
    return await books.adapter.draft_credit(order)


async def post_credit(books: Books, order: Any, record: str) -> Receipt:
    return await books.adapter.post_credit(record, order.reference, order.amount)


async def discard_credit(books: Books, order: Any, record: str) -> Receipt:
    return await books.adapter.discard_credit(record, order.reference)


async def draft_refund(books: Books, order: Any, record: str) -> Receipt:
    return await books.adapter.draft_refund(order)


async def post_refund(books: Books, order: Any, record: str) -> Receipt:
    return await books.adapter.post_refund(record, order.reference, order.amount)


async def discard_refund(books: Books, order: Any, record: str) -> Receipt:
    return await books.adapter.discard_refund(record, order.reference)


# Each write: what it is called on, the end of its path, and the states of what carries the reference when it is done.
STEPS: dict[str, tuple[Step, str, str, list[str]]] = {
    "draft_credit": (draft_credit, INVOICE, f"rest/model/{INVOICE}", ["draft"]),
    "post_credit": (post_credit, INVOICE, "/post", ["posted"]),
    "discard_credit": (discard_credit, INVOICE, "/cancel", ["cancelled"]),
    "draft_refund": (draft_refund, ENTRY, f"rest/model/{ENTRY}", ["draft"]),
    "post_refund": (post_refund, ENTRY, "/post", ["posted"]),
    "discard_refund": (discard_refund, ENTRY, f"rest/model/{ENTRY}/4", []),  # ids begin with that digit
}
APPLIED = {
    "no answer, applied": Switches(write_fault="after", times=1),
    "connection cut, applied": Switches(write_fault="cut_after", times=1),
    "502, applied": Switches(write_fault="error_after", times=1),
    "no answer, applied late": Switches(write_fault="late", late_seconds=LATE, times=1),
}
NOT_APPLIED = {
    "no answer": Switches(write_fault="before", times=1),
    "connection cut": Switches(drop_connection=True, times=1),
    "500": Switches(status=500, body="<p>division by zero</p>", times=1),
    "502": Switches(html=True, times=1),
    "garbage": Switches(garbage=True, times=1),
}
SAID_NO: dict[str, tuple[Switches, type[SourceFault]]] = {
    "400": (Switches(status=400, body='{"status":400,"message":"Nobody knows"}', times=1), Refused),
    "400 without a body": (Switches(status=400, times=1), Refused),
    "401": (Switches(status=401, times=1), Refused),
    "403": (Switches(status=403, times=1), NotAllowed),
    "409": (Switches(status=409, times=1), Busy),
    "423": (Switches(status=423, times=1), Busy),
    "429": (Switches(throttle_retry_after="2", times=1), Throttled),
    "503 locked": (Switches(status=503, body=f"<p>{LOCKED}</p>", times=1), Busy),
    "500 for a name": (Switches(status=500, body="<p>&#39;payment_term&#39;</p>", times=1), NotOffered),
    "a warning": (Switches(status=400, body='{"message":"It will exceed their credit limit by 5"}', times=1), Warned),
    "a closed period": (Switches(status=400, body='{"message":"you must reopen the period"}', times=1), Closed),
}


async def prepared(books: Books, name: str) -> tuple[Any, str]:
    """An order, and the draft that it made before, where the step needs one."""
    order = await (books.credit() if name.endswith("credit") else books.refund())
    if name.startswith("draft"):
        return order, ""
    make = draft_credit if name.endswith("credit") else draft_refund
    return order, (await make(books, order, "")).record_id


def broken(books: Books, name: str, how: Switches) -> None:
    """Break the one write of a step; searches pass."""
    assert books.simulator is not None
    books.simulator.harness.reset()
    books.simulator.harness.switches = msgspec.structs.replace(how, only=STEPS[name][2])


def before(name: str) -> list[str]:
    return [] if name.startswith("draft") else ["draft"]


async def met(books: Books, name: str, how: Switches) -> tuple[SourceFault, Any, str]:
    """The fault of a step whose write is broken."""
    order, record = await prepared(books, name)
    if how.write_fault is None and name.startswith("draft"):
        how = msgspec.structs.replace(how, only_body='"lines"')  # the making, not the searching of the same model
    broken(books, name, how)
    with pytest.raises(SourceFault) as caught:
        await STEPS[name][0](books, order, record)
    return caught.value, order, record


@pytest.mark.parametrize("how", APPLIED)
@pytest.mark.parametrize("name", STEPS)
async def test_a_write_that_was_done_without_our_knowing_is_unknown_and_not_done_twice(
    books: Books, name: str, how: str
) -> None:
    fault, order, record = await met(books, name, APPLIED[how])
    assert isinstance(fault, OutcomeUnknown)
    assert not nothing_was_done(fault)
    assert books.simulator is not None
    await books.simulator.harness.late.settled()
    step, model, _, done = STEPS[name]
    assert await books.states(order.reference, model) == done
    await step(books, order, record)
    assert await books.states(order.reference, model) == done


@pytest.mark.parametrize("how", NOT_APPLIED)
@pytest.mark.parametrize("name", STEPS)
async def test_a_write_that_may_have_been_done_is_unknown_and_done_when_it_is_asked_again(
    books: Books, name: str, how: str
) -> None:
    fault, order, record = await met(books, name, NOT_APPLIED[how])
    assert isinstance(fault, OutcomeUnknown)
    step, model, _, done = STEPS[name]
    assert await books.states(order.reference, model) == before(name)
    await step(books, order, record)
    assert await books.states(order.reference, model) == done


@pytest.mark.parametrize("how", SAID_NO)
@pytest.mark.parametrize("name", STEPS)
async def test_a_write_that_was_answered_with_no_has_not_been_done(books: Books, name: str, how: str) -> None:
    switches, kind = SAID_NO[how]
    fault, order, record = await met(books, name, switches)
    assert type(fault) is kind
    assert nothing_was_done(fault)
    step, model, _, done = STEPS[name]
    assert await books.states(order.reference, model) == before(name)
    await step(books, order, record)
    assert await books.states(order.reference, model) == done


@pytest.mark.parametrize("name", STEPS)
async def test_a_slow_write_is_done_and_told(books: Books, name: str) -> None:
    order, record = await prepared(books, name)
    broken(books, name, Switches(latency_seconds=IMPATIENT / 4))
    await STEPS[name][0](books, order, record)
    assert await books.states(order.reference, STEPS[name][1]) == STEPS[name][3]


@pytest.mark.parametrize("name", STEPS)
async def test_a_write_sends_one_request_and_no_second_one(books: Books, name: str) -> None:
    await met(books, name, Switches(write_fault="before"))
    assert books.simulator is not None
    writes = [call for call in books.simulator.harness.calls if not call.path.endswith("search_read")]
    assert len(writes) == 1


async def test_where_nothing_can_be_asked_nothing_is_sent(books: Books) -> None:
    order = await books.credit()
    assert books.simulator is not None
    books.simulator.harness.switches = Switches(only="search_read", status=503)
    with pytest.raises(Unavailable):
        await books.adapter.draft_credit(order)
    assert {call.path.rpartition("/")[2] for call in books.simulator.harness.calls} == {"search_read"}


async def test_a_write_after_the_deadline_is_not_sent_and_not_unknown(books: Books) -> None:
    order = await books.credit()
    with within(Deadline(0.0)), pytest.raises(Unavailable) as caught:
        await books.client.create(INVOICE, {"reference": order.reference})
    assert not caught.value.sent
    assert await books.states(order.reference) == []


async def test_a_draft_that_came_late_is_found_by_the_next_one(books: Books) -> None:
    fault, order, _ = await met(books, "draft_credit", APPLIED["no answer, applied late"])
    assert isinstance(fault, OutcomeUnknown)
    assert await books.adapter.find_credit(order.reference) is None  # not there now
    receipt = await books.adapter.draft_credit(order)
    assert books.simulator is not None
    await books.simulator.harness.late.settled()
    assert await books.states(order.reference) == ["draft", "draft"]
    await books.adapter.post_credit(receipt.record_id, order.reference, order.amount)
    assert await books.states(order.reference) == ["posted"]


async def test_a_posting_goes_on_when_the_client_has_gone(books: Books) -> None:
    order, record = await prepared(books, "post_credit")
    assert books.simulator is not None
    books.simulator.writing.posting_seconds = IMPATIENT * 2
    with pytest.raises(OutcomeUnknown):
        await books.adapter.post_credit(record, order.reference, order.amount)
    assert await books.states(order.reference) == ["draft"]
    await asyncio.sleep(IMPATIENT * 2)
    found = await books.adapter.find_credit(order.reference)
    assert found is not None
    assert found.state is ReceiptState.DONE


async def test_two_processes_post_at_once_and_one_of_them_gets_no_number(books: Books) -> None:
    first, second = await prepared(books, "post_credit"), await prepared(books, "post_credit")
    assert books.simulator is not None
    books.simulator.writing.posting_seconds = 0.05
    section = {"base_url": books.client._base.removesuffix("/rest/model"), "key": "5ca1ab1e" * 16, "company": 1}
    async with opened(section) as other:
        given = await asyncio.gather(
            books.adapter.post_credit(first[1], first[0].reference, first[0].amount),
            other.adapter.post_credit(second[1], second[0].reference, second[0].amount),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in given) == ["Busy", "Receipt"]
        await post_credit(books, *first)
        await post_credit(books, *second)
    assert await books.states(first[0].reference) == await books.states(second[0].reference) == ["posted"]


async def test_two_postings_of_one_process_wait_for_one_another(books: Books) -> None:
    orders = [await prepared(books, "post_credit") for _ in range(2)]
    assert books.simulator is not None
    books.simulator.writing.posting_seconds = 0.03
    receipts = await asyncio.gather(*(post_credit(books, *order) for order in orders))
    assert len({receipt.number for receipt in receipts}) == 2


async def test_a_date_that_was_overtaken_between_looking_and_posting_is_busy_and_moved_the_next_time(
    books: Books,
) -> None:
    order, record = await prepared(books, "post_credit")
    broken(
        books,
        "post_credit",
        Switches(status=400, body='{"message":"you must set an invoice date after"}', times=1),
    )
    with pytest.raises(Busy, match="numbered meanwhile"):
        await post_credit(books, order, record)
    assert (await post_credit(books, order, record)).state is ReceiptState.DONE


async def test_a_warning_that_is_not_on_the_list_is_named_and_stops_the_posting(books: Books) -> None:
    order, record = await prepared(books, "post_credit")
    broken(books, "post_credit", Switches(status=400, body='{"message":"X does not have the default taxes for Y"}'))
    with pytest.raises(Warned, match="invoice_taxes") as caught:
        await post_credit(books, order, record)
    assert "X" not in caught.value.reason
    assert books.simulator is not None
    assert sum(call.path.endswith("/post") for call in books.simulator.harness.calls) == 1


async def test_nothing_that_tryton_says_of_people_is_passed_on(books: Books) -> None:
    order = await books.credit()
    said = {"message": 'The value "Erika Mustermann" for field "Party" in record "(5)" of "Invoice" is not valid'}
    broken(books, "draft_credit", Switches(status=400, body=msgspec.json.encode(said).decode(), only_body='"lines"'))
    with pytest.raises(Refused) as caught:
        await books.adapter.draft_credit(order)
    assert caught.value.reason == "400: the ledger does not take what was given as party"


async def test_a_user_that_may_only_read_is_refused_and_nothing_is_there(books: Books) -> None:
    assert books.simulator is not None
    books.simulator.unwritable |= {INVOICE}
    order = await books.credit()
    with pytest.raises(Refused, match="may not do that"):
        await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == []


async def test_a_credit_without_an_invoice_says_which_key_to_set() -> None:
    async with simulated_books(credit=None) as books:
        assert "draft_credit_on_account" not in await books.adapter.offered_writes()
        order = await books.credit(share(1200, "0"), invoice_number=None)
        with pytest.raises(Refused, match="the key `credit` of this source"):
            await books.adapter.draft_credit(order)


async def test_a_refund_of_what_was_not_booked_goes_where_the_configuration_says() -> None:
    async with simulated_books() as plain:
        assert plain.simulator is not None
        ground = plain.simulator.ground
        chosen = {"journal": ground.journal["MISC"], "account": ground.account["cash"]}
    async with simulated_books(refund=chosen) as books:
        order = await books.refund(invoice_number="INV-01")
        receipt = await books.adapter.draft_refund(order)
        (entry,) = await books.rows(ENTRY, [["id", "=", int(receipt.record_id)]], "journal")
        assert entry["journal"] == chosen["journal"]


async def test_a_closed_account_is_refused(books: Books) -> None:
    assert books.simulator is not None
    revenue = books.simulator.ground.account["revenue"]
    books.simulator.database.table("account.account").rows[revenue]["closed"] = True
    order = await books.credit()
    with pytest.raises(Closed, match="account"):
        await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == []


async def test_no_open_period_is_refused(books: Books) -> None:
    assert books.simulator is not None
    for period in books.simulator.database.table("account.period").rows.values():
        if period["end_date"] >= today():
            period["state"] = "closed"
    order = await books.credit()
    with pytest.raises(Closed):
        await books.adapter.draft_credit(order)
    assert await books.states(order.reference) == []
