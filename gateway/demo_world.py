"""The demo's sources: a simulator of every installed connector, all telling of the same customers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from sources import registry
from sources.simulation.facts import Fact
from sources.simulation.serving import serving
from sources.simulation.simulator import Simulator
from sources.simulation.world import Living, world

FACT_SECONDS = 7.0  # between two things that happen: often enough to be seen, seldom enough to read a page


class SimulatedSources(msgspec.Struct, frozen=True):
    """The running simulators: the sections that reach them, and the addresses where they can be broken."""

    sections: Mapping[str, Mapping[str, Any]]
    addresses: Mapping[str, str]


@asynccontextmanager
async def simulated_sources(customers: int) -> AsyncIterator[SimulatedSources]:
    """Every connector's simulator on a free loopback port, filled with the world, which lives on meanwhile."""
    history = await asyncio.to_thread(lambda: world(customers=customers))
    simulators: list[Simulator] = []
    sections: dict[str, Mapping[str, Any]] = {}
    addresses: dict[str, str] = {}
    async with AsyncExitStack() as opened:
        for kind, plugin in registry.installed().items():
            simulator = plugin.simulator()
            for fact in history:
                simulator.absorb(fact)
            url = await opened.enter_async_context(serving(simulator.harness))
            name = plugin.role if plugin.role not in sections else kind
            sections[name], addresses[name] = simulator.section(url), url
            simulators.append(simulator)
        await opened.enter_async_context(_living(Living(history), simulators))
        yield SimulatedSources(sections, addresses)


@asynccontextmanager
async def _living(living: Living, simulators: list[Simulator]) -> AsyncIterator[None]:
    def absorb(fact: Fact) -> None:
        for simulator in simulators:
            simulator.absorb(fact)

    task = asyncio.create_task(living.run(absorb, FACT_SECONDS))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
