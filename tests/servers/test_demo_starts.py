"""A later start of the demo with real servers: nothing is loaded and nothing is read again that is there already."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.commands.demo_running import configured, filled
from gateway.demo_kept import kept_world
from gateway.demo_servers import RealServers, real_servers
from gateway.demo_world import demo_sources
from gateway.failures import CommandFailed
from gateway.serving import listen
from gateway.settings import load_settings
from sources import registry
from sources.plugin import SourcePlugin
from sources.simulation.facts import Fact
from sources.simulation.real.processes import ServerFailed
from sources.simulation.serving import serving
from sources.simulation.simulator import Loader

CUSTOMERS = 30


class KeptServer:
    """Implements Loader: a server that keeps what it was filled with from start to start, as real ones do."""

    def __init__(self, plugin: SourcePlugin) -> None:
        self.simulator = plugin.simulator()
        self.url = ""
        self.loads = 0
        self.empty = True

    async def absorb_all(self, history: Sequence[Fact], progress: Callable[[int, int], None]) -> list[str]:
        if self.empty:
            for fact in history:
                self.simulator.absorb(fact)
            progress(len(history), len(history))
            self.loads += 1
            self.empty = False
        return ["older things"]

    def section(self) -> dict[str, Any]:
        return self.simulator.section(self.url)


@pytest.fixture
async def kept() -> AsyncIterator[dict[str, KeptServer]]:
    servers = {kind: KeptServer(plugin) for kind, plugin in registry.installed().items() if plugin.loader}
    async with AsyncExitStack() as opened:
        for server in servers.values():
            server.url = await opened.enter_async_context(serving(server.simulator.harness))
        yield servers


async def start(data: Path, kept: dict[str, KeptServer], customers: int = CUSTOMERS) -> dict[str, int]:
    """Start the demo until its crosswalk is filled; gives the calls that each kept server got meanwhile."""
    starting: dict[str, Future[Loader]] = {}
    for kind, server in kept.items():
        server.simulator.harness.reset()
        starting[kind] = Future()
        starting[kind].set_result(server)
    servers = RealServers(data / "real", starting) if kept else None
    with closing(listen("127.0.0.1", 0, "")) as listener:
        async with demo_sources(customers, servers) as running:
            await filled(load_settings(configured(data, listener, running)), running)
    return {kind: server.simulator.harness.count for kind, server in kept.items()}


async def test_a_later_start_neither_fills_nor_reads_a_real_server_again(
    tmp_path: Path, kept: dict[str, KeptServer]
) -> None:
    assert all((await start(tmp_path, kept)).values())
    for _ in range(2):
        assert await start(tmp_path, kept) == dict.fromkeys(kept, 0)
    assert [server.loads for server in kept.values()] == [1] * len(kept)


async def test_a_server_that_was_filled_anew_is_read_anew(tmp_path: Path, kept: dict[str, KeptServer]) -> None:
    await start(tmp_path, kept)
    anew = next(iter(kept))
    kept[anew].empty = True
    assert {kind for kind, calls in (await start(tmp_path, kept)).items() if calls} == {anew}


async def test_real_servers_are_read_again_where_simulators_stood_in_for_them(
    tmp_path: Path, kept: dict[str, KeptServer]
) -> None:
    await start(tmp_path, kept)
    await start(tmp_path, {})
    assert all((await start(tmp_path, kept)).values())
    assert not any((await start(tmp_path, kept)).values())


async def test_real_servers_are_read_again_where_the_crosswalk_is_gone(
    tmp_path: Path, kept: dict[str, KeptServer]
) -> None:
    await start(tmp_path, kept)
    (tmp_path / "c360.db").unlink()
    assert all((await start(tmp_path, kept)).values())


async def test_a_later_start_tells_of_the_same_world(tmp_path: Path, kept: dict[str, KeptServer]) -> None:
    first = kept_world(tmp_path / "real", CUSTOMERS)
    await start(tmp_path, kept)
    assert kept_world(tmp_path / "real", CUSTOMERS) == first
    with pytest.raises(CommandFailed, match="were filled with 30 customers"):
        await start(tmp_path, kept, customers=31)


def test_real_servers_start_beside_one_another_and_are_all_stopped_where_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, told = Barrier(2, timeout=5), []

    @contextmanager
    def up(directory: Path) -> Iterator[str]:
        together.wait()
        yield directory.name
        told.append(f"{directory.name} stopped")

    @contextmanager
    def down(directory: Path) -> Iterator[str]:
        together.wait()
        raise ServerFailed("no such thing")
        yield ""

    plugin = next(iter(registry.installed().values()))
    plugins = {kind: replace(plugin, loader=loader) for kind, loader in (("one", up), ("other", down))}
    monkeypatch.setattr(registry, "installed", lambda: plugins)
    with real_servers(tmp_path) as servers:
        assert servers.starting["one"].result() == "one"
        with pytest.raises(ServerFailed, match="no such thing"):
            servers.starting["other"].result()
        assert told == []
    assert told == ["one stopped"]
