"""A house in a small world, whose governed writes are asked through /graphql."""

from contextlib import asynccontextmanager
from functools import cache

import pytest

from gateway.app import create_app
from gateway.serving import address_of, listen, served
from sources.simulation.world import world
from tests.support.house import open_house


@cache
def small_world():
    return world(customers=30)


@pytest.fixture
async def house(tmp_path):
    async with open_house(small_world(), tmp_path) as opened:
        yield opened


@pytest.fixture
def open_narrow_house(tmp_path):
    """Opens a house with [limits] and [gateway] of its own."""

    @asynccontextmanager
    async def opened(limits, **gateway):
        async with open_house(small_world(), tmp_path, gateway=gateway, more={"limits": limits}) as house:
            yield house

    return opened


@pytest.fixture
async def address(house):
    """Where the house answers on a socket."""
    listener = listen("127.0.0.1", 0, "")
    async with served(create_app(house.gateway), listener):
        yield address_of(listener)
        house.gateway.connections.stop()
