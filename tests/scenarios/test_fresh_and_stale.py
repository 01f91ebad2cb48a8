"""What is live, cached and stale; and that a change shows."""

import asyncio

import pytest

from sources.simulation.harness import Switches
from tests.support.house import open_house

CASES = """query($id: ID!) { customer(id: $id) { cases(first: 3) { nodes { subject
    provenance { freshness ageSeconds fetchedAt } } } sources { system freshness reachable } } }"""


def freshness(answer):
    return {node["provenance"]["freshness"] for node in answer["data"]["customer"]["cases"]["nodes"]}


async def test_the_first_answer_is_live_and_the_second_cached(house):
    customer = await house.id_of("C-000001")
    first, second = [await house.ask(CASES, {"id": customer}) for _ in range(2)]
    assert freshness(first) == {"LIVE"}
    assert first["data"]["customer"]["cases"]["nodes"][0]["provenance"]["ageSeconds"] == 0
    assert freshness(second) == {"CACHED"}


async def test_a_source_that_is_down_is_served_stale_and_says_so(history, tmp_path):
    def briefly(name, section):
        return {**section, "cache_seconds": 0.05, "stale_seconds": 60}

    async with open_house(history, tmp_path, sections=briefly) as house:
        customer = await house.id_of("C-000001")
        live = await house.ask(CASES, {"id": customer})
        house.simulators["support"].harness.switches = Switches(status=500)
        await asyncio.sleep(0.1)
        stale = await house.ask(CASES, {"id": customer})
        assert freshness(stale) == {"STALE"}
        assert "errors" not in stale
        shown = stale["data"]["customer"]
        assert [n["subject"] for n in shown["cases"]["nodes"]] == [
            n["subject"] for n in live["data"]["customer"]["cases"]["nodes"]
        ]
        house.simulators["support"].harness.reset()
        assert freshness(await house.ask(CASES, {"id": customer})) == {"LIVE"}


@pytest.mark.parametrize("system", ["support", "billing", "erp", "crm"])
async def test_sources_tell_what_was_last_known_without_a_call(house, system):
    customer = await house.id_of("C-000001")
    query = "query($id: ID!) { customer(id: $id) { sources { system freshness reachable fetchedAt } } }"
    house.forget_calls()
    shown = (await house.data(query, {"id": customer}))["customer"]["sources"]
    assert set(house.counts().values()) == {0}
    (state,) = [each for each in shown if each["system"] == system]
    assert state["reachable"] is True
    assert (state["freshness"] is None) == (state["fetchedAt"] is None)
