"""The configured sources, each with its wire and its adapter."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from opentelemetry.trace import Tracer
from redis.asyncio import Redis

from sources import registry
from sources.canonical.provenance import Origin
from sources.plugin import SourceSettings
from sources.systems import System
from sources.wire.recorder import Observer
from sources.wire.wire import open_wire


@asynccontextmanager
async def reached(
    sources: Mapping[str, SourceSettings],
    uids: Mapping[str, str],
    *,
    workers: int = 1,
    redis: Redis | None = None,
    observer: Observer | None = None,
    tracer: Tracer | None = None,
) -> AsyncIterator[tuple[System, ...]]:
    """Every source ready to be asked, in the order of the configuration; nothing is asked yet.

    `uids`: the stable uid of each by its configured name. `redis` shares requests_per_second among all processes;
    without it, it is divided among `workers`.
    """
    async with AsyncExitStack() as opened:
        systems = []
        for name, settings in sources.items():
            plugin = registry.plugin(settings.kind)
            wire = open_wire(
                name, settings, plugin.classify, workers=workers, redis=redis, observer=observer, tracer=tracer
            )
            opened.push_async_callback(wire.close)
            origin = Origin(name, plugin.kind, uids[name], plugin.mapping_version)
            adapter = plugin.adapter(settings, origin, wire)
            systems.append(System(origin=origin, plugin=plugin, settings=settings, adapter=adapter, wire=wire))
        yield tuple(systems)
