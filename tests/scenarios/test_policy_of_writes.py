"""The rules of writes, met through /graphql: split credits, roles, the kill switch, and the past decided again."""

from datetime import UTC, datetime

import pytest

from mutations.governance.plan import GovernedAction, Verdict
from mutations.governance.policy.decisions import decided_since, kept_texts
from mutations.governance.policy.simulating import compared
from mutations.governance.policy.switches import Target
from sources.simulation.world import BY_KEY
from tests.support.writing import PLAN_CREDIT, credit, rules, story_of

BREACHED = BY_KEY["sla-breach"].number
AVAILABLE = """
query Actions($number: String!) {
  viewer { limits { action withoutApproval { amount currency } withApproval { amount currency } } }
  customerBy(key: {number: $number}) { actions { action verdict reasons limit { amount currency } approverRoles } }
}
"""


@pytest.fixture
async def story(house):
    return await story_of(house, BREACHED)


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
READS_BY_POST = ("/search_read", "/composite")  # the ERP's and the CRM's way to ask for a list


def written(house):
    """The writes that vendors have taken."""
    calls = [call for system in house.simulators for call in house.calls(system)]
    sent = [call for call in calls if call.method != "GET" and not call.path.endswith(READS_BY_POST)]
    return [call.path for call in sent if call.status < 300]


async def test_a_large_credit_is_not_had_by_splitting_it(house, story):
    parts = [await credit(house, story.credit("20.00"), f"part-{number}") for number in range(4)]
    assert [each["workflow"]["plan"]["verdict"] for each in parts] == [
        "ALLOWED",
        "ALLOWED",
        "NEEDS_APPROVAL",
        "NEEDS_APPROVAL",
    ]
    assert parts[2]["workflow"]["status"] == "AWAITING_APPROVAL"
    assert parts[2]["workflow"]["plan"]["approvals"] == [{"roles": ["support_lead"], "count": 1}]


@pytest.mark.parametrize("role", ["auditor", "platform_admin"])
async def test_a_role_that_may_not_ask_is_denied_and_nothing_is_written(house, story, role):
    payload = await credit(house, story.credit("1.00"), "k", role=role)
    assert payload["workflow"] is None
    assert ("NOT_ALLOWED", "credit.role") in rules(payload)
    assert written(house) == []


async def test_a_switched_off_source_refuses_until_it_is_on_again(house, story):
    switches = house.gateway.governed.switches
    (erp,) = [each for each in house.gateway.systems.all if each.name == "erp"]
    await switches.turn(Target.source(erp.uid, "erp"), off=True, by="cli:test", reason="month end")
    assert rules(await credit(house, story.credit("1.00"), "k")) == {("SYSTEM_UNAVAILABLE", "switch.off")}
    assert written(house) == []
    await switches.turn(Target.source(erp.uid, "erp"), off=False, by="cli:test", reason="closed")
    payload = await credit(house, story.credit("1.00"), "k")
    assert payload["workflow"]["status"] == "SUCCEEDED"
    assert len(written(house)) == 5, "the draft, the credit, the posting, the note and the reply"


async def test_a_switched_off_action_is_told_before_the_click(house, story):
    switches = house.gateway.governed.switches
    await switches.turn(Target.action(GovernedAction.ISSUE_CREDIT), off=True, by="cli:test", reason="rates")
    told = await house.data(AVAILABLE, {"number": BREACHED}, role="support_agent")
    (offered,) = [each for each in told["customerBy"]["actions"] if each["action"] == "ISSUE_CREDIT"]
    assert (offered["verdict"], offered["reasons"]) == ("DENIED", ["switch.off"])


async def test_the_plan_the_action_and_the_limit_say_the_same(house, story):
    told = await house.data(AVAILABLE, {"number": BREACHED}, role="support_agent")
    (limit,) = told["viewer"]["limits"]
    assert {"amount": "50.00", "currency": "GBP"} in limit["withoutApproval"]
    (offered,) = [each for each in told["customerBy"]["actions"] if each["action"] == "ISSUE_CREDIT"]
    assert offered["verdict"] == "ALLOWED"
    assert offered["approverRoles"] == ["support_lead", "finance_approver"]
    for amount, verdict in (("50.00", "ALLOWED"), ("50.01", "NEEDS_APPROVAL")):
        plan = await house.data(PLAN_CREDIT, {"input": story.credit(amount)}, role="support_agent")
        assert plan["planIssueCredit"]["verdict"] == verdict


async def test_what_a_house_decided_is_decided_the_same_again_from_its_rows(house, story):
    """Every fact that a rule reads is stored: nothing is left undecided, nothing comes out otherwise."""
    for number, (amount, role) in enumerate(
        [("20.00", "support_agent"), ("60.00", "support_agent"), ("1.00", "auditor"), ("100000.00", "finance_approver")]
    ):
        await credit(house, story.credit(amount), f"k{number}", role=role)
    policy, database = house.gateway.settings.write_policy, house.gateway.database
    found = [each async for each in compared(decided_since(database, LONG_AGO), policy)]
    assert len(found) >= 4
    assert [each.now.verdict for each in found if each.past.request.roles == ("auditor",)] == [Verdict.DENIED]
    assert {each.differs for each in found} == {False}
    assert not [each for each in found if "policy.incomplete" in each.now.rules]
    async with database.reading() as connection:
        assert await kept_texts(connection, policy.version) == dict(policy.texts)
