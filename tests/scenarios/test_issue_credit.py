"""Credits from the request to the ledger, told through /graphql."""

from sources.simulation.world import BY_KEY
from tests.support.asking import codes
from tests.support.writing import PLAN_CREDIT, at_rest, credit, decide, rules, story_of

BREACHED = BY_KEY["sla-breach"].number
LINEAGE = """
query Lineage($number: String!) {
  customerBy(key: {number: $number}) {
    creditMemos(first: 5) {
      nodes {
        number status amount { amount currency }
        invoice { id } case { id }
        ledger { state difference { amount } }
        workflow { id status requestedBy records { __typename id } }
      }
    }
  }
}
"""


async def test_an_agents_small_credit_is_there_from_case_to_ledger_in_one_query(house):
    story = await story_of(house, BREACHED)
    payload = await credit(house, story.credit("40.00"), "small-1")
    workflow = payload["workflow"]
    assert (payload["idempotency"], payload["refusals"]) == ("ACCEPTED", [])
    assert workflow["status"] == "SUCCEEDED", workflow
    memos = (await house.data(LINEAGE, {"number": BREACHED}))["customerBy"]["creditMemos"]["nodes"]
    memo = next(each for each in memos if each["workflow"])
    assert memo["amount"] == {"amount": "40.00", "currency": "GBP"}
    assert memo["invoice"]["id"] == story.owed["id"]
    assert memo["case"]["id"] == story.breached["id"]
    assert memo["ledger"]["state"] == "AGREES"
    assert memo["workflow"]["id"] == workflow["id"]
    assert memo["workflow"]["requestedBy"] == "support_agent"


async def test_more_than_an_agents_limit_awaits_another_person_who_may(house):
    story = await story_of(house, BREACHED)
    payload = await credit(house, story.credit("120.00"), "large-1", wait=0)
    waiting = payload["workflow"]
    assert (payload["idempotency"], payload["refusals"], waiting["status"]) == ("ACCEPTED", [], "AWAITING_APPROVAL")
    assert waiting["plan"]["approvals"] == [{"roles": ["support_lead"], "count": 1}]
    own = await decide(house, "approve", waiting, role="support_agent")
    assert rules(own) == {("OWN_REQUEST", "four_eyes.own_request")}
    approved = await decide(house, "approve", waiting, role="support_lead", comment="they waited for a day")
    assert approved["refusals"] == []
    done = await at_rest(house, waiting["id"])
    assert done["status"] == "SUCCEEDED"
    assert done["approvals"] == [{"role": "support_lead", "decision": "APPROVED", "by": "support_lead",
                                  "comment": "they waited for a day"}]  # fmt: skip


async def test_what_is_refused_is_data_and_nothing_is_written_anywhere(house):
    story = await story_of(house, BREACHED)
    house.forget_calls()
    payload = await credit(house, story.credit("4000.00"), "too-much", role="support_agent")
    assert (payload["idempotency"], payload["workflow"]) == ("REFUSED", None)
    assert ("OVER_LIMIT", "credit.cap") in rules(payload)
    for name in ("billing", "erp", "support"):
        sent = [call.path for call in house.calls(name) if call.method != "GET" and call.status < 400]
        assert [path for path in sent if not path.endswith("search_read")] == []


async def test_a_key_is_one_workflow_whatever_comes_of_it(house):
    story = await story_of(house, BREACHED)
    first = await credit(house, story.credit("40.00"), "once")
    again = await credit(house, story.credit("40.00"), "once")
    assert (again["idempotency"], again["workflow"]["id"]) == ("REPLAYED", first["workflow"]["id"])
    other = await credit(house, story.credit("41.00"), "once")
    assert (other["idempotency"], rules(other)) == ("CONFLICT", {("IDEMPOTENCY_CONFLICT", "idempotency.conflict")})
    memos = (await house.data(LINEAGE, {"number": BREACHED}))["customerBy"]["creditMemos"]["nodes"]
    assert len([memo for memo in memos if memo["workflow"]]) == 1


async def test_a_refusal_does_not_consume_the_key(house):
    story = await story_of(house, BREACHED)
    assert (await credit(house, story.credit("4000.00"), "mine"))["idempotency"] == "REFUSED"
    assert (await credit(house, story.credit("40.00"), "mine"))["idempotency"] == "ACCEPTED"


async def test_a_plan_is_shown_first_and_another_one_is_not_carried_out(house):
    story = await story_of(house, BREACHED)
    plan = (await house.data(PLAN_CREDIT, {"input": story.credit("40.00")}, role="support_agent"))["planIssueCredit"]
    assert (plan["verdict"], plan["refusals"], plan["approvals"]) == ("ALLOWED", [], [])
    assert [each["name"] for each in plan["steps"]] == [
        "erp_draft", "billing_credit", "erp_post", "case_note", "case_reply"
    ]  # fmt: skip
    other = await credit(house, story.credit("41.00"), "planned", plan=plan["hash"])
    assert rules(other) == {("PLAN_CHANGED", "plan.changed")}
    assert other["workflow"] is None
    as_shown = await credit(house, story.credit("40.00"), "planned", plan=plan["hash"])
    assert as_shown["workflow"]["status"] == "SUCCEEDED"
    assert as_shown["workflow"]["plan"]["hash"] == plan["hash"]


async def test_a_plan_that_was_made_for_another_role_says_who_must_approve(house):
    story = await story_of(house, BREACHED)
    wanted = {"input": story.credit("120.00")}
    plan = (await house.data(PLAN_CREDIT, wanted, role="support_agent"))["planIssueCredit"]
    assert (plan["verdict"], plan["approvals"][0]["roles"]) == ("NEEDS_APPROVAL", ["support_lead"])
    assert (await house.data(PLAN_CREDIT, wanted, role="support_lead"))["planIssueCredit"]["verdict"] == "ALLOWED"


async def test_the_trail_leads_from_the_request_to_the_ledger(house):
    story = await story_of(house, BREACHED)
    workflow = (await credit(house, story.credit("40.00"), "trail"))["workflow"]
    trail = "query($id: ID!) { workflow(id: $id) { auditEvents { action outcome actor system externalId } } }"
    events = (await house.data(trail, {"id": workflow["id"]}, role="auditor"))["workflow"]["auditEvents"]
    assert (events[0]["action"], events[0]["actor"]) == ("issueCredit", "support_agent")
    done = {each["action"] for each in events if each["outcome"] == "SUCCEEDED"}
    assert {f"issueCredit.{step['name']}" for step in workflow["steps"]} <= done
    withheld = await house.ask(trail, {"id": workflow["id"]}, role="support_agent")
    assert withheld["data"]["workflow"]["auditEvents"] is None
    assert codes(withheld) == {("FORBIDDEN", None)}
