"""A house whose public port is open, and a graphql-transport-ws client that says what it is told."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache

import httpx
import msgspec
import pytest
import websockets

from gateway.app import create_app
from gateway.serving import address_of, listen, served
from sources.simulation.facts import InvoiceIssued
from sources.simulation.world import world
from tests.support.house import open_house


@cache
def small_world():
    return world(customers=12)


class Talk:
    """One conversation over a WebSocket."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, message):
        await self.socket.send(json.dumps(message) if isinstance(message, dict | list) else message)

    async def hear(self):
        return json.loads(await self.socket.recv())

    async def begin(self, token=None):
        payload = {"authorization": f"Bearer {token}"} if token else {}
        await self.say({"type": "connection_init", "payload": payload})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query, variables=None, operation_id="1"):
        payload = {"query": query, "variables": variables or {}}
        await self.say({"type": "subscribe", "id": operation_id, "payload": payload})

    async def closed(self):
        """The code and the reason with which the gateway closes, whatever it says before."""
        try:
            while True:
                await self.socket.recv()
        except websockets.ConnectionClosed:
            return self.socket.close_code, self.socket.close_reason


class Port:
    """The public port of a house."""

    def __init__(self, house, url, gateway=None):
        self.house = house
        self.url = url
        self.gateway = gateway or house.gateway
        self.count = 0

    def beside(self, gateway, url):
        """The port of another process of the same deployment."""
        return Port(self.house, url, gateway)

    async def happens(self, customer="C-000002", times=1):
        """Invoices are issued to a customer, and the polling finds them."""
        now = datetime.now(UTC)
        issued = next(f for f in reversed(small_world()) if isinstance(f, InvoiceIssued) and f.customer == customer)
        for _ in range(times):
            self.count += 1
            change = {"number": f"INV-NEW-{self.count}", "at": now, "issued": now.date(), "subscription": None}
            self.house.absorb(msgspec.structs.replace(issued, **change))
        await self.house.gateway.poller.poll(self.house.gateway.systems.by_name("billing"))

    async def heard_by(self, listeners):
        """Wait until so many streams hear of changes."""
        async with asyncio.timeout(5):
            while self.gateway.announcements.listeners != listeners:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def talking(self, **options):
        url = self.url.replace("http", "ws", 1) + "/graphql"
        options = {"subprotocols": ["graphql-transport-ws"], "max_size": None, "compression": None, **options}
        async with websockets.connect(url, **options) as socket:
            yield Talk(socket)

    @asynccontextmanager
    async def talking_as(self, role="finance_analyst"):
        async with self.talking() as talk:
            await talk.begin(self.house.token(role))
            yield talk

    @asynccontextmanager
    async def events(self, query, variables=None, *, role="finance_analyst", token=None, accept="text/event-stream"):
        """The lines of an event stream, and the response."""
        headers = {"authorization": f"Bearer {token or self.house.token(role)}", "accept": accept}
        body = {"query": query, "variables": variables or {}}
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=10) as client,
            client.stream("POST", "/graphql", json=body, headers=headers) as response,
        ):
            yield response


@pytest.fixture
def open_port(tmp_path):
    """Opens a port; what is given goes into [gateway] and [streams]."""

    @asynccontextmanager
    async def opened(section=None, **streams):
        async with open_house(small_world(), tmp_path, gateway=section, more={"streams": streams}) as house:
            await house.gateway.poller.poll(house.gateway.systems.by_name("billing"))
            listener = listen("127.0.0.1", 0, "")
            async with served(create_app(house.gateway), listener):
                yield Port(house, address_of(listener))
                house.gateway.connections.stop()

    return opened


@pytest.fixture
async def quiet_port(tmp_path):
    """A port of a gateway that knows nobody: for talk that never comes to a customer."""
    async with open_house((), tmp_path, systems={}, fill=False) as house:
        listener = listen("127.0.0.1", 0, "")
        async with served(create_app(house.gateway), listener):
            yield Port(house, address_of(listener))


@pytest.fixture
async def port(open_port):
    async with open_port() as opened:
        yield opened


@pytest.fixture
def house(port):
    return port.house
