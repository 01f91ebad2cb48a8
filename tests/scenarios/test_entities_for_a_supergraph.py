"""What a gateway in front asks: entities by their keys, in order, within what the viewer may see."""

import base64

import pytest
from graphql import build_schema

from mutations.schema import federated_sdl, graph, sdl
from sources.canonical.actor import Grants
from sources.canonical.sensitivity import Sensitivity
from tests.scenarios.test_row_limits import narrowed
from tests.support.asking import codes

ASKED = """
query($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Customer { id number }
    ... on Invoice { id total { amount } }
    ... on SupportCase { id caseNumber: number }
    ... on CustomerSubscription { id plan }
    ... on CreditMemo { id amount { amount } }
    ... on Order { id orderNumber: number }
  }
}
"""
LISTS = {
    "Invoice": "invoices",
    "SupportCase": "cases",
    "CustomerSubscription": "subscriptions",
    "CreditMemo": "creditMemos",
    "Order": "orders",
}
SOURCED = ("Customer", *LISTS)  # what sources give; workflows are our own
PYTHON_WORDS = ("Error", "Exception", "Traceback", "NoneType", "dict", "object has no", "<class", "argument", "self")


@pytest.fixture
async def world_ids(house):
    """The global ids of some records, by type."""
    lists = " ".join(f"{field}(first: 3) {{ nodes {{ id }} }}" for field in LISTS.values())
    found = await house.data("{ customers(first: 30) { nodes { id number " + lists + " } } }")
    customers = found["customers"]["nodes"]
    ids = {name: [n["id"] for c in customers for n in c[field]["nodes"]] for name, field in LISTS.items()}
    for customer in customers:
        await house.forget_cached(customer["number"])
    house.forget_calls()
    return {"Customer": [customer["id"] for customer in customers], **ids}


def represented(name, value, key="id"):
    return {"__typename": name, key: value}


async def entities(house, *representations, role="finance_analyst"):
    return await house.ask(ASKED, {"representations": list(representations)}, role=role)


async def test_every_entity_is_given_by_its_id_in_the_order_asked(house, world_ids):
    asked = [represented(name, world_ids[name][place]) for place in (1, 0) for name in reversed(SOURCED)]
    answer = await entities(house, *asked)
    assert "errors" not in answer
    assert [(each["__typename"], each["id"]) for each in answer["data"]["_entities"]] == [
        (each["__typename"], each["id"]) for each in asked
    ]


async def test_a_customer_is_given_by_its_number_too(house):
    asked = [represented("Customer", number, "number") for number in ("C-000003", "C-000001", "c-000003")]
    answer = await entities(house, *asked)
    assert [each["number"] for each in answer["data"]["_entities"]] == ["C-000003", "C-000001", "C-000003"]
    assert sum(house.counts().values()) == 0


async def test_unknown_entities_are_null_without_an_error(house):
    nobody = base64.urlsafe_b64encode(b"Customer\n\nnobody").decode().rstrip("=")
    answer = await entities(house, represented("Customer", nobody), represented("Customer", "C-000001", "number"))
    assert "errors" not in answer
    assert answer["data"]["_entities"][0] is None
    assert answer["data"]["_entities"][1]["number"] == "C-000001"


async def test_unknown_numbers_cost_each_source_one_batch(house):
    await entities(house, represented("Customer", "X-1", "number"))
    alone = house.counts()
    house.forget_calls()
    answer = await entities(house, *(represented("Customer", f"Y-{n}", "number") for n in range(3)))
    assert "errors" not in answer
    assert answer["data"]["_entities"] == [None, None, None]
    assert {name: house.counts()[name] for name in ("crm", "erp")} == {name: alone[name] for name in ("crm", "erp")}


async def test_twenty_cases_and_twenty_orders_cost_one_call_each(house, world_ids):
    asked = [represented(name, each) for name in ("SupportCase", "Order") for each in world_ids[name][:20]]
    answer = await entities(house, *asked, *asked)
    assert "errors" not in answer
    assert None not in answer["data"]["_entities"]
    assert {name: count for name, count in house.counts().items() if count} == {"support": 1, "erp": 1}


INVALID = [
    5, "Customer", [], [[]], True, {}, {"id": "x"}, {"__typename": None, "id": "x"}, {"__typename": 5, "id": "x"},
    {"__typename": "Nope", "id": "x"}, {"__typename": "Query"}, {"__typename": "Query", "id": "x"},
    {"__typename": "_Service", "id": "x"}, {"__typename": "Money", "amount": "1"}, {"__typename": ["Customer"]},
    {"__typename": "Payment", "id": "x"}, {"__typename": "Customer"}, {"__typename": "Customer", "bogus": "x"},
    {"__typename": "Customer", "id": 5}, {"__typename": "Customer", "id": None}, {"__typename": "Customer", "id": ""},
    {"__typename": "Customer", "id": ["x"]}, {"__typename": "Customer", "id": {"a": 1}},
    {"__typename": "Customer", "id": "not an id"}, {"__typename": "Customer", "id": "x" * 5000},
    {"__typename": "Customer", "number": 5}, {"__typename": "Customer", "number": "x" * 5000},
    {"__typename": "Invoice", "number": "IN-1"}, {"__typename": "Invoice", "id": "\u00e9\u4e2d"},
]  # fmt: skip


