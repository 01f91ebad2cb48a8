"""Workflows and the audit log as they are read: on every path, within the viewer's rows, batched."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import jwt
import pytest
import websockets

from gateway.development_issuer import ALGORITHM, ISSUER
from sources.simulation.world import BY_KEY
from tests.support.asking import codes
from tests.support.writing import DECIDE, ISSUE_CREDIT, credit, decide, rules, story_of

BREACHED = BY_KEY["sla-breach"].number
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


@pytest.fixture
async def story(house):
    return await story_of(house, BREACHED)


@pytest.fixture
async def waiting(house, story):
    """A credit that a lead must approve."""
    return (await credit(house, story.credit("120.00"), "large", wait=0))["workflow"]


def narrowed(house, role, **claims):
    """A role's token with more claims."""
    issuer = house.gateway.issuer
    read = jwt.decode(issuer.token(role), options={"verify_signature": False})
    claims = {**read, **claims, "iss": ISSUER, "exp": int(time.time()) + 600}
    return jwt.encode(claims, issuer._key, ALGORITHM, {"kid": issuer._kid, "typ": "at+jwt"})


async def ask(house, token, query, **variables):
    return (await house.post(query, variables, token=token)).json()


async def test_a_workflow_is_found_on_every_path(house, waiting):
    query = """query($id: ID!, $n: String!) {
      workflow(id: $id) { id } node(id: $id) { __typename id }
      workflows(filter: {status: [AWAITING_APPROVAL]}) { nodes { id } totalCount }
      customerBy(key: {number: $n}) { workflows { edges { cursor node { id customer { number } } } } }
      _entities(representations: [{__typename: "Workflow", id: "ID"}]) { ... on Workflow { id status } }
    }""".replace('"ID"', json.dumps(waiting["id"]))
    found = await house.data(query, {"id": waiting["id"], "n": BREACHED})
    assert found["workflow"]["id"] == found["node"]["id"] == waiting["id"]
    assert found["workflows"] == {"nodes": [{"id": waiting["id"]}], "totalCount": 1}
    (edge,) = found["customerBy"]["workflows"]["edges"]
    assert edge["node"] == {"id": waiting["id"], "customer": {"number": BREACHED}}
    assert found["_entities"] == [{"id": waiting["id"], "status": "AWAITING_APPROVAL"}]


async def test_filters_hold_together(house, story, waiting):
    done = (await credit(house, story.credit("40.00"), "small"))["workflow"]
    query = "query($f: WorkflowFilter) { workflows(filter: $f) { nodes { id } } }"

    async def found(role="finance_analyst", **given):
        return {each["id"] for each in (await house.data(query, {"f": given}, role=role))["workflows"]["nodes"]}

    both = {waiting["id"], done["id"]}
    assert await found() == both
    assert await found(status=["SUCCEEDED"]) == {done["id"]}
    assert await found(action=["REFUND_PAYMENT"]) == set()
    assert await found(customerId=story.customer_id, action=["ISSUE_CREDIT"]) == both
    assert await found(customerId=await house.id_of("C-000001")) == set()
    assert await found(correlationId=done["correlationId"]) == {done["id"]}
    assert await found(olderThanSeconds=3600) == set()
    assert await found("support_lead", awaitingMyApproval=True) == {waiting["id"]}
    assert await found("support_agent", awaitingMyApproval=True) == set()


async def test_pages_of_workflows_follow_one_another(house, story, waiting):
    done = (await credit(house, story.credit("40.00"), "small"))["workflow"]
    page = "nodes { id } pageInfo { hasNextPage endCursor }"
    query = f"query($after: String) {{ workflows(first: 1, after: $after) {{ {page} }} }}"
    first = (await house.data(query))["workflows"]
    second = (await house.data(query, {"after": first["pageInfo"]["endCursor"]}))["workflows"]
    assert [each["nodes"][0]["id"] for each in (first, second)] == [done["id"], waiting["id"]]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert codes(await house.ask(query, {"after": "nonsense"})) == {("BAD_USER_INPUT", None)}


