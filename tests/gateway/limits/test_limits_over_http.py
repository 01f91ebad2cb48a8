"""Limits as a client meets them: over HTTP, in front of a whole gateway."""

import asyncio
from functools import cache

import pytest

from sources.simulation.world import world
from tests.support.house import open_house

LISTED = "query($first: Int!) { customers(first: $first) { nodes { invoices { nodes { number } } } } }"


@cache
def few_customers():
    return world(customers=12)


@pytest.fixture
async def strict(tmp_path):
    limits = {"cost": 8, "requests_per_minute": 20, "concurrent_operations": 1}
    async with open_house(few_customers(), tmp_path, more={"limits": limits}) as house:
        yield house


async def asked(house, query, variables=None, **extensions):
    headers = {"authorization": f"Bearer {house.token('finance_analyst')}"}
    body = {"query": query, "variables": variables, "extensions": extensions}
    return await house.client.post("/graphql", json=body, headers=headers)


async def test_what_may_cost_too_much_is_refused_before_anything_runs(strict):
    answer = await asked(strict, LISTED, {"first": 10})
    (error,) = answer.json()["errors"]
    assert "data" not in answer.json()
    assert error["extensions"]["code"] == "COST_EXCEEDED"
    assert error["extensions"]["limit"] == 8
    assert error["extensions"]["estimatedCalls"] >= 10
    assert set(strict.counts().values()) == {0}


async def test_the_cost_is_told_where_it_is_asked_for(strict):
    assert "extensions" not in (await asked(strict, LISTED, {"first": 5})).json()
    strict.forget_calls()
    cost = (await asked(strict, LISTED.replace("invoices", "orders"), {"first": 5}, cost=True)).json()["extensions"][
        "cost"
    ]
    assert cost["actualCalls"] == cost["bySystem"]["erp"]["actualCalls"] == strict.counts()["erp"] == 1
    assert cost["retries"] == 0
    assert 1 <= cost["estimatedCalls"] == cost["bySystem"]["erp"]["estimatedCalls"] <= 8


async def test_what_is_cached_costs_nothing_and_is_estimated_all_the_same(strict):
    await asked(strict, LISTED, {"first": 5}, cost=True)
    cost = (await asked(strict, LISTED, {"first": 5}, cost=True)).json()["extensions"]["cost"]
    assert cost["actualCalls"] == 0
    assert cost["estimatedCalls"] > 0


async def test_variables_and_directives_decide_what_it_costs(strict):
    invoices = "invoices @include(if: $all) { nodes { number } }"
    query = "query($first: Int = 10, $all: Boolean!) { customers(first: $first) { nodes { kind " + invoices + " } } }"
    codes = [
        (await asked(strict, query, variables)).json().get("errors", [{}])[0].get("extensions", {}).get("code")
        for variables in ({"all": True}, {"all": False}, {"all": True, "first": 3})
    ]
    assert codes == ["COST_EXCEEDED", None, None]


async def test_what_is_withheld_costs_nothing(strict):
    answer = await strict.post(LISTED, {"first": 10}, token=strict.token("platform_admin"))
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"FORBIDDEN"}


async def test_every_answer_tells_what_is_left_of_the_minute(strict):
    good = await asked(strict, "{ viewer { subject } }")
    wrong = await strict.post("{", token=strict.token("finance_analyst"))
    headers = {"authorization": f"Bearer {strict.token('finance_analyst')}", "content-type": "application/json"}
    bad = await strict.client.post("/graphql", content=b"{", headers=headers)
    left = [answer.headers["ratelimit"].split(";")[1] for answer in (good, wrong, bad)]
    assert left == ["r=19", "r=18", "r=17"]
    assert bad.status_code == 400
    assert good.headers["ratelimit-policy"] == '"consumer";q=20;w=60'


async def test_the_request_after_the_last_one_of_a_minute_is_429(strict):
    answers = [await asked(strict, "{ viewer { subject } }") for _ in range(21)]
    statuses = [answer.status_code for answer in answers]
    if 429 not in statuses:  # a minute ended on the way
        answers = [await asked(strict, "{ viewer { subject } }") for _ in range(21)]
    (error,) = answers[-1].json()["errors"]
    assert answers[-1].status_code == 429
    assert error["extensions"]["code"] == "TOO_MANY_REQUESTS"
    assert error["extensions"]["retryable"] is True
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    other = await strict.post("{ viewer { subject } }", token=strict.token("support_agent", subject="someone else"))
    assert other.status_code == 200


async def test_one_operation_too_many_at_the_same_time_is_429_and_others_are_served(strict):
    strict.simulators["billing"].harness.switches.latency_seconds = 0.3
    first, second = await asyncio.gather(asked(strict, LISTED, {"first": 5}), asked(strict, LISTED, {"first": 4}))
    refused = max(first, second, key=lambda answer: answer.status_code)
    assert sorted((first.status_code, second.status_code)) == [200, 429]
    assert refused.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
    assert (await asked(strict, "{ viewer { subject } }")).status_code == 200
