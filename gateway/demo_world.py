"""The demo's sources: a simulator of every installed connector, or a real server, all telling of the same customers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress

from gateway.demo_kept import kept_world
from gateway.demo_servers import RealServers
from sources import registry
from sources.plugin import SourcePlugin
from sources.simulation.facts import Fact, History
from sources.simulation.serving import serving
from sources.simulation.simulator import Loader, Simulator
from sources.simulation.world import Living, world

FACT_SECONDS = 7.0  # between two things that happen: often enough to be seen, seldom enough to read a page


class RealSource(msgspec.Struct, frozen=True):
    """A real server that holds the world."""

    loader: Loader
    left_out: list[str]
    """What it cannot hold, a sentence each."""
    read: Path
    """Where it is kept that its customers were read."""


class DemoSources(msgspec.Struct, frozen=True):
    """The running servers, by the name of their source."""

    sections: Mapping[str, Mapping[str, Any]]
    """What reaches them."""
    addresses: Mapping[str, str]
    """Where the simulators among them can be broken."""
    real: Mapping[str, RealSource]
    """Those that are no simulators."""


@asynccontextmanager
async def demo_sources(customers: int, real: RealServers | None) -> AsyncIterator[DemoSources]:
    """A server for every connector on a free loopback port, filled with the world.

    `real` stand in for the simulators of their kinds. These stay as they were filled; at the simulators the world
    lives on. Raises ServerFailed, and CommandFailed where the real servers were filled with another world.
    """
    kept = kept_world(real.directory, customers) if real else None
    history = await asyncio.to_thread(lambda: world(customers=customers, until=kept.until if kept else None))
    names = _names(registry.installed())
    sections: dict[str, Mapping[str, Any]] = {}
    addresses: dict[str, str] = {}
    simulators: list[Simulator] = []
    async with AsyncExitStack() as opened:
        for kind, plugin in registry.installed().items():
            if real is None or kind not in real.starting:
                simulators.append(_filled(plugin, history))
                url = await opened.enter_async_context(serving(simulators[-1].harness))
                sections[names[kind]], addresses[names[kind]] = simulators[-1].section(url), url
        loaded = await _loaded(real, names, history) if real else {}
        sections |= {name: source.loader.section() for name, source in loaded.items()}
        await opened.enter_async_context(_living(Living(history), simulators))
        yield DemoSources({name: sections[name] for name in names.values()}, addresses, loaded)


def _names(plugins: Mapping[str, SourcePlugin]) -> dict[str, str]:
    """The name of each kind: its role, or the kind where another has that role."""
    names: dict[str, str] = {}
    for kind, plugin in plugins.items():
        names[kind] = plugin.role if plugin.role not in names.values() else kind
    return names


def _filled(plugin: SourcePlugin, history: History) -> Simulator:
    simulator = plugin.simulator()
    for fact in history:
        simulator.absorb(fact)
    return simulator


async def _loaded(real: RealServers, names: Mapping[str, str], history: Sequence[Fact]) -> dict[str, RealSource]:
    """Wait for the real servers, and fill those that are new, all at the same time."""
    bar = Progress(console=Console(stderr=True))
    with ExitStack() as shown:

        async def load(kind: str) -> RealSource:
            read = real.directory / f"{kind}.read.json"
            task = bar.add_task(f"loading {names[kind]}", visible=False)

            def told(done: int, total: int) -> None:
                if not bar.live.is_started:
                    shown.enter_context(bar)
                read.unlink(missing_ok=True)
                bar.update(task, completed=done, total=total, visible=True)

            loader = await asyncio.wrap_future(real.starting[kind])
            return RealSource(loader, await loader.absorb_all(history, told), read)

        loaded = await asyncio.gather(*map(load, real.starting))
    return {names[kind]: source for kind, source in zip(real.starting, loaded, strict=True)}


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
