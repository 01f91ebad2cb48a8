"""A client that goes away takes its own work along: tasks, streams, and upstream calls that nobody else waits for."""

import asyncio
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from gateway.hosting import hosted
from gateway.serving import address_of, listen

CASES = "query($id: ID!) { customer(id: $id) { cases { nodes { number } } } }"
CHANGED = "subscription($id: ID!) { customerChanged(id: $id) { kind } }"


class Watched:
    """A simulator whose calls hang, and that knows how many it holds open."""

    def __init__(self, simulator):
        self.under_way = 0
        self.dropped = 0
        self._app = simulator.harness.app
        simulator.harness.app = self

    async def __call__(self, scope, receive, send):
        self.under_way += 1
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
            self.dropped += 1
        finally:
            self.under_way -= 1

    async def reached(self, **counts):
        async with asyncio.timeout(4):
            while any(getattr(self, name) != count for name, count in counts.items()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture
async def slow(port, house):
    """The customer's id, and the support system, which no longer answers."""
    customer = await house.id_of("C-000002")
    return customer, Watched(house.simulators["support"])


def post(port, customer):
    return asyncio.create_task(posted(port, customer))


async def posted(port, customer):
    headers = {"authorization": f"Bearer {port.house.token('auditor')}"}
    async with httpx.AsyncClient(base_url=port.url, timeout=10) as client:
        return await client.post("/graphql", json={"query": CASES, "variables": {"id": customer}}, headers=headers)


async def left(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_request_whose_client_leaves_drops_its_upstream_call(port, slow):
    customer, support = slow
    started = time.monotonic()
    asking = post(port, customer)
    await support.reached(under_way=1)
    await left(asking)
    await support.reached(under_way=0, dropped=1)
    assert time.monotonic() - started < 4, "not the deadline of 5 seconds, but the leaving ended it"


async def test_no_task_is_left_behind(port, slow):
    customer, support = slow
    before = len(asyncio.all_tasks())
    for _ in range(3):
        asking = post(port, customer)
        await support.reached(under_way=1)
        await left(asking)
        await support.reached(under_way=0)
    async with asyncio.timeout(4):
        while len(asyncio.all_tasks()) > before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_call_that_another_waits_for_goes_on(port, slow):
    customer, support = slow
    first, second = post(port, customer), post(port, customer)
    await support.reached(under_way=1)
    await asyncio.sleep(0.1)
    await left(first)
    await asyncio.sleep(0.1)
    assert (support.under_way, support.dropped) == (1, 0)
    await left(second)
    await support.reached(under_way=0, dropped=1)


async def test_completing_an_operation_drops_its_upstream_call(port, slow):
    customer, support = slow
    async with port.talking_as() as talk:
        await talk.subscribe(CASES, {"id": customer})
        await support.reached(under_way=1)
        await talk.say({"type": "complete", "id": "1"})
        await support.reached(under_way=0, dropped=1)


async def test_a_conversation_that_breaks_off_drops_what_it_asked(port, slow):
    customer, support = slow
    async with port.talking_as() as talk:
        await talk.subscribe(CASES, {"id": customer})
        await talk.subscribe(CHANGED, {"id": customer}, "2")
        await support.reached(under_way=1)
        await port.heard_by(1)
        talk.socket.transport.abort()
        await support.reached(under_way=0, dropped=1)
        await port.heard_by(0)


async def test_an_event_stream_that_is_left_is_closed(port, house):
    variables = {"id": await house.id_of("C-000002")}
    async with port.events(CHANGED, variables):
        await port.heard_by(1)
    await port.heard_by(0)
    assert house.gateway.connections.total == 0


async def test_a_completed_subscription_hears_no_more(port, house):
    async with port.talking_as() as talk:
        await talk.subscribe(CHANGED, {"id": await house.id_of("C-000002")})
        await port.heard_by(1)
        await talk.say({"type": "complete", "id": "1"})
        await port.heard_by(0)


async def test_conversations_end_with_going_away_when_the_gateway_stops(port, house):
    async with port.talking_as() as talk:
        await talk.subscribe(CHANGED, {"id": await house.id_of("C-000002")})
        await port.heard_by(1)
        house.gateway.connections.stop()
        assert await talk.closed() == (1001, "The gateway is stopping")
    await port.heard_by(0)


async def test_event_streams_end_with_a_word_when_the_gateway_stops(port, house):
    variables = {"id": await house.id_of("C-000002")}
    async with port.events(CHANGED, variables) as response:
        await port.heard_by(1)
        house.gateway.connections.stop()
        content = (await response.aread()).decode()
    assert '"code":"STREAM_INTERRUPTED"' in content
    assert content.endswith("event: complete\ndata:\n\n")


async def test_a_gateway_that_stops_does_not_wait_for_its_streams(port):
    settings = port.house.gateway.settings.model_copy(update={"operations": None})
    listener = listen("127.0.0.1", 0, "")
    variables = {"id": await port.house.id_of("C-000002")}
    async with AsyncExitStack() as opened:
        gateway = await opened.enter_async_context(hosted(settings, listener))
        own = port.beside(gateway, address_of(listener))
        async with own.talking() as talk, own.events(CHANGED, variables) as response:
            await talk.begin(gateway.issuer.token("auditor"))
            await talk.subscribe(CHANGED, variables)
            await own.heard_by(2)
            closed, ended = asyncio.create_task(talk.closed()), asyncio.create_task(response.aread())
            began = time.monotonic()
            await opened.aclose()
            assert time.monotonic() - began < 5, "far below the ten seconds that requests are given"
            assert (await closed)[0] == 1001
            assert (await ended).endswith(b"event: complete\ndata:\n\n")
