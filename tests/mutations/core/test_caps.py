"""Limits and caps hold for sums, also when many ask at once."""

import asyncio

from sqlalchemy import func, select

from mutations.governance.plan import Verdict
from mutations.governance.tables import workflow_reservations as reservations
from mutations.governance.workflow import IdempotencyOutcome
from tests.mutations.core.vendor_in_memory import AGENT, APPROVER, OTHER_APPROVER, House, person


async def _reserved(house: House, kind: str) -> int:
    total = select(func.coalesce(func.sum(reservations.c.minor), 0)).where(
        reservations.c.kind == kind, reservations.c.released_at.is_(None)
    )
    async with house.database.reading() as connection:
        return int((await connection.execute(total)).scalar_one())


async def test_twenty_at_once_by_many_stay_under_the_customers_cap(house: House):
    house.vendor.facts["cap"] = 100_000
    agents = [person(f"approver{i}", "finance_approver") for i in range(20)]
    answers = await asyncio.gather(*(house.ask(agent, 9_000) for agent in agents))
    await house.engine.idle()
    accepted = [answer for answer in answers if answer.idempotency is IdempotencyOutcome.ACCEPTED]
    assert len(accepted) == 11
    assert await _reserved(house, "cap") == 99_000
    assert house.vendor.made["credit"] == 11
    assert {refusal.rule for answer in answers for refusal in answer.refusals} == {"credit.cap"}


async def test_twenty_at_once_in_two_processes_stay_under_the_cap(house: House, another):
    there = await another(house)
    agents = [person(f"approver{i}", "finance_approver") for i in range(20)]
    homes = (house, there) * 10
    answers = await asyncio.gather(*(home.ask(agent, 9_000) for home, agent in zip(homes, agents, strict=True)))
    assert sum(answer.idempotency is IdempotencyOutcome.ACCEPTED for answer in answers) == 11
    assert await _reserved(house, "cap") == 99_000


async def test_a_large_credit_in_small_parts_needs_approval_from_the_limit_on(house: House):
    answers = await asyncio.gather(*(house.ask(AGENT, 1_000, f"k{i}") for i in range(8)))
    await house.engine.idle()
    verdicts = [answer.workflow.plan.verdict for answer in answers if answer.workflow]
    assert verdicts.count(Verdict.ALLOWED) == 5  # 50.00 alone for one customer in a day
    assert verdicts.count(Verdict.NEEDS_APPROVAL) == 3
    assert await _reserved(house, "alone") == 5_000
    assert house.vendor.made["credit"] == 5


async def test_what_awaits_approval_is_reserved_and_what_is_rejected_is_released(small: House):
    asked = await small.ask(AGENT, 90_000)
    assert asked.workflow is not None
    assert await _reserved(small, "cap") == 90_000
    assert (await small.ask(APPROVER, 20_000)).refusals[0].rule == "credit.cap"
    await small.governance.reject(OTHER_APPROVER, asked.workflow.uid, "no", "c2")
    assert await _reserved(small, "cap") == 0
    assert (await small.ask(APPROVER, 20_000)).idempotency is IdempotencyOutcome.ACCEPTED


async def test_what_a_merged_customer_was_credited_counts_for_its_survivor(small: House):
    from sqlalchemy import insert, update

    from sources.crosswalk.tables import customers

    await small.done(AGENT, 4_000)
    async with small.database.transaction() as connection:
        row = (await connection.execute(select(customers))).mappings().one()
        fresh = {**row, "id": row["id"] + 1, "uid": "f" * 16, "number": "1002", "number_key": "1002"}
        await connection.execute(insert(customers).values(**fresh))
        await connection.execute(
            update(customers).where(customers.c.uid == row["uid"]).values(merged_into="f" * 16, live=False)
        )
    plan = await small.governance.plan(AGENT, small.mutation, small.command(2_000, customer="f" * 16))
    assert plan.verdict is Verdict.NEEDS_APPROVAL
