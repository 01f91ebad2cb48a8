"""A system that is down or slow blanks its own edges and nothing else, by the deadline, with the reason."""

import time

import pytest

from sources import registry
from sources.simulation.harness import Switches
from tests.support.asking import EVERYTHING, codes, nodes
from tests.support.house import open_house

EDGES = {
    "crm": ("contacts", "contracts", "opportunities"),
    "support": ("cases",),
    "billing": ("subscriptions", "invoices", "payments", "refunds", "creditMemos", "disputes"),
    "erp": ("erpAccount", "taxContext", "orders"),
}
UNAVAILABLE, TIMEOUT, MALFORMED, THROTTLED = (
    f"SOURCE_{word}" for word in ("UNAVAILABLE", "TIMEOUT", "MALFORMED", "THROTTLED")
)
WAYS = {
    "answers 500": (Switches(status=500), UNAVAILABLE),
    "answers a page of HTML": (Switches(html=True), UNAVAILABLE),
    "drops the connection": (Switches(drop_connection=True), UNAVAILABLE),
    "sends no JSON": (Switches(garbage=True), MALFORMED),
    "cuts its JSON": (Switches(truncate=True), MALFORMED),
    "answers an empty object": (Switches(status=200, body="{}"), MALFORMED),
    "throttles": (Switches(throttle_retry_after="30"), THROTTLED),
}


DEADLINE_SECONDS = 1.5


@pytest.fixture
async def hasty_house(history, tmp_path):
    async with open_house(history, tmp_path, gateway={"deadline_seconds": DEADLINE_SECONDS}) as opened:
        yield opened


def blank(customer, system):
    return [edge for edge in EDGES[system] if customer[edge] is None]


@pytest.mark.parametrize("system", EDGES)
@pytest.mark.parametrize("way", WAYS)
async def test_a_source_that_fails_blanks_its_own_edges_only(house, system, way):
    switches, code = WAYS[way]
    customer = await house.id_of("C-000001")
    house.simulators[system].harness.switches = switches
    answer = await house.ask(EVERYTHING, {"id": customer})
    shown = answer["data"]["customer"]
    assert shown["displayName"]
    assert blank(shown, system) == list(EDGES[system])
    for other in EDGES.keys() - {system}:
        assert blank(shown, other) == []
    assert {found for found, source in codes(answer) if source == system} == {code}
    assert {source for _, source in codes(answer)} == {system}
    assert system in shown["status"]["incomplete"] or system == "crm"
    assert {gap["system"] for gap in shown["timeline"]["gaps"]} == {system}


@pytest.mark.parametrize("system", EDGES)
async def test_a_source_that_hangs_is_given_up_at_the_deadline(hasty_house, system):
    house = hasty_house
    customer = await house.id_of("C-000001")
    house.simulators[system].harness.switches = Switches(hang=True)
    started = time.monotonic()
    answer = await house.ask(EVERYTHING, {"id": customer})
    assert time.monotonic() - started < DEADLINE_SECONDS + 1.0
    shown = answer["data"]["customer"]
    assert blank(shown, system) == list(EDGES[system])
    assert {(TIMEOUT, system)} == codes(answer)
    for other in EDGES.keys() - {system}:
        assert blank(shown, other) == []


async def test_a_customer_answers_while_every_source_is_down(house):
    customer = await house.id_of("C-000001")
    for simulator in house.simulators.values():
        simulator.harness.switches = Switches(drop_connection=True)
    answer = await house.ask(EVERYTHING, {"id": customer})
    shown = answer["data"]["customer"]
    assert shown["displayName"]
    assert len(shown["identities"]) == 4
    assert shown["status"]["standing"] == "UNKNOWN"
    assert sorted(shown["status"]["incomplete"]) == ["billing", "erp", "support"]
    assert {source for _, source in codes(answer)} == set(EDGES)
    query = "query($id: ID!) { customer(id: $id) { sources { system reachable reason } } }"
    states = (await house.data(query, {"id": customer}))["customer"]["sources"]
    assert {state["system"] for state in states if not state["reachable"] and state["reason"]} == set(EDGES)


async def test_one_error_tells_of_fifty_items_with_the_same_cause(house):
    house.simulators["billing"].harness.switches = Switches(status=500)
    answer = await house.ask("{ customers(first: 20) { nodes { invoices { nodes { number } } } } }")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == UNAVAILABLE
    assert error["extensions"]["source"] == "billing"
    assert error["extensions"]["retryable"] is True
    assert error["extensions"]["count"] > 10
    assert error["path"][:2] == ["customers", "nodes"]


async def test_an_error_says_nothing_of_the_vendor_s_body_or_the_credential(house):
    customer = await house.id_of("C-000001")
    for name, simulator in house.simulators.items():
        simulator.harness.switches = Switches(status=400, body='{"error": "secret-word of ' + name + '"}')
    answer = await house.post(EVERYTHING, {"id": customer}, token=house.token("finance_analyst"))
    assert "secret-word" not in answer.text
    for secret in house.gateway.settings.secrets():
        assert secret not in answer.text
    assert "Traceback" not in answer.text


async def test_a_timeline_goes_on_where_a_source_was_down(house):
    customer = await house.id_of("C-000001")
    query = """query($id: ID!, $after: String) { customer(id: $id) { timeline(first: 20, after: $after) {
        nodes { kind title provenance { system } } gaps { system reason before after }
        pageInfo { hasNextPage endCursor } } } }"""
    whole = []
    after = None
    while True:
        page = (await house.data(query, {"id": customer, "after": after}))["customer"]["timeline"]
        whole += [entry["title"] for entry in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    await house.forget_cached("C-000001")
    house.simulators["billing"].harness.switches = Switches(status=500)
    first_page = (await house.ask(query, {"id": customer}))["data"]["customer"]["timeline"]
    assert {(gap["system"], gap["reason"]) for gap in first_page["gaps"]} == {("billing", UNAVAILABLE)}
    assert {entry["provenance"]["system"] for entry in first_page["nodes"]} <= {"crm", "erp", "support"}
    house.simulators["billing"].harness.reset()
    told = [entry["title"] for entry in first_page["nodes"]]
    after = first_page["pageInfo"]["endCursor"]
    while after:
        page = (await house.data(query, {"id": customer, "after": after}))["customer"]["timeline"]
        told += [entry["title"] for entry in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert sorted(told) == sorted(whole)


async def test_what_is_not_answered_leaves_the_other_systems_of_a_merged_list(history, tmp_path):
    by_role = {plugin.role: kind for kind, plugin in registry.installed().items()}
    systems = by_role | {"billing_eu": by_role["billing"]}
    async with open_house(history, tmp_path, systems=systems) as house:
        customer = await house.id_of("C-000002")
        query = """query($id: ID!) { customer(id: $id) { invoices(first: 4) { nodes { number provenance { system } }
            pageInfo { endCursor } } } }"""
        both = (await house.data(query, {"id": customer}))["customer"]["invoices"]
        assert [each["provenance"]["system"] for each in both["nodes"]].count("billing_eu") == 2
        await house.forget_cached("C-000002")
        house.simulators["billing"].harness.switches = Switches(status=500)
        answer = await house.ask(query, {"id": customer})
        shown = nodes(answer["data"]["customer"]["invoices"])
        assert {each["provenance"]["system"] for each in shown} == {"billing_eu"}
        assert codes(answer) == {(UNAVAILABLE, "billing")}
        assert answer["errors"][0]["path"] == ["customer", "invoices"]
