"""A house in a small world, for stories told through /graphql."""

from functools import cache

import pytest

from sources.simulation.world import world
from tests.support.house import open_house


@cache
def small_world():
    return world(customers=30)


@pytest.fixture
def history():
    return small_world()


@pytest.fixture
async def house(history, tmp_path):
    async with open_house(history, tmp_path) as opened:
        yield opened
