"""Every persona by every path: a class that a role lacks is closed wherever it is reached."""

import pytest

from tests.support.asking import EVERYTHING, leaves, nodes

PERSONAS = ("support_agent", "support_lead", "finance_analyst", "finance_approver", "auditor", "platform_admin")
FINANCIAL_TYPES = ("Invoice", "Payment", "Refund", "CreditMemo")


def refused(answer):
    return {
        error["extensions"]["coordinate"]
        for error in answer.get("errors", ())
        if error["extensions"]["code"] == "FORBIDDEN"
    }


@pytest.mark.parametrize("role", PERSONAS)
async def test_what_viewer_says_is_withheld_is_what_a_query_is_refused(house, role):
    withheld = set((await house.data("{ viewer { withheld } }", role=role))["viewer"]["withheld"])
    answer = await house.ask(EVERYTHING, {"id": await house.id_of("C-000001")}, role=role)
    assert refused(answer) <= withheld
    for coordinate in withheld & {f"Customer.{name}" for name in answer["data"]["customer"]}:
        assert answer["data"]["customer"][coordinate.partition(".")[2]] is None


async def test_an_agent_sees_no_tax_and_an_admin_nothing_personal_or_financial(house):
    customer = await house.id_of("C-000001")
    agent = await house.ask(EVERYTHING, {"id": customer}, role="support_agent")
    assert refused(agent) == {"Customer.taxContext"}
    admin = await house.ask(EVERYTHING, {"id": customer}, role="platform_admin")
    for edge in ("taxContext", "erpAccount", "invoices", "payments", "refunds", "creditMemos", "disputes", "emails"):
        assert admin["data"]["customer"][edge] is None, edge
    assert {contact["email"] for contact in nodes(admin["data"]["customer"]["contacts"])} == {None}


async def test_nothing_of_a_withheld_value_is_anywhere_in_an_admin_s_answer(house):
    customer = await house.id_of("C-000001")
    everything = (await house.data(EVERYTHING, {"id": customer}))["customer"]
    personal = {*everything["emails"], *everything["phones"]} | {
        value for contact in nodes(everything["contacts"]) for value in (contact["email"], contact["name"]) if value
    }
    tax = {tax_id["value"] for tax_id in everything["taxContext"]["taxIds"]}
    admin = await house.ask(EVERYTHING, {"id": customer}, role="platform_admin")
    shown = {str(leaf) for leaf in leaves(admin["data"])}
    assert not (personal | tax) & shown
    titles = " ".join(entry["title"] for entry in nodes(admin["data"]["customer"]["timeline"]))
    assert "Invoice" not in titles
    assert "Payment" not in titles


async def test_a_withheld_record_cannot_be_reached_by_its_id(house):
    query = """query($id: ID!) { customer(id: $id) {
        invoices(first: 1) { nodes { id } } payments(first: 1) { nodes { id } }
        refunds(first: 1) { nodes { id } } creditMemos(first: 1) { nodes { id } } } }"""
    found = (await house.data(query, {"id": await house.id_of("C-000001")}))["customer"]
    ids = [nodes(connection)[0]["id"] for connection in found.values()]
    house.forget_calls()
    answer = await house.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, role="platform_admin")
    assert answer["data"]["nodes"] == [None] * len(ids)
    assert refused(answer) == set(FINANCIAL_TYPES)
    assert set(house.counts().values()) == {0}


async def test_a_key_of_a_class_needs_the_class(house):
    customer = await house.id_of("C-000001")
    found = await house.data("query($id: ID!) { customer(id: $id) { emails } }", {"id": customer})
    email = found["customer"]["emails"][0]
    by_key = "query($e: String!) { customerBy(key: {email: $e}) { number } }"
    by_text = "query($e: String!) { customers(search: $e) { nodes { number } totalCount } }"
    assert (await house.data(by_key, {"e": email}))["customerBy"]["number"] == "C-000001"
    assert nodes((await house.data(by_text, {"e": email}))["customers"])[0]["number"] == "C-000001"
    assert refused(await house.ask(by_key, {"e": email}, role="platform_admin")) == {"CustomerKey.email"}
    by_text_too = await house.ask(by_text, {"e": email}, role="platform_admin")
    assert by_text_too["data"]["customers"] is None
    assert refused(by_text_too) == {"customers by an e-mail address"}


async def test_survivorship_takes_the_class_of_its_field(house):
    query = "query($id: ID!) { customer(id: $id) { survivorship { name value } } }"
    customer = await house.id_of("C-000001")
    names = {
        role: {
            entry["name"]
            for entry in (await house.data(query, {"id": customer}, role=role))["customer"]["survivorship"]
        }
        for role in ("finance_analyst", "platform_admin")
    }
    assert names["finance_analyst"] - names["platform_admin"] >= {"emails", "phones", "addresses"}
    assert "displayName" in names["platform_admin"]


@pytest.mark.parametrize(
    ("role", "allowed"), [("support_agent", False), ("support_lead", True), ("platform_admin", True)]
)
async def test_systems_and_conflicts_need_their_permission(house, role, allowed):
    answer = await house.ask("{ systems { name } identityConflicts { nodes { id system } } }", role=role)
    assert (answer["data"]["systems"] is not None) == allowed
    assert (answer["data"]["identityConflicts"] is not None) == allowed
    assert refused(answer) == (set() if allowed else {"Query.systems", "Query.identityConflicts"})


async def test_a_program_sees_what_its_scopes_say(house):
    customer = await house.id_of("C-000001")
    token = house.token("integration", scopes=("read:internal",))
    query = "query($id: ID!) { customer(id: $id) { displayName emails invoices { nodes { number } } } }"
    answer = (await house.post(query, {"id": customer}, token=token)).json()
    assert answer["data"]["customer"]["displayName"]
    assert refused(answer) == {"Customer.emails", "Customer.invoices"}
    nothing = (await house.post(query, {"id": customer}, token=house.token("integration", scopes=("other",)))).json()
    assert nothing["data"] == {"customer": None}


async def test_a_role_that_nobody_knows_sees_nothing(house):
    answer = await house.ask('{ customers(search: "a") { nodes { number } } viewer { roles } }', role="janitor")
    assert answer["data"]["customers"] is None
