"""Hive Gateway in front of the gateway and a second subgraph, as a company with a supergraph runs them."""

import asyncio
import contextlib
import itertools
import json
import os
import socket
import time
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from gateway.app import create_app
from sources.simulation.facts import InvoiceIssued
from sources.simulation.serving import serving
from sources.simulation.world import world
from tests.interop import node
from tests.interop.composition import loyalty
from tests.support.house import open_house

START_SECONDS = 60
HISTORY = world(customers=8)
BINARY = node.INSTALLED / ".bin" / "hive-gateway"
CONFIG = node.FOLDER / "composition" / "hive.config.mjs"


class Front:
    """A Hive Gateway that answers, and the house behind it."""

    def __init__(self, house, client):
        self.house, self.client = house, client

    async def ask(self, query, variables=None, role="finance_analyst"):
        headers = {"authorization": f"Bearer {self.house.token(role)}"}
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        )
        return answer.json()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.asynccontextmanager
async def hive(supergraph, log):
    """The address of a Hive Gateway, a process of its own."""
    port = free_port()
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            BINARY, "supergraph", "--config-path", CONFIG,
            cwd=node.FOLDER, env={**os.environ, "SUPERGRAPH": str(supergraph), "PORT": str(port)},
            stdout=written, stderr=written,
        )  # fmt: skip
        try:
            await answering(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def answering(url, process, log):
    until = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(base_url=url) as client:
        while time.monotonic() < until and process.returncode is None:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readiness")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
    raise AssertionError(f"Hive Gateway did not start: {log.read_text()[-3000:]}")


@pytest.fixture
async def front(run_node, tmp_path):
    """Composed out of what the subgraphs themselves say over HTTP."""
    async with contextlib.AsyncExitStack() as opened:
        house = await opened.enter_async_context(open_house(HISTORY, tmp_path))
        ours = await opened.enter_async_context(serving(create_app(house.gateway))) + "/graphql"
        theirs = await opened.enter_async_context(serving(loyalty.APP)) + "/graphql"
        told = await house.data("{ _service { sdl } }")
        subgraphs = tmp_path / "subgraphs.json"
        subgraphs.write_text(
            json.dumps(
                {
                    "customers": {"url": ours, "sdl": told["_service"]["sdl"]},
                    "loyalty": {"url": theirs, "sdl": loyalty.SDL},
                }
            )
        )
        (composed,) = await run_node("compose_guild.mjs", SUBGRAPHS=str(subgraphs))
        supergraph = tmp_path / "supergraph.graphql"
        supergraph.write_text(composed["supergraph"])
        url = await opened.enter_async_context(hive(supergraph, tmp_path / "hive.log"))
        client = await opened.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        yield Front(house, client)


async def test_queries_go_across_both_subgraphs(front):
    house = front.house
    listed = await front.ask("{ customers(first: 8) { nodes { number points } } }")
    points = {each["number"]: each["points"] for each in listed["data"]["customers"]["nodes"]}
    assert points == {number: loyalty.POINTS[number] for number in points}
    assert len(points) == 8

    house.forget_calls()
    query = """query($numbers: [String!]!) { members(numbers: $numbers) {
        nodes { since customer { number legalName cases(first: 2) { nodes { number } } points } }
        pageInfo { hasNextPage } } }"""
    numbers = ["C-000003", "C-000001", "X-1", "C-000002"]
    answer = await front.ask(query, {"numbers": numbers})
    assert "errors" not in answer
    members = answer["data"]["members"]["nodes"]
    assert [each["customer"]["number"] for each in members] == numbers
    assert [each["customer"]["points"] for each in members] == [300, 100, 0, 200]
    direct = await house.data(
        '{ customerBy(key: {number: "C-000003"}) { legalName cases(first: 2) { nodes { number } } } }'
    )
    assert members[0]["customer"].items() >= direct["customerBy"].items()
    assert members[2]["customer"] == {"number": "X-1", "legalName": None, "cases": None, "points": 0}

    forbidden = await front.ask(
        '{ customerBy(key: {number: "C-000001"}) { number points emails } }', role="platform_admin"
    )
    assert forbidden["data"]["customerBy"] == {"number": "C-000001", "points": 100, "emails": None}
    assert forbidden["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    refused = await front.client.post("/graphql", json={"query": "{ viewer { subject } }"})
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


CHANGED = """subscription($id: ID!) { customerChanged(id: $id) {
    kind system customer { number points invoices(first: 1) { nodes { number } } } } }"""


async def test_a_subscription_comes_through_with_both_subgraphs_fields(front):
    house = front.house
    customer = await house.id_of("C-000002")
    billing = house.gateway.systems.by_name("billing")
    await house.gateway.poller.poll(billing)
    issuing = asyncio.create_task(keep_issuing(house, billing))
    body = {"query": CHANGED, "variables": {"id": customer}}
    headers = {"authorization": f"Bearer {house.token('finance_analyst')}", "accept": "text/event-stream"}
    try:
        async with asyncio.timeout(30), front.client.stream("POST", "/graphql", json=body, headers=headers) as events:
            lines = (line async for line in events.aiter_lines() if line.startswith("data:"))
            told = json.loads((await anext(lines)).removeprefix("data:"))
    finally:
        issuing.cancel()
    change = told["data"]["customerChanged"]
    assert (change["kind"], change["system"]) == ("INVOICE", "billing")
    (invoice,) = change["customer"].pop("invoices")["nodes"]
    assert invoice["number"].startswith("INV-NEW-")
    assert change["customer"] == {"number": "C-000002", "points": 200}


async def keep_issuing(house, billing):
    """A new invoice again and again: nothing tells from outside when the subscription has reached the subgraph."""
    known = next(f for f in reversed(HISTORY) if isinstance(f, InvoiceIssued) and f.customer == "C-000002")
    for number in itertools.count():
        now = datetime.now(UTC)
        new = {"at": now, "number": f"INV-NEW-{number}", "issued": now.date(), "subscription": None}
        house.absorb(msgspec.structs.replace(known, **new))
        await house.gateway.poller.poll(billing)
        await asyncio.sleep(0.2)
