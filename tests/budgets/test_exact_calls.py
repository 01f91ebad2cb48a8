"""What an operation costs, counted at the simulators' sockets: retries, tokens and pages included.

Each test starts cold but for the tokens, which filling the crosswalk has fetched.
"""

from sources.simulation.world import world
from tests.support.asking import EVERYTHING
from tests.support.house import open_house


def listing(selection):
    """A list of customers with a selection for each."""
    return "query($first: Int!) { customers(first: $first) { nodes { number " + selection + " } } }"


async def cost(house, query, variables=None, role="finance_analyst"):
    """The calls of each system that a query made; only systems that were asked."""
    house.forget_calls()
    await house.data(query, variables, role=role)
    return {name: count for name, count in house.counts().items() if count}


async def one(house, selection, number="C-000002"):
    customer = await house.id_of(number)
    return await cost(house, "query($id: ID!) { customer(id: $id) { " + selection + " } }", {"id": customer})


async def test_names_and_identities_cost_nothing(house):
    selection = "number displayName emails identities { system recordId } survivorship { name value } parent { number }"
    assert await one(house, selection) == {}


async def test_one_customer_with_everything(house):
    customer = await house.id_of("C-000001")
    # support: its list and the open ones, then what is older: search, tickets; its statuses once
    # erp: party, account's dunning, orders, tax, booked invoices, all ledger documents at once
    assert await cost(house, EVERYTHING, {"id": customer}) == {"crm": 1, "billing": 5, "erp": 6, "support": 5}


async def test_a_second_identical_query_costs_nothing_while_fresh(house):
    customer = await house.id_of("C-000001")
    await house.data(EVERYTHING, {"id": customer})
    assert await cost(house, EVERYTHING, {"id": customer}) == {}


async def test_contacts_contracts_and_opportunities_of_thirty_customers_cost_the_crm_one_call(house):
    edges = "contacts { nodes { name } } contracts { nodes { number } } opportunities { nodes { name } }"
    assert await cost(house, listing(edges), {"first": 30}) == {"crm": 1}


async def test_accounts_of_thirty_customers_cost_the_ledger_one_call_and_its_dunning_one(house):
    assert await cost(house, listing("erpAccount { receivable { amount } }"), {"first": 30}) == {"erp": 2}


async def test_orders_of_thirty_customers_cost_one_call(house):
    assert await cost(house, listing("orders { nodes { number } }"), {"first": 30}) == {"erp": 1}


async def test_tax_contexts_of_thirty_customers_cost_one_call(house):
    assert await cost(house, listing("taxContext { jurisdiction }"), {"first": 30}) == {"erp": 1}


async def test_invoices_cost_a_call_for_each_customer_where_the_vendor_lists_one_at_a_time(house):
    billed = await _linked(house, "billing", 10)
    assert await cost(house, listing("invoices { nodes { number } }"), {"first": 10}) == {"billing": billed}


async def test_aliases_and_what_rides_on_a_list_share_its_call(house):
    selection = """
        a: invoices(first: 3) { nodes { number } } b: invoices(first: 9) { nodes { number total { amount } } }
        payments { nodes { amount { amount } invoice { number } } } refunds { nodes { payment { status } } }
    """
    assert await one(house, selection) == {"billing": 2}


async def test_status_asks_only_for_what_is_selected(house):
    assert await one(house, "status { subscriptionState }") == {"billing": 1}
    assert await one(house, "status { creditHold }", "C-000003") == {"erp": 2}


async def test_ledger_states_of_all_invoices_cost_one_call_to_the_ledger(house):
    assert await one(house, "invoices(first: 100) { nodes { ledger { state } } }") == {"billing": 1, "erp": 1}


async def test_an_invoice_with_its_cases_and_ledger(house):
    customer = await house.id_of("C-000001")
    found = await house.data(
        "query($id: ID!) { customer(id: $id) { invoices(first: 1) { nodes { id } } } }", {"id": customer}
    )
    invoice = found["customer"]["invoices"]["nodes"][0]["id"]
    await house.forget_cached("C-000001")
    query = "query($id: ID!) { node(id: $id) { ... on Invoice { number ledger { state } cases { number } } } }"
    # support: the list, then the older part: search and tickets; its statuses
    assert await cost(house, query, {"id": invoice}) == {"billing": 1, "erp": 1, "support": 4}


async def test_a_timeline_of_everything_costs_each_list_once(house):
    selection = "timeline(first: 20) { nodes { kind title } gaps { system } }"
    assert await one(house, selection) == {"billing": 5, "crm": 1, "erp": 1, "support": 4}


async def test_fifty_customers_with_cases_invoices_and_account(tmp_path):
    edges = "cases { nodes { number } } invoices { nodes { number } } erpAccount { receivable { amount } }"
    async with open_house(world(customers=60), tmp_path) as house:
        billed = await _linked(house, "billing", 50)
        spent = await cost(house, listing(edges), {"first": 50})
    # support: 25 organizations a search, so two; one for persons; the tickets that each found; its statuses
    assert spent == {"billing": billed, "erp": 2, "support": 2 + 1 + 3 + 1}


async def test_a_search_in_the_crosswalk_costs_nothing(house):
    assert await cost(house, '{ customers(search: "C-000002") { nodes { number } } }') == {}


async def test_what_a_role_may_not_see_is_not_asked_for(house):
    customer = await house.id_of("C-000002")
    house.forget_calls()
    answer = await house.ask(
        "query($id: ID!) { customer(id: $id) { invoices { nodes { number } } erpAccount { customerNumber } } }",
        {"id": customer},
        role="platform_admin",
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN", "FORBIDDEN"]
    assert set(house.counts().values()) == {0}


async def _linked(house, system, first):
    found = await house.data(listing("identities { system }"), {"first": first})
    identities = [identity["system"] for node in found["customers"]["nodes"] for identity in node["identities"]]
    return identities.count(system)
