"""How mutations are asked: what can never be right, how long to wait and what that holds, which transports."""

import asyncio

import pytest

from gateway.admission import consumer_of
from sources.canonical.actor import Actor
from sources.simulation.world import BY_KEY
from tests.support.asking import codes
from tests.support.writing import ISSUE_CREDIT, PLAN_CREDIT, credit, money, rules, story_of

BREACHED = BY_KEY["sla-breach"].number


@pytest.fixture
async def story(house):
    return await story_of(house, BREACHED)


WRONG = [
    ({"amount": money("40.001")}, "amount"),
    ({"amount": money("40.5", "JPY")}, "amount"),
    ({"amount": money("0.00")}, "amount"),
    ({"amount": money("-5.00")}, "amount"),
    ({"amount": money("99999999999999999999")}, "amount"),
    ({"caseId": "nonsense"}, "caseId"),
    ({"invoiceId": "nonsense"}, "invoiceId"),
    ({"customerId": "nonsense"}, "customerId"),
    ({"note": "x" * 2001}, "note"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
async def test_what_can_never_be_right_is_refused_at_its_field(house, story, change, field):
    payload = await credit(house, {**story.credit("40.00"), **change}, "wrong")
    assert (payload["idempotency"], payload["workflow"]) == ("REFUSED", None)
    assert [(each["code"], each["field"]) for each in payload["refusals"]] == [("INVALID_INPUT", field)]
    plan = await house.data(PLAN_CREDIT, {"input": {**story.credit("40.00"), **change}}, role="support_agent")
    assert plan["planIssueCredit"]["verdict"] == "DENIED"
    assert [each["field"] for each in plan["planIssueCredit"]["refusals"]] == [field]


async def test_an_id_of_another_type_is_refused_at_its_field(house, story):
    payload = await credit(house, {**story.credit("40.00"), "caseId": story.owed["id"]}, "swapped")
    assert [(each["code"], each["field"]) for each in payload["refusals"]] == [("INVALID_INPUT", "caseId")]


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_1_to_255_characters(house, story, key):
    payload = await credit(house, story.credit("40.00"), key)
    assert [(each["code"], each["field"]) for each in payload["refusals"]] == [("INVALID_INPUT", "idempotencyKey")]


@pytest.mark.parametrize("seconds", [-1, 31])
async def test_nobody_waits_longer_than_half_a_minute(house, story, seconds):
    payload = await credit(house, story.credit("40.00"), "wait", wait=seconds)
    assert [(each["code"], each["field"]) for each in payload["refusals"]] == [("INVALID_INPUT", "waitSeconds")]


async def test_one_operation_has_one_mutation(house, story):
    asked = ISSUE_CREDIT.replace("issueCredit(", "a: issueCredit(", 1)
    field = asked[asked.index("a: issueCredit") : asked.rindex("}")]
    query = asked[: asked.rindex("}")] + field.replace("a: ", "b: ", 1) + "}"
    answer = await house.post(query, {"input": story.credit("1.00"), "key": "two"}, token=house.token("support_agent"))
    assert codes(answer.json()) == {("TOO_MANY_MUTATIONS", None)}


async def test_a_mutation_is_not_served_over_get(house):
    query = 'mutation { cancelWorkflow(id: "x", comment: "y") { refusals { code } } }'
    headers = {"authorization": f"Bearer {house.token('support_agent')}"}
    answer = await house.client.get("/graphql", params={"query": query}, headers=headers)
    assert answer.status_code == 405


class Stuck:
    """A workflow that comes to rest when it is told to, whatever the engine does."""

    def __init__(self, governance, monkeypatch):
        self.rests, self.waiting = asyncio.Event(), asyncio.Event()
        self._really = governance.wait
        monkeypatch.setattr(governance, "wait", self.wait)

    async def wait(self, uid, seconds):
        self.waiting.set()
        await self.rests.wait()
        return await self._really(uid, 10)


async def test_who_waits_holds_neither_place_nor_slot_and_is_not_cut_off(open_narrow_house, monkeypatch):
    """One operation at a time, a deadline of two seconds: others are answered while one waits for longer."""
    async with open_narrow_house({"concurrent_operations": 1, "grace_seconds": 0.5}, deadline_seconds=2.0) as house:
        story, stuck = await story_of(house, BREACHED), Stuck(house.gateway.governed.governance, monkeypatch)
        asking = asyncio.create_task(credit(house, story.credit("40.00"), "patient", wait=30))
        await stuck.waiting.wait()
        agent = Actor(issuer="urn:c360:development", subject="support_agent")
        assert house.gateway.admission._running[consumer_of(agent)] == 0
        assert (await house.data("{ viewer { subject } }", role="support_agent"))["viewer"][
            "subject"
        ] == "support_agent"
        await asyncio.sleep(3.0)  # longer than the deadline and the grace
        assert not asking.done()
        stuck.rests.set()
        payload = await asking
        assert payload["workflow"]["status"] == "SUCCEEDED"
        assert house.gateway.admission.consumers == 0


async def test_who_does_not_wait_is_answered_at_once(house, story):
    payload = await credit(house, story.credit("40.00"), "hasty", wait=0)
    assert (payload["idempotency"], payload["refusals"]) == ("ACCEPTED", [])
    assert payload["workflow"]["status"] in ("APPROVED", "RUNNING", "SUCCEEDED")


async def test_who_reads_without_a_class_of_the_writes_does_not_see_its_amounts(house, story):
    workflow = (await credit(house, story.credit("40.00"), "amounts"))["workflow"]
    query = "query($id: ID!) { workflow(id: $id) { status amount { amount } plan { steps { amount { amount } } } } }"
    answer = await house.ask(query, {"id": workflow["id"]}, role="platform_admin")
    assert answer["data"]["workflow"]["amount"] is None
    assert {each["amount"] for each in answer["data"]["workflow"]["plan"]["steps"]} == {None}
    assert codes(answer) == {("FORBIDDEN", None)}


async def test_a_program_may_ask_with_the_scope_for_it_and_not_without(house, story):
    async def asked(*scopes, key):
        token = house.token("integration", scopes=("read:internal", "read:financial", *scopes))
        variables = {"input": story.credit("40.00"), "key": key, "wait": 20}
        return (await house.post(ISSUE_CREDIT, variables, token=token)).json()["data"]["issueCredit"]

    assert ("NOT_ALLOWED", "credit.role") in rules(await asked(key="p-1"))