async def test_an_invalid_one_is_bad_input_at_its_own_place_only(house, world_ids):
    wrong_type = represented("Order", world_ids["Customer"][0])
    for representation in [*INVALID, wrong_type]:
        answer = await entities(house, represented("Customer", "C-000001", "number"), representation)
        found, nothing = answer["data"]["_entities"]
        assert (found["number"], nothing) == ("C-000001", None), representation
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT", representation
        assert error["path"] == ["_entities", 1]
        assert not [word for word in PYTHON_WORDS if word in error["message"]]


async def test_representations_in_the_document_are_judged_like_variables(house):
    for written in ("[5]", "5", '[{__typename: "Customer", id: ' + "9" * 5000 + "}]", "null", "[null]"):
        query = "{ _entities(representations: " + written + ") { __typename } }"
        answer = (await house.post(query, token=house.token("auditor"))).json()
        (error,) = answer["errors"]
        assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"), written
        assert "digits" not in error["message"]
        assert not [word for word in ("Error", "dict", "object has no") if word in error["message"]]


async def test_a_thousand_at_once_are_served_and_more_are_refused(house):
    asked = [represented("Customer", "C-000002", "number")] * house.gateway.settings.limits.entities
    answer = await entities(house, *asked)
    assert {each["number"] for each in answer["data"]["_entities"]} == {"C-000002"}
    assert codes(await entities(house, *asked, asked[0])) == {("TOO_MANY_ENTITIES", None)}


async def test_a_withheld_type_is_forbidden_and_costs_nothing(house, world_ids):
    asked = [represented(name, world_ids[name][0]) for name in SOURCED]
    answer = await entities(house, *asked, role="platform_admin")
    shown = {asked[n]["__typename"] for n, each in enumerate(answer["data"]["_entities"]) if each}
    assert shown == {"Customer", "SupportCase", "CustomerSubscription", "Order"}
    assert codes(answer) == {("FORBIDDEN", None)}
    assert house.counts()["billing"] == 1


async def test_a_scope_that_is_missing_closes_what_it_guards(house, world_ids):
    token = house.token("integration", scopes=("read:financial",))
    asked = {
        "representations": [
            represented("Invoice", world_ids["Invoice"][0]),
            represented("Customer", "C-000001", "number"),
        ]
    }
    answer = (await house.post(ASKED, asked, token=token)).json()
    assert answer["data"]["_entities"][0]["id"] == world_ids["Invoice"][0]
    assert answer["data"]["_entities"][1] is None
    assert ("FORBIDDEN", None) in codes(answer)


async def test_rows_limit_entities(house, world_ids):
    token = narrowed(house, customers=["C-000002"])
    asked = [
        represented("Customer", "C-000001", "number"),
        represented("Customer", "C-000002", "number"),
        *(represented("SupportCase", each) for each in world_ids["SupportCase"][:20]),
    ]
    found = (await house.post(ASKED, {"representations": asked}, token=token)).json()["data"]["_entities"]
    assert (found[0], found[1]["number"]) == (None, "C-000002")
    own = await house.data('{ customerBy(key: {number: "C-000002"}) { cases(first: 100) { nodes { id } } } }')
    mine = {each["id"] for each in own["customerBy"]["cases"]["nodes"]}
    assert {each["id"] for each in found[2:] if each} <= mine


async def test_service_tells_the_schema_that_is_served(house):
    told = (await house.data("{ _service { sdl } }"))["_service"]["sdl"]
    assert told == federated_sdl()
    served = graph()[0]._schema
    subgraph = build_schema(told, assume_valid_sdl=True)
    for name, kind in subgraph.type_map.items():
        if hasattr(kind, "fields"):
            relay = {"node", "nodes", "_service", "_entities"} if name == "Query" else set()
            assert set(kind.fields) == set(served.type_map[name].fields) - relay
            assert all(
                str(kind.fields[each].type) == str(served.type_map[name].fields[each].type) for each in kind.fields
            )


def test_service_is_for_who_may_read_the_schema():
    masks = graph()[1]
    assert "_Service.sdl" in masks.of(Grants(frozenset(Sensitivity))).coordinates
    assert "_Service.sdl" not in masks.of(Grants(permissions=frozenset({"schema:introspect"}))).coordinates


def test_ordinary_clients_do_not_meet_federation_in_the_schema():
    assert "_Any" not in sdl()
    assert "_entities" not in sdl()
    assert "@key" not in sdl()