async def test_a_key_is_shown_to_who_asked_and_to_auditors(house, waiting):
    query = "query($id: ID!) { workflow(id: $id) { idempotencyKey } }"
    for role in ("support_agent", "auditor"):
        assert (await house.data(query, {"id": waiting["id"]}, role=role))["workflow"] == {"idempotencyKey": "large"}
    withheld = await house.ask(query, {"id": waiting["id"]}, role="support_lead")
    assert withheld["data"]["workflow"] == {"idempotencyKey": None}
    assert codes(withheld) == {("FORBIDDEN", None)}


async def test_who_may_not_see_the_customer_sees_and_touches_nothing_of_it(house, story, waiting):
    token = narrowed(house, "support_lead", customers=["C-000002"])
    found = await ask(house, token, NODES, ids=[waiting["id"]])
    assert found["data"]["nodes"] == [None]
    query = "query($id: ID!) { workflow(id: $id) { id } workflows { nodes { id } totalCount } }"
    assert (await ask(house, token, query, id=waiting["id"]))["data"] == {
        "workflow": None,
        "workflows": {"nodes": [], "totalCount": 0},
    }
    given = {"id": waiting["id"], "hash": waiting["plan"]["hash"]}
    payload = (await ask(house, token, DECIDE["approve"], **given))["data"]["approveWorkflow"]
    assert (payload["workflow"], rules(payload)) == (None, {("PRECONDITION_FAILED", "workflow.unknown")})
    asked = (await ask(house, token, ISSUE_CREDIT, input=story.credit("1.00"), key="x"))["data"]["issueCredit"]
    nobody = {**story.credit("1.00"), "customerId": "Q3VzdG9tZXIKCm5vYm9keQ"}
    unknown = (await ask(house, token, ISSUE_CREDIT, input=nobody, key="x"))["data"]["issueCredit"]
    assert asked == unknown, "whether the customer exists is not told"
    assert rules(asked) == {("PRECONDITION_FAILED", "customer.unknown")}
    assert (await at_status(house, waiting["id"])) == "AWAITING_APPROVAL"


async def at_status(house, workflow_id):
    query = "query($id: ID!) { workflow(id: $id) { status } }"
    return (await house.data(query, {"id": workflow_id}))["workflow"]["status"]


async def test_an_auditor_of_few_customers_reads_of_these_alone(house, story, waiting):
    await house.gateway.audit.catch_up()
    query = (
        '{ auditEvents(first: 100, filter: {action: "issueCredit"}) { nodes { id customers workflowId sequence } } }'
    )
    everyone = (await house.data(query, role="auditor"))["auditEvents"]["nodes"]
    assert {each["workflowId"] for each in everyone} == {waiting["id"]}
    assert all(each["sequence"] for each in everyone)
    theirs = narrowed(house, "auditor", customers=[BREACHED])
    assert (await ask(house, theirs, query))["data"]["auditEvents"]["nodes"] == everyone
    others = narrowed(house, "auditor", customers=["C-000002"])
    assert (await ask(house, others, query))["data"]["auditEvents"]["nodes"] == []
    event = everyone[0]["id"]
    assert (await ask(house, others, NODES, ids=[event]))["data"]["nodes"] == [None]
    assert (await ask(house, theirs, NODES, ids=[event]))["data"]["nodes"] == [
        {"__typename": "AuditEvent", "id": event}
    ]
    refused = await house.ask(NODES, {"ids": [event]}, role="support_lead")
    assert (refused["data"]["nodes"], codes(refused)) == ([None], {("FORBIDDEN", None)})


async def test_events_are_found_by_what_is_asked_of_them(house, story, waiting):
    query = "query($f: AuditFilter) { auditEvents(filter: $f) { nodes { outcome actor } totalCount } }"

    async def found(**given):
        return (await house.data(query, {"f": given}, role="auditor"))["auditEvents"]

    mine = await found(workflowId=waiting["id"], actor="support_agent")
    assert mine["totalCount"] == len(mine["nodes"]) > 0
    assert (await found(workflowId=waiting["id"], actor="nobody"))["totalCount"] == 0
    assert (await found(customerId=story.customer_id, since="2999-01-01T00:00:00Z"))["totalCount"] == 0
    refused = (await credit(house, story.credit("4000.00"), "refused"))["refusals"]
    assert refused
    assert (await found(outcome=["REFUSED"], action="issueCredit"))["totalCount"] >= 1
    assert codes(await house.ask(query, {"f": {"customerId": "x"}}, role="auditor")) == {("BAD_USER_INPUT", None)}


