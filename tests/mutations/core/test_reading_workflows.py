"""Workflows in lists, by what they made, and waiting for one."""

import asyncio
import time

import pytest

from mutations.governance.answers import WorkflowQuery
from mutations.governance.plan import GovernedAction
from mutations.governance.workflow import WorkflowStatus
from sources.canonical.actor import RowLimit
from sources.crosswalk.words import BadPosition
from tests.mutations.core.vendor_in_memory import AGENT, LEAD, House

S = WorkflowStatus


async def _several(house: House, count: int = 5) -> list[str]:
    uids = []
    for number in range(count):
        asked = await house.ask(AGENT, 100 if number % 2 == 0 else 30_000, f"k{number}")
        assert asked.workflow is not None, asked.refusals
        uids.append(asked.workflow.uid)
    await house.engine.idle()
    return uids


async def _uids(house: House, **query: object) -> list[str]:
    return [each.uid for each in (await house.governance.search(WorkflowQuery(**query), 100)).workflows]


async def test_a_page_is_newest_first_and_the_next_one_goes_on_from_it(house: House):
    uids = await _several(house)
    seen, after = [], None
    for size in (2, 2, 1):
        page = await house.governance.search(WorkflowQuery(), 2, after)
        assert len(page.workflows) == size
        assert page.total == 5
        seen += [each.uid for each in page.workflows]
        assert page.has_next is (len(seen) < 5)
        after = page.cursors[-1]
    assert seen == uids[::-1]
    with pytest.raises(BadPosition):
        await house.governance.search(WorkflowQuery(), 2, "nonsense")


async def test_each_filter_limits_and_all_must_hold(house: House):
    uids = await _several(house)
    done, waiting = uids[::2][::-1], uids[1::2][::-1]
    assert await _uids(house, statuses=frozenset({S.SUCCEEDED})) == done
    assert await _uids(house, statuses=frozenset({S.AWAITING_APPROVAL, S.FAILED})) == waiting
    assert await _uids(house, actions=frozenset({GovernedAction.REFUND_PAYMENT})) == []
    assert len(await _uids(house, actions=frozenset({GovernedAction.ISSUE_CREDIT}))) == 5
    assert len(await _uids(house, customer_uids=frozenset({house.customer}))) == 5
    assert await _uids(house, customer_uids=frozenset()) == []
    assert await _uids(house, correlation_id="c1", statuses=frozenset({S.SUCCEEDED})) == done
    assert await _uids(house, correlation_id="other") == []
    assert await _uids(house, older_than_seconds=3600) == []
    assert len(await _uids(house, older_than_seconds=0)) == 5
    assert await _uids(house, awaiting=LEAD) == waiting
    assert await _uids(house, awaiting=AGENT) == []


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (RowLimit(customers=frozenset({"1001"})), 2),
        (RowLimit(customers=frozenset({"9999"})), 0),
        (RowLimit(owner="somebody"), 0),
        (RowLimit(tier="gold"), 0),
    ],
)
async def test_a_row_limit_holds_for_workflows_by_their_customer(small: House, rows: RowLimit, count: int):
    await _several(small, 2)
    assert len(await _uids(small, rows=rows)) == count


async def test_the_workflows_of_several_customers_come_in_one_question(house: House):
    uids = await _several(house, 3)
    found = await house.governance.workflows_of_customers([house.customer, "f" * 16], 2)
    assert [each.uid for each in found[house.customer].workflows] == uids[::-1][:2]
    assert found[house.customer].has_next
    assert found["f" * 16].workflows == ()
    rest = await house.governance.workflows_of_customers([house.customer], 2, found[house.customer].cursors[-1])
    assert [each.uid for each in rest[house.customer].workflows] == uids[:1]
    assert not rest[house.customer].has_next


async def test_a_record_leads_to_the_workflow_that_made_it_and_back(house: House):
    done = await house.done(AGENT)
    billing = next(each for each in house.governance.parts.systems.all if each.name == "billing")
    credit = next(step for step in done.steps if step.name == "credit")
    key = (billing.uid, credit.external_id or "")
    assert await house.governance.of_records([key, (billing.uid, "unknown")]) == {key: done.uid}
    touched = (await house.governance.records([done.uid]))[done.uid]
    assert [(each.step, each.kind) for each in touched][:2] == [("draft", None), ("credit", "CreditMemo")]


async def test_waiting_ends_when_it_has_come_to_rest_or_the_time_is_over(small: House):
    asked = await small.ask(AGENT)
    assert asked.workflow is not None
    done = await small.governance.wait(asked.workflow.uid, 20)
    assert done is not None
    assert done.status is S.SUCCEEDED

    waiting = await small.ask(AGENT, 30_000, "k2")
    assert waiting.workflow is not None
    began = time.monotonic()
    assert await small.governance.wait(waiting.workflow.uid, 20) is not None  # a person may take a day
    assert time.monotonic() - began < 10
    assert await small.governance.wait("0" * 16, 20) is None


async def test_who_waits_is_let_go_when_the_process_ends(small: House):
    small.vendor.answers["draft"] = ["lost_before"]
    small.vendor.probes["draft"] = ["silent"] * 1000
    asked = await small.ask(AGENT)
    assert asked.workflow is not None
    waiting = asyncio.create_task(small.governance.wait(asked.workflow.uid, 600))
    await asyncio.sleep(0.05)
    await small.governance.close()
    async with asyncio.timeout(10):
        assert await waiting is not None
    assert small.governance.hub.listeners == 0


async def test_a_listener_that_does_not_keep_up_is_cut_off(small: House):
    from mutations.governance.hub import QUEUED
    from sources.announcements import Interrupted

    listening = small.governance.approvals()
    for number in range(QUEUED + 1):
        small.governance.hub.tell(f"{number}")
    with pytest.raises(Interrupted):
        await anext(listening)
    listening.close()


async def test_what_can_be_done_is_told_without_asking_a_source(small: House):
    told = await small.governance.availability(AGENT, small.customer, "EUR")
    verdicts = {each.action: each.verdict.value for each in told}
    assert verdicts[GovernedAction.ISSUE_CREDIT] == "ALLOWED"
    assert small.vendor.planned == 0
    assert small.governance.limits(AGENT)
