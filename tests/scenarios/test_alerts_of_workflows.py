"""A workflow that waits for people tells them, and what they are told leads to it."""

import base64
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from resolvers.ids import decode
from sources.simulation.facts import Fact
from sources.simulation.harness import Switches
from sources.simulation.world import BY_KEY
from sources.writing import reference_of
from tests.gateway.alerts.receiving import Receiver
from tests.support.house import House, open_house

NUMBER = BY_KEY["sla-breach"].number
SECRET = base64.b64encode(b"k" * 32).decode()
OWED = """query($n: String!) { customerBy(key: {number: $n}) { id
  cases(first: 1) { nodes { id invoices { id } messages(first: 10) { nodes { text } } } } } }"""
CREDIT = """mutation($input: IssueCreditInput!, $key: String!) {
  issueCredit(input: $input, idempotencyKey: $key, waitSeconds: 10) { refusals { message } workflow { id status } } }"""
WORKFLOW = "query($id: ID!) { workflow(id: $id) { id status } }"


def listening(*ports: tuple[str, int]) -> dict[str, Any]:
    receivers = {role: {"url": f"http://127.0.0.1:{port}/", "secret": SECRET} for role, port in ports}
    return {"alerts": {"allow": ["127.0.0.1"], **receivers}}


async def credit(house: House, amount: str) -> dict[str, Any]:
    customer = (await house.data(OWED, {"n": NUMBER}, role="support_agent"))["customerBy"]
    [case] = customer["cases"]["nodes"]
    asked = {
        "customerId": customer["id"],
        "amount": {"amount": amount, "currency": "GBP"},
        "reason": "SLA_BREACH",
        "caseId": case["id"],
        "invoiceId": case["invoices"][0]["id"],
    }
    made = (await house.data(CREDIT, {"input": asked, "key": f"k-{amount}"}, role="support_agent"))["issueCredit"]
    assert made["refusals"] == []
    workflow: dict[str, Any] = made["workflow"]
    return workflow


async def test_who_may_approve_is_told_that_a_credit_waits(history: list[Fact], tmp_path: Path) -> None:
    receiver = Receiver()
    async with (
        receiver.listening() as port,
        open_house(history, tmp_path, more=listening(("support_lead", port))) as house,
    ):
        workflow = await credit(house, "120.00")
        assert workflow["status"] == "AWAITING_APPROVAL"
        await receiver.has_got(1)

        told = Webhook(SECRET).verify(*receiver.got[0])
        assert told["type"] == "c360.alert.approval_waiting"
        assert told["data"]["workflowId"] == workflow["id"]
        assert (await house.data(WORKFLOW, {"id": told["data"]["workflowId"]}))["workflow"] == workflow
        assert "120" not in told["data"]["message"]


async def test_a_reply_whose_answer_was_lost_is_looked_for_and_is_there_once(house: House) -> None:
    support = house.simulators["support"]
    support.harness.switches = Switches(write_fault="error_after", only="/tickets/", only_body='"public":true', times=1)
    workflow = await credit(house, "40.00")

    assert workflow["status"] == "SUCCEEDED"
    uid = decode(workflow["id"]).id
    assert [support.effects(reference_of(uid, step)) for step in ("case_note", "case_reply")] == [1, 1]