async def test_what_the_viewer_may_do_is_told_before_the_click(house, story):
    query = """query($id: ID!) {
      viewer { limits { action withoutApproval { amount currency } withApproval { amount currency } } }
      customer(id: $id) { actions { action verdict reasons limit { amount currency } approverRoles } }
    }"""
    told = await house.data(query, {"id": story.customer_id}, role="support_agent")
    limit = next(each for each in told["viewer"]["limits"] if each["action"] == "ISSUE_CREDIT")
    assert {"amount": "50.00", "currency": "EUR"} in limit["withoutApproval"]
    actions = {each["action"]: each for each in told["customer"]["actions"]}
    assert actions["ISSUE_CREDIT"]["verdict"] == "ALLOWED"
    assert actions["ISSUE_CREDIT"]["limit"] == {"amount": "50.00", "currency": "EUR"}
    assert actions["REFUND_PAYMENT"]["verdict"] == "DENIED"


async def test_a_decision_needs_a_reason_and_the_right_state(house, story, waiting):
    silent = await decide(house, "reject", waiting, role="support_lead", comment="  ")
    assert [(each["code"], each["field"]) for each in silent["refusals"]] == [("INVALID_INPUT", "comment")]
    rejected = await decide(house, "reject", waiting, role="support_lead")
    assert rejected["workflow"]["status"] == "REJECTED"
    late = await decide(house, "cancel", waiting, role="support_agent")
    assert {code for code, _ in rules(late)} == {"WRONG_STATE"}


async def test_thirty_customers_workflows_are_one_question(house, waiting, monkeypatch):
    asked = []
    governance = house.gateway.governed.governance
    really = governance.workflows_of_customers

    async def counted(uids, first, after=None):
        asked.append(len(uids))
        return await really(uids, first, after)

    monkeypatch.setattr(governance, "workflows_of_customers", counted)
    await house.data("{ customers(first: 30) { nodes { workflows(first: 3) { nodes { id status } } } } }")
    assert asked == [30]


@asynccontextmanager
async def listening(house, address, role, query, **variables):
    """A subscription over a WebSocket; gives a function that gives the next answer."""
    url = address.replace("http", "ws", 1) + "/graphql"
    async with websockets.connect(url, subprotocols=["graphql-transport-ws"], compression=None) as socket:
        payload = {"authorization": f"Bearer {house.token(role)}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        asked = {"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}}
        await socket.send(json.dumps(asked))

        async def heard():
            async with asyncio.timeout(15):
                return json.loads(await socket.recv())["payload"]

        yield heard


async def listeners(house, count):
    async with asyncio.timeout(5):
        while house.gateway.governed.governance.hub.listeners < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_workflow_is_told_as_it_moves(house, address, waiting):
    query = "subscription($id: ID!) { workflowChanged(id: $id) { id status } }"
    async with listening(house, address, "support_agent", query, id=waiting["id"]) as heard:
        await listeners(house, 1)
        await decide(house, "approve", waiting, role="support_lead")
        states = set()
        while "SUCCEEDED" not in states:
            told = (await heard())["data"]["workflowChanged"]
            assert told["id"] == waiting["id"]
            states.add(told["status"])


async def test_an_approver_is_told_what_waits_for_them_and_a_requester_is_not(house, address, story):
    query = "subscription { approvalsChanged { id status amount { amount } } }"
    async with (
        listening(house, address, "support_lead", query) as lead,
        listening(house, address, "support_agent", query) as agent,
    ):
        await listeners(house, 2)
        waiting = (await credit(house, story.credit("120.00"), "told", wait=0))["workflow"]
        assert (await lead())["data"]["approvalsChanged"]["id"] == waiting["id"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await agent()


async def test_a_stream_of_a_workflow_that_is_not_there_is_refused(house, address):
    query = 'subscription { workflowChanged(id: "V29ya2Zsb3cKCm5vYm9keQ") { id } }'
    async with listening(house, address, "support_agent", query) as heard:
        (error,) = await heard()
        assert error["extensions"]["code"] == "FORBIDDEN"
