"""The demo's real servers: they start beside one another and beside everything else, and stop together."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sources import registry
from sources.simulation.simulator import Loader


class RealServers(msgspec.Struct, frozen=True):
    """Servers that are starting, by the kind of their source; what they hold is kept below `directory`."""

    directory: Path
    starting: Mapping[str, Future[Loader]]
    """Raises ServerFailed."""


@contextmanager
def real_servers(directory: Path) -> Iterator[RealServers]:
    """Start a real server in the place of each simulator that has one; gives them before they are up."""
    offered = {kind: plugin.loader for kind, plugin in registry.installed().items() if plugin.loader}
    servers = {kind: loader(directory / kind) for kind, loader in offered.items()}
    with ThreadPoolExecutor(max(1, len(servers))) as threads:
        starting = {kind: threads.submit(server.__enter__) for kind, server in servers.items()}

        def stop(kind: str) -> None:
            if starting[kind].exception() is None:
                servers[kind].__exit__(None, None, None)

        try:
            yield RealServers(directory, starting)
        finally:
            stopping = [threads.submit(stop, kind) for kind in servers]
            for stopped in stopping:
                stopped.result()
