"""What is accepted and not final; what fails days later; what nobody moves any more."""

import asyncio
from collections.abc import Callable

import msgspec
from sqlalchemy import select, update

from mutations.governance import sweeping
from mutations.governance.alerts import AlertKind
from mutations.governance.alerts.tables import alerts
from mutations.governance.tables import workflow_receipts, workflows
from mutations.governance.workflow import StepStatus, Workflow, WorkflowStatus
from sources.writing import ReceiptState
from tests.mutations.core.vendor_in_memory import ACTIONS, AGENT, House

S = WorkflowStatus


async def until(house: House, uid: str, holds: Callable[[Workflow], bool]) -> Workflow:
    """The workflow, when it is so; the sweep runs meanwhile."""
    async with asyncio.timeout(15):
        while not holds(found := await house.now(uid)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def told(house: House) -> set[AlertKind]:
    async with house.database.reading() as connection:
        return {AlertKind(kind) for (kind,) in await connection.execute(select(alerts.c.kind).distinct())}


async def test_it_settles_until_the_vendor_says_that_it_is_final(house: House):
    house.vendor.states["credit"] = ReceiptState.PENDING
    house.vendor.answers["credit.settle"] = ["PENDING", "PENDING", "DONE"]
    settling = await house.done(AGENT)
    assert settling.status in (S.SETTLING, S.SUCCEEDED)
    done = await until(house, settling.uid, lambda each: each.status is S.SUCCEEDED)
    assert house.vendor.asked["credit.settle"] == 3
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert done.failure is None


async def test_what_fails_days_later_is_taken_back_and_a_person_is_told(small: House):
    small.vendor.states["credit"] = ReceiptState.PENDING
    small.vendor.answers["credit.settle"] = ["PENDING", "FAILED"]
    asked = await small.done(AGENT)
    failed = await until(small, asked.uid, lambda each: each.status is S.NEEDS_ATTENTION)
    statuses = {step.name: step.status for step in failed.steps}
    assert statuses["post"] is StepStatus.COMPENSATED
    assert statuses["post.late_undo"] is StepStatus.SUCCEEDED
    assert small.vendor.made["post.undo"] == 1  # the vendor's one way to take a posting back
    assert small.vendor.made["draft.undo"] == small.vendor.made["credit.undo"] == 0
    assert failed.failure is not None
    assert (failed.failure.step, failed.failure.code) == ("credit", "RECORD_FAILED")
    assert await told(small) == {AlertKind.SETTLEMENT_FAILED, AlertKind.NEEDS_ATTENTION}
    trail = await small.events(asked.uid)
    assert ("issueCredit.credit.settle", "FAILED") in trail
    assert ("issueCredit.post.late_undo", "COMPENSATED") in trail


async def test_a_vendor_that_says_at_once_that_it_failed_has_done_nothing(small: House):
    small.vendor.states["credit"] = ReceiptState.FAILED
    done = await small.done(AGENT)
    assert done.status is S.COMPENSATED
    assert done.failure is not None
    assert done.failure.code == "RECORD_FAILED"


async def test_a_vendor_that_does_not_tell_is_asked_ever_more_rarely(small: House):
    small.vendor.states["credit"] = ReceiptState.PENDING
    asked = await small.done(AGENT)
    for _ in range(40):
        await asyncio.sleep(0.02)
        if small.vendor.asked["credit.settle"] >= 3:
            break
    async with small.database.reading() as connection:
        row = (
            await connection.execute(
                select(workflow_receipts.c.asks, workflow_receipts.c.next_ask_at, workflow_receipts.c.at).where(
                    workflow_receipts.c.name == "credit"
                )
            )
        ).one()
    assert row.asks >= 3
    assert (await small.now(asked.uid)).status is S.SETTLING


async def test_an_outcome_that_is_unknown_is_asked_for_again_until_it_is_known(house: House):
    house.vendor.answers["draft"] = ["lost_after"]
    house.vendor.probes["draft"] = ["silent"] * 25
    asked = await house.done(AGENT)
    seen = (await house.now(asked.uid)).status
    done = await until(house, asked.uid, lambda each: each.status is S.SUCCEEDED)
    assert seen in (S.OUTCOME_UNKNOWN, S.RUNNING, S.SUCCEEDED)
    assert house.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert house.vendor.sent["draft"] == 1
    assert done.failure is None
    assert await told(house) == {AlertKind.OUTCOME_UNKNOWN}


async def test_what_takes_too_long_is_told_once_and_what_is_abandoned_is_begun_anew(small: House):
    small.engine.kill_at = 7
    asked = await small.ask(AGENT)
    await small.engine.idle()
    assert asked.workflow is not None
    parts = small.governance.parts
    await sweeping.tell_of_delayed(parts)
    assert await told(small) == set()
    late = msgspec.structs.replace(parts, pace=msgspec.structs.replace(parts.pace, delayed=0.0))
    await sweeping.tell_of_delayed(late)
    await sweeping.tell_of_delayed(late)
    assert await small.count(alerts, alerts.c.kind == "DELAYED") == 1
    gone = msgspec.structs.replace(parts, pace=msgspec.structs.replace(parts.pace, abandoned=0.0))
    await sweeping.begin_anew(gone)
    await small.engine.idle()
    assert (await small.now(asked.workflow.uid)).status is S.SUCCEEDED
    assert small.vendor.made == dict.fromkeys(ACTIONS, 1)
    assert AlertKind.STUCK in await told(small)


async def test_a_drive_that_another_has_replaced_writes_nothing(small: House):
    small.engine.kill_at = 7
    asked = await small.ask(AGENT)
    await small.engine.idle()
    assert asked.workflow is not None
    async with small.database.transaction() as connection:
        await connection.execute(update(workflows).values(run_number=2))
    before = dict(small.vendor.sent)
    await small.engine.again()  # the first drive, taken up too late
    assert small.vendor.sent == before
    assert (await small.now(asked.workflow.uid)).status is S.RUNNING


async def test_a_drive_that_the_engine_gave_up_is_for_a_person_or_is_asked_for(small: House):
    from mutations.governance import turning
    from mutations.governance.engine.port import Run

    for key, at, status in (("k1", 3, S.NEEDS_ATTENTION), ("k2", 4, S.OUTCOME_UNKNOWN)):
        small.engine.boundaries = 0
        small.engine.kill_at = at
        asked = await small.ask(AGENT, 100, key)
        await small.engine.idle()
        assert asked.workflow is not None
        run = Run(workflow_uid=asked.workflow.uid, number=1, direction="forward")
        await small.governance.close()
        await turning.parked(small.governance.parts, run, "OperationalError")
        await turning.parked(small.governance.parts, run, "OperationalError")
        assert (await small.now(asked.workflow.uid)).status is status, key


async def test_one_process_sweeps_at_a_time(house: House, another):
    there = await another(house)
    house.vendor.states["credit"] = ReceiptState.PENDING
    house.vendor.answers["credit.settle"] = ["DONE"]
    asked = await house.done(AGENT)
    await until(there, asked.uid, lambda each: each.status is S.SUCCEEDED)
    assert house.vendor.asked["credit.settle"] == 1
