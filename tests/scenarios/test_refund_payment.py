"""Refunds from the request to the ledger, told through /graphql."""

from sources.simulation.world import BY_KEY
from tests.support.writing import REFUND_PAYMENT, at_rest, decide, money, rules, story_of

PAID = BY_KEY["sla-breach"].number


async def refund(house, payment, amount, key, *, role, wait=20, **more):
    currency = payment["amount"]["currency"]
    given = {"paymentId": payment["id"], "amount": money(amount, currency), "reason": "Charged by mistake", **more}
    answer = await house.data(REFUND_PAYMENT, {"input": given, "key": key, "wait": wait}, role=role)
    return answer["refundPayment"]


async def test_an_approvers_small_refund_is_in_billing_and_in_the_ledger(house):
    payment = (await story_of(house, PAID)).paid
    payload = await refund(house, payment, "25.00", "refund-1", role="finance_approver")
    assert payload["refusals"] == []
    assert payload["workflow"]["status"] == "SUCCEEDED", payload["workflow"]
    left = "query($id: ID!) { node(id: $id) { ... on Payment { refundable { amount } } } }"
    after = (await house.data(left, {"id": payment["id"]}))["node"]["refundable"]["amount"]
    assert float(payment["refundable"]["amount"]) - float(after) == 25.0


async def test_a_leads_refund_awaits_a_finance_approver(house):
    payment = (await story_of(house, PAID)).paid
    payload = await refund(house, payment, "25.00", "refund-2", role="support_lead", wait=0)
    assert payload["workflow"]["status"] == "AWAITING_APPROVAL"
    approved = await decide(house, "approve", payload["workflow"], role="finance_approver")
    assert approved["refusals"] == []
    assert (await at_rest(house, payload["workflow"]["id"]))["status"] == "SUCCEEDED"


async def test_an_agent_may_not_refund(house):
    payment = (await story_of(house, PAID)).paid
    payload = await refund(house, payment, "25.00", "refund-3", role="support_agent")
    assert rules(payload) == {("NOT_ALLOWED", "refund.role")}
    assert payload["workflow"] is None
