"""Credits from the request to the ledger, told through /graphql."""

from sources.simulation.world import BY_KEY
from tests.support.writing import credit, story_of

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
