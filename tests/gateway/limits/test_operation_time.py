"""An operation that goes on after its deadline and grace is cut off, and the others are served meanwhile."""

import asyncio
import time
from types import SimpleNamespace

import httpx
import pytest
from graphql import build_schema

from gateway.configuration.limits import LimitsSection
from gateway.edge.endpoint import Endpoint
from gateway.telemetry import Metrics
from sources.canonical.actor import Actor, Grants


async def authenticate(authorization):
    return Actor(issuer="tests", subject="someone")


def open_context(actor, correlation_id):
    return SimpleNamespace(actor=actor, grants=Grants(), correlation_id=correlation_id, beside=[], close=lambda: None)


@pytest.fixture
async def hasty():
    """An endpoint of little patience over a field that never ends, and what became of that field."""
    schema, ended = build_schema("type Query { quick: Int endless: Int }"), []

    async def endless(source, info):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("endless")

    schema.query_type.fields["quick"].resolve = lambda source, info: 1
    schema.query_type.fields["endless"].resolve = endless
    endpoint = Endpoint(
        schema,
        authenticate=authenticate,
        open_context=open_context,
        metrics=Metrics(),
        deadline_seconds=0.2,
        limits=LimitsSection(grace_seconds=0.1, concurrent_operations=2),
    )
    transport = httpx.ASGITransport(app=endpoint, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client, ended


async def test_what_goes_on_after_the_grace_is_cut_off_with_503(hasty):
    client, ended = hasty
    started = time.monotonic()
    answer = await client.post("/graphql", json={"query": "{ endless }"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (503, "OPERATION_TIMEOUT")
    assert error["extensions"]["retryable"] is True
    assert 0.25 < time.monotonic() - started < 5
    assert ended == ["endless"]


async def test_others_are_served_meanwhile_and_its_place_is_free_afterwards(hasty):
    client, _ = hasty
    endless = asyncio.create_task(client.post("/graphql", json={"query": "{ endless }"}))
    await asyncio.sleep(0.05)
    quick = await client.post("/graphql", json={"query": "{ quick }"})
    assert quick.json() == {"data": {"quick": 1}}
    assert not endless.done()
    await endless
    both = await asyncio.gather(*(client.post("/graphql", json={"query": "{ quick }"}) for _ in range(2)))
    assert [answer.status_code for answer in both] == [200, 200]
