"""What is live, cached and stale; and that a change shows."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
import redis

from sources.simulation.facts import CustomerKnown, InvoiceIssued
from sources.simulation.harness import Switches
from sources.simulation.real.valkey import valkey
from tests.support.asking import EVERYTHING
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


async def test_a_kind_of_record_may_be_fresh_for_longer_than_its_source(history, tmp_path):
    def never(name, section):
        return {**section, "cache_seconds": 0}

    async with open_house(history, tmp_path, sections=never, more={"cache": {"seconds": {"case": 60}}}) as house:
        customer = await house.id_of("C-000001")
        query = "query($id: ID!) { customer(id: $id) { cases { nodes { number } } orders { nodes { number } } } }"
        await house.data(query, {"id": customer})
        house.forget_calls()
        await house.data(query, {"id": customer})
        assert house.counts() == {"crm": 0, "billing": 0, "support": 0, "erp": 1}
        assert freshness(await house.ask(CASES, {"id": customer})) == {"CACHED"}


async def test_a_change_at_a_source_shows_after_the_next_poll(house, history):
    customer = await house.id_of("C-000002")
    query = "query($id: ID!) { customer(id: $id) { invoices { nodes { number } } } }"
    billing = house.gateway.systems.by_name("billing")
    await house.gateway.poller.poll(billing)
    before = (await house.data(query, {"id": customer}))["customer"]["invoices"]["nodes"]
    now = datetime.now(UTC)
    issued = next(f for f in reversed(history) if isinstance(f, InvoiceIssued) and f.customer == "C-000002")
    house.absorb(msgspec.structs.replace(issued, at=now, number="INV-NEW-1", issued=now.date(), subscription=None))
    assert (await house.data(query, {"id": customer}))["customer"]["invoices"]["nodes"] == before
    await house.gateway.poller.poll(billing)
    after = (await house.data(query, {"id": customer}))["customer"]["invoices"]["nodes"]
    assert after[0] == {"number": "INV-NEW-1"}


async def test_a_customer_that_is_new_at_a_source_is_found_by_its_number(house, history):
    known = next(f for f in history if isinstance(f, CustomerKnown) and f.customer == "C-000002")
    query = '{ customerBy(key: {number: "C-777777"}) { displayName identities { system } } }'
    assert (await house.data(query))["customerBy"] is None
    house.absorb(
        msgspec.structs.replace(
            known, customer="C-777777", number="C-777777", name="Brand New", tax_id=None, at=datetime.now(UTC)
        )
    )
    found = (await house.data(query))["customerBy"]
    assert found["displayName"] == "Brand New"
    assert {"erp", "crm"} <= {identity["system"] for identity in found["identities"]}


async def test_redis_lost_in_mid_flight_costs_speed_only(history, tmp_path):
    with valkey() as url:
        async with open_house(history, tmp_path, gateway={"redis_url": url}) as house:
            customer = await house.id_of("C-000001")
            whole = await house.data(EVERYTHING, {"id": customer})
            await house.forget_cached("C-000001")
            gone = asyncio.create_task(house.ask(EVERYTHING, {"id": customer}))
            await asyncio.sleep(0.01)
            await asyncio.to_thread(stop_valkey, url)
            answers = [await gone, await house.ask(EVERYTHING, {"id": customer})]
    for answer in answers:
        assert "errors" not in answer
        assert answer["data"]["customer"]["invoices"]["nodes"] == whole["customer"]["invoices"]["nodes"]


def stop_valkey(url):
    with redis.Redis.from_url(url) as client, suppress(redis.ConnectionError):
        client.shutdown(nosave=True)
