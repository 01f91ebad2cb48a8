"""The demo's sources: a simulator of every installed connector, or a real server, all telling of the same customers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress

from sources import registry
from sources.plugin import SourcePlugin
from sources.simulation.facts import Fact, History
from sources.simulation.serving import serving
from sources.simulation.simulator import Loader, Simulator
from sources.simulation.world import Living, world

FACT_SECONDS = 7.0  # between two things that happen: often enough to be seen, seldom enough to read a page


class DemoSources(msgspec.Struct, frozen=True):
    """The running servers, by the name of their source."""

    sections: dict[str, Mapping[str, Any]] = {}
    """What reaches them."""
    addresses: dict[str, str] = {}
    """Where the simulators among them can be broken."""
    left_out: dict[str, list[str]] = {}
    """What the real servers among them cannot hold, a sentence each."""


@asynccontextmanager
async def demo_sources(customers: int, real: Path | None) -> AsyncIterator[DemoSources]:
    """A server for every connector on a free loopback port, filled with the world.

    `real`: where real servers keep their data; they stand in for the simulators of those connectors that offer
    one, and the world then stands still, since they take no further facts. Raises ServerFailed.
    """
    history = await asyncio.to_thread(lambda: world(customers=customers))
    running = DemoSources()
    simulators: list[Simulator] = []
    async with AsyncExitStack() as opened:
        for kind, plugin in registry.installed().items():
            name = plugin.role if plugin.role not in running.sections else kind
            if real is not None and plugin.loader is not None:
                loader = await opened.enter_async_context(_real_server(plugin, real / kind))
                running.left_out[name] = await _loaded(name, loader, history)
                running.sections[name] = loader.section()
            else:
                simulators.append(_filled(plugin, history))
                url = await opened.enter_async_context(serving(simulators[-1].harness))
                running.sections[name], running.addresses[name] = simulators[-1].section(url), url
        if real is None:
            await opened.enter_async_context(_living(Living(history), simulators))
        yield running


def _filled(plugin: SourcePlugin, history: History) -> Simulator:
    simulator = plugin.simulator()
    for fact in history:
        simulator.absorb(fact)
    return simulator


@asynccontextmanager
async def _real_server(plugin: SourcePlugin, directory: Path) -> AsyncIterator[Loader]:
    """Starting and stopping a process waits for it, so it is done beside the event loop."""
    if plugin.loader is None:
        raise ValueError(f"{plugin.kind} offers no real server")
    server = plugin.loader(directory)
    loader = await asyncio.to_thread(server.__enter__)
    try:
        yield loader
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


async def _loaded(name: str, loader: Loader, history: Sequence[Fact]) -> list[str]:
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(f"loading {name}", total=None)
        return await loader.absorb_all(history, lambda done, total: bar.update(task, completed=done, total=total))


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
