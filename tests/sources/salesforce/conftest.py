"""A simulated organization on a real socket, and the adapter that reads it over the real wire."""

from collections.abc import AsyncIterator

import pytest

from sources.simulation.serving import serving
from tests.sources.salesforce.org import Org


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    """A simulated organization on a free port, and the adapter that reads it; no token fetched yet."""
    held = Org()
    async with serving(held.simulator.harness) as base_url:
        held.base_url = base_url
        held.adapter = held.connect()
        yield held
        for wire in held.wires:
            await wire.close()
