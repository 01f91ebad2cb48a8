"""One process polls; the streams of the others hear of it through Redis, or are told that they may have missed it."""

import asyncio
from contextlib import suppress

import pytest
import redis.asyncio

from gateway.announcing import CHANNEL
from gateway.app import create_app
from gateway.serving import address_of, listen, served
from gateway.wiring import open_gateway
from sources.simulation.real.valkey import valkey

INVOICES = """
subscription($id: ID!) {
  customerChanged(id: $id) { kind record { ... on Invoice { number } } customer { invoices { nodes { number } } } }
}
"""


@pytest.fixture(scope="module")
def shared():
    with valkey() as url:
        yield url


@pytest.fixture
async def beside(open_port, shared):
    """The port of a second process beside the first, which polls."""
    async with open_port({"redis_url": shared}) as first, open_gateway(first.house.gateway.settings) as gateway:
        listener = listen("127.0.0.1", 0, "")
        async with served(create_app(gateway), listener), redis.asyncio.Redis.from_url(shared) as client:
            await heard(client, 2)
            second = first.beside(gateway, address_of(listener))
            yield first, second
            gateway.connections.stop()


async def heard(client, listeners):
    async with asyncio.timeout(5):
        while (await client.pubsub_numsub(CHANNEL))[0][1] != listeners:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def told_of(talk, number):
    """The change of an invoice; changes that are told again come before it."""
    while True:
        change = (await talk.hear())["payload"]["data"]["customerChanged"]
        if change["record"] == {"number": number}:
            return change


async def test_a_change_that_another_process_found_is_told_and_read_anew(beside):
    first, second = beside
    async with second.talking_as() as talk:
        await talk.subscribe(INVOICES, {"id": await first.house.id_of("C-000002")})
        await second.heard_by(1)
        for number in ("INV-NEW-1", "INV-NEW-2"):
            await first.happens()
            change = await told_of(talk, number)
            assert {"number": number} in change["customer"]["invoices"]["nodes"]


async def test_streams_are_interrupted_where_word_may_have_gone_missing(beside, shared):
    first, second = beside
    async with second.talking_as() as talk:
        await talk.subscribe(INVOICES, {"id": await first.house.id_of("C-000002")})
        await second.heard_by(1)
        async with redis.asyncio.Redis.from_url(shared) as client:
            with suppress(redis.ResponseError):
                await client.client_kill_filter(_type="pubsub")
        told = await talk.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "STREAM_INTERRUPTED")
