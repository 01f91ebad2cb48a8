"""Decisions as rows, on both databases: stored with all that they depended on, never changed, decided again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from mutations.governance.policy import decisions
from mutations.governance.policy.cedar import load_policy
from mutations.governance.policy.decisions import Decisions, decided_since, keep_texts, kept_texts
from mutations.governance.policy.simulating import compared, in_words
from mutations.governance.policy.tables import policy_decisions, policy_switches, policy_texts
from mutations.governance.policy.texts import packaged_texts
from mutations.governance.policy.words import Sums
from sources.canonical.money import Money
from sources.database import to_the_end
from tests.mutations.policy.requests_in_words import credit, refund

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@to_the_end
async def store(database, policy, *requests, at=NOON):
    async with database.transaction() as connection:
        for number, each in enumerate(requests):
            await Decisions().store(
                connection, each, policy.decide(each), workflow_uid=f"w{number}", correlation_id="r1", at=at
            )


async def read(database, since=NOON):
    return [each async for each in decided_since(database, since)]


async def test_a_decision_comes_back_with_all_that_it_depended_on(database, policy):
    asked = [
        credit(
            "300.00 EUR",
            "support_agent",
            subject="rita",
            acting="bot",
            scopes=("a", "b"),
            sums=Sums(alone_for_customer=1, alone_in_all=2, credited=3),
            switched_off=("source erp",),
        ),
        refund("6000.00 USD", "support_lead"),
    ]
    await store(database, policy, *asked)
    found = await read(database)
    assert [each.request for each in found] == asked
    assert [each.decision for each in found] == [policy.decide(each) for each in asked]
    assert [(each.at, each.workflow_uid) for each in found] == [(NOON, "w0"), (NOON, "w1")]


async def test_decisions_are_read_in_pages_from_a_moment_on(database, policy, monkeypatch):
    monkeypatch.setattr(decisions, "PAGE_ROWS", 2)
    await store(database, policy, credit("1.00 EUR", "support_agent"), at=NOON - timedelta(days=1))
    await store(database, policy, *(credit(f"{each}.00 EUR", "support_agent") for each in range(1, 6)))
    assert [each.request.amount.minor for each in await read(database)] == [100, 200, 300, 400, 500]


async def test_texts_are_kept_once_by_their_version(database, policy):
    await keep_texts(database, policy.version, policy.texts)
    await keep_texts(database, policy.version, policy.texts)
    async with database.reading() as connection:
        assert await kept_texts(connection, policy.version) == packaged_texts()
        assert await kept_texts(connection, "0" * 64) is None
        assert (await connection.execute(select(func.count()).select_from(policy_texts))).scalar_one() == 1


@pytest.mark.parametrize("table", [policy_decisions, policy_texts, policy_switches], ids=lambda table: table.name)
async def test_nothing_is_changed_or_deleted(database, policy, table):
    @to_the_end
    async def fill():
        async with database.transaction() as connection:
            await Decisions().store(
                connection,
                (asked := credit("1.00 EUR", "support_agent")),
                policy.decide(asked),
                workflow_uid=None,
                correlation_id="r1",
                at=NOON,
            )
            row = {"kind": "action", "target": "X", "name": "X", "off": True, "by": "me", "reason": "r", "at": NOON}
            await connection.execute(policy_switches.insert().values(row))

    @to_the_end
    async def change(statement):
        async with database.transaction() as connection:
            await connection.execute(statement)

    await fill()
    await keep_texts(database, policy.version, policy.texts)
    column = next(iter(table.c))
    for statement in (delete(table), update(table).values({column.name: column})):
        with pytest.raises(DBAPIError, match="append-only"):
            await change(statement)


async def changes(database, policy):
    found = [each async for each in compared(decided_since(database, NOON), policy)]
    return [(in_words(each.past.decision), in_words(each.now)) for each in found if each.differs], len(found)


async def test_the_same_policy_would_decide_the_same(database, policy):
    await store(database, policy, credit("50.00 EUR", "support_agent"), refund("9000.00 EUR", "support_lead"))
    assert await changes(database, policy) == ([], 2)


async def test_a_lower_limit_shows_whom_it_would_stop(database, policy, write):
    await store(
        database,
        policy,
        credit("50.00 EUR", "support_agent"),
        credit("20.00 EUR", "support_agent"),
        credit("20.00 EUR", "support_agent", sums=Sums(alone_for_customer=10_00, alone_in_all=10_00)),
        credit("50.00 EUR", "auditor"),
    )
    lower = packaged_texts()["limits.toml"].replace(
        'support_agent = { EUR = "50.00"', 'support_agent = { EUR = "20.00"'
    )
    found = await changes(database, load_policy(write("limits.toml", lower)))
    stopped = ("ALLOWED", "NEEDS_APPROVAL 1 support_lead")
    assert found == ([stopped, stopped], 4)


async def test_a_rule_that_reads_a_fact_nobody_stored_is_seen_to_deny(database, policy, write):
    await store(database, policy, credit("1.00 EUR", "support_agent"))
    write(
        "schema.cedarschema",
        packaged_texts()["schema.cedarschema"].replace("type CreditFacts = {", "type CreditFacts = { sunday: Bool,"),
    )
    directory = write(
        "house.cedar",
        '@id("house.sunday") @code("NOT_ALLOWED") @message("Not on Sundays")\n'
        'forbid (principal, action == Action::"ISSUE_CREDIT", resource) when { context.facts.sunday };',
    )
    assert await changes(database, load_policy(directory)) == ([("ALLOWED", "DENIED")], 1)


async def test_another_refusal_for_the_same_request_is_a_change(database, policy, write):
    await store(database, policy, credit("1.00 EUR", "auditor", cap=Money(0, "EUR")))
    texts = packaged_texts()["credit.cedar"].replace('"credit.cap"', '"credit.ceiling"')
    assert await changes(database, load_policy(write("credit.cedar", texts))) == ([("DENIED", "DENIED")], 1)
