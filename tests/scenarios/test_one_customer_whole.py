"""One customer, out of all systems, in one query."""

from decimal import Decimal

from sources.simulation.facts import CaseOpened, InvoiceIssued
from tests.support.asking import EVERYTHING, nodes


async def test_one_query_tells_what_every_system_knows(house):
    answer = await house.data(EVERYTHING, {"id": await house.id_of("C-000001")})
    customer = answer["customer"]
    assert customer["number"] == "C-000001"
    assert {identity["system"] for identity in customer["identities"]} == set(house.simulators)
    assert {identity["method"] for identity in customer["identities"]} == {"EXPLICIT_KEY"}
    for edge in ("contacts", "cases", "contracts", "subscriptions", "invoices", "payments", "orders", "opportunities"):
        assert nodes(customer[edge]), edge
    assert customer["erpAccount"]["customerNumber"] == "C-000001"
    assert customer["status"]["incomplete"] == []
    assert customer["timeline"]["gaps"] == []


async def test_invoices_are_the_world_s_to_the_cent(house, history):
    issued = {
        fact.number: sum((line.quantity * line.unit_price for line in fact.lines), Decimal(0))
        for fact in history
        if isinstance(fact, InvoiceIssued) and fact.customer == "C-000002" and fact.in_billing
    }
    query = """query($id: ID!) { customer(id: $id) { invoices(first: 100) { nodes {
        number total { amount } tax { amount } } } } }"""
    found = await house.data(query, {"id": await house.id_of("C-000002")})
    shown = {each["number"]: each for each in nodes(found["customer"]["invoices"])}
    assert shown.keys() == issued.keys()
    for number, net in issued.items():
        assert Decimal(shown[number]["total"]["amount"]) - Decimal(shown[number]["tax"]["amount"]) == net


async def test_a_yen_has_no_decimals_and_a_dinar_three(house):
    query = "query($id: ID!) { customer(id: $id) { invoices(first: 1) { nodes { total { amount currency } } } } }"
    shown = {}
    for number in ("C-000012", "C-000013"):
        found = await house.data(query, {"id": await house.id_of(number)})
        money = nodes(found["customer"]["invoices"])[0]["total"]
        shown[money["currency"]] = money["amount"]
    assert "." not in shown["JPY"]
    assert len(shown["KWD"].partition(".")[2]) == 3


async def test_a_status_of_the_vendor_s_own_keeps_its_word(house):
    query = "query($id: ID!) { customer(id: $id) { cases(first: 50) { nodes { status vendorStatus } } } }"
    found = await house.data(query, {"id": await house.id_of("C-000014")})
    words = {case["vendorStatus"].lower() for case in nodes(found["customer"]["cases"])}
    assert words - {"new", "open", "pending", "hold", "solved", "closed"}


async def test_walking_the_pages_gives_every_invoice_once(house, history):
    number = _with_most_invoices(history)
    query = """query($id: ID!, $after: String) { customer(id: $id) { invoices(first: 40, after: $after) {
        nodes { number } pageInfo { hasNextPage endCursor } } } }"""
    found, after, customer = [], None, await house.id_of(number)
    while True:
        page = (await house.data(query, {"id": customer, "after": after}))["customer"]["invoices"]
        found += [each["number"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    expected = [f for f in history if isinstance(f, InvoiceIssued) and f.customer == number and f.in_billing]
    assert len(expected) > 200
    assert sorted(found) == sorted(fact.number for fact in expected)


async def test_cases_can_be_filtered_by_status_and_priority(house, history):
    opened = [fact for fact in history if isinstance(fact, CaseOpened) and fact.customer == "C-000001"]
    query = """query($id: ID!) { customer(id: $id) {
        all: cases(first: 100) { nodes { number status priority } }
        solved: cases(first: 100, filter: {status: [RESOLVED, CLOSED]}) { nodes { number } }
        urgent: cases(first: 100, filter: {priority: [URGENT]}) { nodes { number } } } }"""
    found = (await house.data(query, {"id": await house.id_of("C-000001")}))["customer"]
    assert len(nodes(found["all"])) == len(opened)
    done = {each["number"] for each in nodes(found["all"]) if each["status"] in ("RESOLVED", "CLOSED")}
    assert {each["number"] for each in nodes(found["solved"])} == done
    urgent = {each["number"] for each in nodes(found["all"]) if each["priority"] == "URGENT"}
    assert {each["number"] for each in nodes(found["urgent"])} == urgent


async def test_a_case_a_credit_and_an_invoice_find_one_another(house):
    query = """query($id: ID!) { customer(id: $id) { creditMemos(first: 20) { nodes {
        number case { number creditMemos { number } } invoice { number creditMemos { number } } } } } }"""
    found = await house.data(query, {"id": await house.id_of("C-000001")})
    memos = nodes(found["customer"]["creditMemos"])
    assert any(memo["case"] for memo in memos)
    for memo in memos:
        assert {"number": memo["number"]} in memo["invoice"]["creditMemos"]
        assert memo["case"] is None or {"number": memo["number"]} in memo["case"]["creditMemos"]


async def test_a_parent_has_its_children_and_they_have_it(house):
    query = """query($id: ID!) { customer(id: $id) {
        children(first: 10) { totalCount nodes { number parent { number } } } } }"""
    found = (await house.data(query, {"id": await house.id_of("C-000006")}))["customer"]["children"]
    assert found["totalCount"] == 3
    assert {each["number"] for each in found["nodes"]} == {"C-000007", "C-000008", "C-000009"}
    assert {each["parent"]["number"] for each in found["nodes"]} == {"C-000006"}


async def test_every_record_is_found_again_by_its_id(house):
    query = """query($id: ID!) { customer(id: $id) { id
        contacts(first: 1) { nodes { id } } cases(first: 1) { nodes { id } } contracts(first: 1) { nodes { id } }
        subscriptions(first: 1) { nodes { id } } invoices(first: 1) { nodes { id } } payments(first: 1) { nodes { id } }
        refunds(first: 1) { nodes { id } } creditMemos(first: 1) { nodes { id } } orders(first: 1) { nodes { id } }
        opportunities(first: 1) { nodes { id } } } }"""
    customer = (await house.data(query, {"id": await house.id_of("C-000001")}))["customer"]
    ids = [customer.pop("id")] + [node["id"] for connection in customer.values() for node in nodes(connection)]
    assert len(ids) == 11
    found = await house.data("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})
    assert [node["id"] for node in found["nodes"]] == ids
    assert len({node["__typename"] for node in found["nodes"]}) == 11


def _with_most_invoices(history):
    counts: dict[str, int] = {}
    for fact in history:
        if isinstance(fact, InvoiceIssued):
            counts[fact.customer] = counts.get(fact.customer, 0) + 1
    return max(counts, key=counts.__getitem__)
