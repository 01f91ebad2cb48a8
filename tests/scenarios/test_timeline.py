"""Everything that happened, newest first, merged over all systems."""

import re

TIMELINE = """query($id: ID!, $kinds: [TimelineKind!]) { customer(id: $id) { timeline(first: 100, kinds: $kinds) {
    nodes { kind occurredAt title amount { amount } record { __typename } provenance { system recordId } }
    gaps { system } pageInfo { hasNextPage } } } }"""


async def timeline(house, kinds=None, role="finance_analyst"):
    variables = {"id": await house.id_of("C-000001"), "kinds": kinds}
    return (await house.data(TIMELINE, variables, role=role))["customer"]["timeline"]


async def test_it_holds_every_system_s_entries_newest_first(house):
    shown = (await timeline(house))["nodes"]
    assert {entry["provenance"]["system"] for entry in shown} == {"crm", "support", "billing", "erp"}
    moments = [entry["occurredAt"] for entry in shown]
    assert moments == sorted(moments, reverse=True)


async def test_titles_carry_no_amounts(house):
    for entry in (await timeline(house))["nodes"]:
        assert not re.search(r"\d[.,]\d\d\b", entry["title"]), entry["title"]
        if entry["amount"]:
            assert entry["amount"]["amount"] not in entry["title"]


async def test_it_can_be_narrowed_to_kinds_and_asks_only_for_these(house):
    customer = await house.id_of("C-000001")
    house.forget_calls()
    found = await house.data(TIMELINE, {"id": customer, "kinds": ["PAYMENT", "REFUND"]})
    shown = found["customer"]["timeline"]["nodes"]
    assert {entry["kind"] for entry in shown} == {"PAYMENT", "REFUND"}
    assert {entry["record"]["__typename"] for entry in shown} == {"Payment", "Refund"}
    assert house.counts() == {"billing": 1, "crm": 0, "erp": 0, "support": 0}


async def test_messages_come_where_they_are_asked_for(house):
    assert "MESSAGE" not in {entry["kind"] for entry in (await timeline(house))["nodes"]}
    shown = (await timeline(house, ["MESSAGE"]))["nodes"]
    assert shown
    assert {entry["kind"] for entry in shown} == {"MESSAGE"}
    assert {entry["record"]["__typename"] for entry in shown} == {"SupportCase"}


async def test_an_admin_s_timeline_has_no_financial_entries(house):
    answer = await house.ask(TIMELINE, {"id": await house.id_of("C-000001")}, role="platform_admin")
    shown = answer["data"]["customer"]["timeline"]["nodes"]
    assert {entry["kind"] for entry in shown} <= {"CASE", "SUBSCRIPTION", "ORDER", "OPPORTUNITY"}
    assert {entry["amount"] is None for entry in shown} == {True}
    (error,) = answer["errors"]
    assert error["extensions"]["coordinate"] == "TimelineEntry.amount"
    assert error["extensions"]["count"] == len(shown)
