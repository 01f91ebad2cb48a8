"""A simulated account on a real socket, and the adapter that reads it over the real wire."""

from collections.abc import AsyncIterator

import pytest

from sources.simulation.serving import serving
from tests.sources.zendesk.shop import Shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A simulated account on a free port, and the adapter that reads it; statuses and token not yet fetched."""
    held = Shop()
    async with serving(held.simulator.harness) as base_url:
        held.base_url = base_url
        held.adapter = held.connect()
        yield held
        for wire in held.wires:
            await wire.close()
