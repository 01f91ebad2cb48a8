"""A token that names customers shows these and no others, on every path."""

import time

import jwt
import pytest

from gateway.development_issuer import ALGORITHM, ISSUER


def narrowed(house, **claims):
    """A finance analyst's token with more claims."""
    issuer = house.gateway.issuer
    read = jwt.decode(issuer.token("finance_analyst"), options={"verify_signature": False})
    claims = {**read, **claims, "iss": ISSUER, "exp": int(time.time()) + 60}
    return jwt.encode(claims, issuer._key, ALGORITHM, {"kid": issuer._kid, "typ": "at+jwt"})


async def ask(house, token, query, **variables):
    return (await house.post(query, variables, token=token)).json()


@pytest.mark.parametrize("by", ["number", "id"])
async def test_only_the_named_customers_are_there(house, by):
    mine, other = await house.id_of("C-000006"), await house.id_of("C-000002")
    token = narrowed(house, customers=["C-000006" if by == "number" else mine])
    query = "query($id: ID!) { customer(id: $id) { number children { nodes { number } totalCount } } }"
    assert (await ask(house, token, query, id=mine))["data"]["customer"] == {
        "number": "C-000006",
        "children": {"nodes": [], "totalCount": 0},
    }
    assert (await ask(house, token, query, id=other))["data"]["customer"] is None
    found = (await ask(house, token, "{ customers(first: 100) { nodes { number } totalCount } }"))["data"]["customers"]
    assert found == {"nodes": [{"number": "C-000006"}], "totalCount": 1}
    assert (await ask(house, token, '{ customerBy(key: {number: "C-000002"}) { number } }'))["data"] == {
        "customerBy": None
    }
    assert (await ask(house, token, '{ customers(search: "C-000002") { nodes { number } } }'))["data"] == {
        "customers": {"nodes": []}
    }


async def test_a_parent_outside_of_the_rows_is_not_shown(house):
    child = await house.id_of("C-000007")
    token = narrowed(house, customers=["C-000007"])
    answer = await ask(house, token, "query($id: ID!) { customer(id: $id) { number parent { number } } }", id=child)
    assert answer["data"]["customer"] == {"number": "C-000007", "parent": None}


async def test_a_record_of_another_customer_is_not_found_by_its_id(house):
    query = (
        "query($id: ID!) { customer(id: $id) { invoices(first: 1) { nodes { id } } cases(first: 1) { nodes { id } } } }"
    )
    found = (await house.data(query, {"id": await house.id_of("C-000001")}))["customer"]
    ids = [found["invoices"]["nodes"][0]["id"], found["cases"]["nodes"][0]["id"]]
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    theirs = await ask(house, narrowed(house, customers=["C-000002"]), nodes, ids=ids)
    assert theirs["data"]["nodes"] == [None, None]
    own = await ask(house, narrowed(house, customers=["C-000001"]), nodes, ids=ids)
    assert [node["id"] for node in own["data"]["nodes"]] == ids


async def test_a_tier_limits_lists_and_single_customers(house):
    token = narrowed(house, tier="enterprise")
    found = (await ask(house, token, "{ customers(first: 100) { nodes { tier } } }"))["data"]["customers"]["nodes"]
    assert {each["tier"] for each in found} == {"enterprise"}
