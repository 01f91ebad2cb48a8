"""/graphql as any client meets it: JSON whatever happens, and the status that says why."""

import json

import pytest

from gateway.configuration.limits import LimitsSection
from gateway.edge.documents import Documents, Invalid
from mutations.schema import graph
from tests.support.house import open_house

GRAPHQL = "application/graphql-response+json"
VIEWER = "{ viewer { subject } }"


@pytest.fixture
async def house(tmp_path):
    async with open_house((), tmp_path, fill=False) as opened:
        yield opened


@pytest.fixture
def bearer(house):
    return {"authorization": f"Bearer {house.token('finance_analyst')}"}


async def send(house, content, headers, method="POST", url="/graphql"):
    return await house.client.request(
        method, url, content=content, headers={"content-type": "application/json", **headers}
    )


def code(answer):
    (error,) = answer.json()["errors"]
    assert error["extensions"]["correlationId"] == answer.headers["x-correlation-id"]
    return answer.status_code, error["extensions"]["code"]


async def test_without_a_token_the_answer_is_401_in_json(house):
    answer = await house.post(VIEWER)
    assert code(answer) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_bad_token_is_401(house, token):
    assert code(await house.post(VIEWER, token=token)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b'"x"', b"5", b"true", b"[]", b"{", b"\xff\xfe", b"{}", b'{"query": 5}', b'{"query": null}',
        b'{"query": ""}', b'{"query": "{ viewer { subject } }", "variables": "x"}',
        b'{"query": "{ a }", "variables": [1]}',
        b'{"query": "{ viewer { subject } }", "operationName": 5}',
        b'{"query": "{ viewer { subject } }", "extensions": 1}',
        b'{"query": "{ viewer { subject } }", "variables": {"a": NaN}}',
        b'{"query": "query A { viewer { subject } } query B { viewer { subject } }"}',
        b'{"query": "{ viewer { subject } }", "operationName": "\\ud800"}',
        b'{"query": "{ viewer { subject } }", "operationName": "Nope"}',
    ],
)  # fmt: skip
async def test_a_body_that_is_no_request_is_400(house, bearer, body):
    answer = await send(house, body, bearer)
    assert code(answer) == (400, "BAD_REQUEST")
    assert "Error" not in answer.text.replace("errors", "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int!) { viewer { subject } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { subject" + " ...a } } fragment a on Viewer { ...a }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ customer(id: 1) " + "{ parent " * 20 + "{ id }" + " }" * 20 + "}", "TOO_DEEP"),
        ("{ " + "viewer { subject } " * 2000 + "}", "TOO_MANY_TOKENS"),
    ],
)
async def test_what_cannot_run_is_400_for_clients_that_know_and_200_for_the_others(house, bearer, query, expected):
    body = json.dumps({"query": query}).encode()
    knowing = await send(house, body, {**bearer, "accept": GRAPHQL})
    assert knowing.headers["content-type"].startswith(GRAPHQL)
    assert (knowing.status_code, knowing.json()["errors"][0]["extensions"]["code"]) == (400, expected)
    assert "data" not in knowing.json()
    other = await send(house, body, {**bearer, "accept": "application/json"})
    assert other.status_code == 200
    assert other.headers["content-type"].startswith("application/json")


async def test_a_variable_that_does_not_fit_is_bad_user_input(house, bearer):
    body = json.dumps({"query": "query($n: Int!) { customers(first: $n) { totalCount } }", "variables": {"n": "x"}})
    assert code(await send(house, body.encode(), {**bearer, "accept": GRAPHQL})) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_one_to_a_hundred_records(house, first):
    answer = await house.ask("query($n: Int!) { customers(first: $n) { totalCount } }", {"n": first})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_body_that_is_too_large_is_413(house, bearer):
    body = json.dumps({"query": VIEWER + "#" * LimitsSection().body_bytes}).encode()
    assert code(await send(house, body, bearer)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
async def test_only_json_is_taken(house, bearer, kind):
    assert code(await send(house, b'{"query": "{ viewer { subject } }"}', {**bearer, "content-type": kind}))[0] == 415


async def test_what_cannot_be_accepted_is_406(house, bearer):
    answer = await send(house, json.dumps({"query": VIEWER}).encode(), {**bearer, "accept": "text/html"})
    assert code(answer) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_405(house, bearer, method):
    answer = await send(house, b"", bearer, method)
    assert code(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, POST"


async def test_a_query_may_come_by_get(house, bearer):
    answer = await house.client.get("/graphql", params={"query": VIEWER}, headers=bearer)
    assert answer.json() == {"data": {"viewer": {"subject": "finance_analyst"}}}


def test_introspection_is_invalid_for_who_may_not_introspect():
    documents = Documents(graph()[0]._schema)
    query = "{ __schema { queryType { name } } }"
    assert documents.get(query, introspection=True)
    with pytest.raises(Invalid):
        documents.get(query, introspection=False)


async def test_an_unknown_field_brings_no_suggestions(house):
    answer = await house.ask("{ custmer(id: 1) { id } }")
    assert "customer" not in answer["errors"][0]["message"]


async def test_answers_are_not_kept_by_browsers_or_framed(house):
    answer = await house.post(VIEWER, token=house.token("auditor"))
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_correlation_id_of_the_caller_s_is_kept_where_it_is_safe(house):
    given = await house.post(VIEWER, token=house.token("auditor"), **{"x-correlation-id": "order-77"})
    assert given.headers["x-correlation-id"] == "order-77"
    wild = await house.post(VIEWER, token=house.token("auditor"), **{"x-correlation-id": "a b\t{}"})
    assert wild.headers["x-correlation-id"] != "a b\t{}"
