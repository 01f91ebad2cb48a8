"""What questions cost: exact calls, counted at the simulator's socket, tokens and pages included."""

import asyncio

import pytest

from sources.capabilities import Page, Window
from sources.faults import SourceFault
from sources.wire.deadline import Deadline, within
from tests.sources.salesforce.org import Org

ALL = Window()


async def test_contacts_contracts_and_sales_of_fifty_customers_cost_one_call(org: Org) -> None:
    refs = org.filled(50)
    await org.warm()
    adapter = org.adapter
    answers = await asyncio.gather(
        adapter.contacts_of(refs, ALL), adapter.contracts_of(refs, ALL), adapter.opportunities_of(refs, ALL)
    )
    assert org.paths() == ["data/v67.0/composite"]
    assert all(len(answer[ref].records) == 1 for answer in answers for ref in refs)


async def test_the_customers_themselves_ride_in_the_same_call(org: Org) -> None:
    refs = org.filled(3)
    await org.warm()
    adapter = org.adapter
    records, *_ = await asyncio.gather(
        adapter.customer_records(refs),
        adapter.contacts_of(refs, ALL),
        adapter.contracts_of(refs, ALL),
        adapter.opportunities_of(refs, ALL),
    )
    assert org.count() == 1
    assert [records[ref].number for ref in refs] == ["C-000000", "C-000001", "C-000002"]


async def test_questions_that_come_one_turn_apart_share_a_call(org: Org) -> None:
    refs = org.filled(2)
    await org.warm()

    async def later() -> object:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await org.adapter.contracts_of(refs, ALL)

    await asyncio.gather(org.adapter.contacts_of(refs, ALL), later())
    assert org.count() == 1


async def test_one_question_after_another_cost_a_call_each(org: Org) -> None:
    refs = org.filled(2)
    await org.warm()
    await org.adapter.contacts_of(refs, ALL)
    await org.adapter.contracts_of(refs, ALL)
    assert org.count() == 2


@pytest.mark.parametrize(("customers", "calls"), [(1, 1), (180, 1), (900, 1), (1000, 2)])
async def test_many_customers_cost_a_call_for_every_five_full_where_clauses(
    org: Org, customers: int, calls: int
) -> None:
    refs = [org.customer(f"C-{place:06}") for place in range(customers)]
    await org.warm()
    answer = await org.adapter.contacts_of(refs, ALL)
    assert answer == dict.fromkeys(refs, Page(()))
    assert org.count() == calls


async def test_next_pages_of_several_lists_share_a_call_each_round(org: Org) -> None:
    refs = org.filled(30)
    org.rest.page_rows = 10
    await org.warm()
    adapter = org.adapter
    contacts, contracts, sales = await asyncio.gather(
        adapter.contacts_of(refs, ALL), adapter.contracts_of(refs, ALL), adapter.opportunities_of(refs, ALL)
    )
    assert org.count() == 3
    assert all(len(answer[ref].records) == 1 for answer in (contacts, contracts, sales) for ref in refs)


async def test_the_first_question_costs_a_token_besides(org: Org) -> None:
    refs = org.filled(2)
    await asyncio.gather(org.adapter.contacts_of(refs, ALL), org.adapter.contracts_of(refs, ALL))
    assert org.paths() == ["oauth2/token", "data/v67.0/composite"]


async def test_six_questions_at_once_are_two_calls_and_one_token(org: Org) -> None:
    refs = org.filled(6)
    await asyncio.gather(*(org.adapter.contacts_of([ref], ALL) for ref in refs))
    assert sorted(org.paths()) == ["data/v67.0/composite", "data/v67.0/composite", "oauth2/token"]


async def test_what_cannot_be_a_record_costs_nothing(org: Org) -> None:
    org.filled(1)
    assert await org.adapter.contacts(["", "x", "' OR Id != '", "001Hs00001AbCdEAAA"]) == {
        "": None,
        "x": None,
        "' OR Id != '": None,
        "001Hs00001AbCdEAAA": None,
    }
    assert await org.adapter.customers_of_document("x" * 31) == ()
    assert org.count() == 0


async def test_a_caller_who_gives_up_does_not_take_the_others_answer_away(org: Org) -> None:
    refs = org.filled(1)
    await org.warm()
    org.switches.latency_seconds = 0.2
    hurried = asyncio.create_task(hurry(org, refs))
    patient = asyncio.create_task(org.adapter.contracts_of(refs, ALL))
    with pytest.raises(SourceFault):
        await hurried
    assert len((await patient)[refs[0]].records) == 1
    assert org.count() == 1


async def hurry(org: Org, refs: list) -> object:
    with within(Deadline(0.05)):
        return await org.adapter.contacts_of(refs, ALL)


async def test_a_call_for_which_nobody_waits_any_more_is_ended(org: Org) -> None:
    refs = org.filled(1)
    await org.warm()
    org.switches.hang = True
    asking = asyncio.create_task(org.adapter.contacts_of(refs, ALL))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    org.switches.hang = False
    assert len((await org.adapter.contacts_of(refs, ALL))[refs[0]].records) == 1
