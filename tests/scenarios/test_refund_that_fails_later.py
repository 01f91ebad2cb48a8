"""A refund is accepted at once and final days later: until then it is settling, and where it fails the books follow."""

import asyncio

import pytest

from sources.simulation.world import BY_KEY
from tests.support.writing import REFUND_PAYMENT, at_rest, money, story_of

PAID = BY_KEY["sla-breach"].number
TRAIL = """
query Trail($id: ID!) {
  workflow(id: $id) { status auditEvents { action outcome system } steps { name status } }
}
"""


@pytest.fixture
async def pending(house):
    """A refund that billing has accepted and not made yet."""
    house.simulators["billing"].refunds_are("pending")
    payment = (await story_of(house, PAID)).paid
    given = {"paymentId": payment["id"], "amount": money("30.00", payment["amount"]["currency"]), "reason": "Twice"}
    variables = {"input": given, "key": "late", "wait": 10}
    payload = (await house.data(REFUND_PAYMENT, variables, role="finance_approver"))["refundPayment"]
    assert payload["refusals"] == []
    workflow = payload["workflow"]
    for _ in range(100):
        if workflow["status"] == "SETTLING":
            break
        await asyncio.sleep(0.05)
        found = await house.data("query($id: ID!) { workflow(id: $id) { id status } }", {"id": workflow["id"]})
        workflow = {**workflow, **found["workflow"]}
    yield workflow
    house.simulators["billing"].refunds_are("succeeded")


def refund_of(workflow):
    return next(step["externalId"] for step in workflow["steps"] if step["name"] == "billing_refund")


async def test_it_is_settling_until_the_money_has_arrived(house, pending):
    assert pending["status"] == "SETTLING"
    house.simulators["billing"].settle_refund(refund_of(pending), "succeeded")
    assert (await at_rest(house, pending["id"], seconds=40))["status"] == "SUCCEEDED"


async def test_a_refund_that_fails_is_taken_out_of_the_books_and_a_person_is_told(house, pending):
    house.simulators["billing"].settle_refund(refund_of(pending), "failed", "expired_or_canceled_card")
    told = await at_rest(house, pending["id"], seconds=40)
    assert told["status"] == "NEEDS_ATTENTION"
    trail = (await house.data(TRAIL, {"id": pending["id"]}, role="auditor"))["workflow"]["auditEvents"]
    late = [each for each in trail if "late_undo" in each["action"]]
    assert [each["outcome"] for each in late] == ["INTENT", "COMPENSATED"]
    assert {each["system"] for each in late} == {"erp"}
