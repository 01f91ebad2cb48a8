"""One process's gateway, answering: opened, served on its public and operations ports, and closed in order."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.app import create_app
from gateway.collecting import seldom
from gateway.health import operations_app
from gateway.serving import listen, served
from gateway.settings import Settings
from gateway.wiring import Gateway, open_gateway

WORKFLOWS_DRAIN_SECONDS = 15.0  # after the requests' own DRAIN_SECONDS: together below the 30 s of orchestrators


@asynccontextmanager
async def hosted(
    settings: Settings, listener: socket.socket, *, workers: int = 1, index: int = 0
) -> AsyncIterator[Gateway]:
    """The gateway while it answers on `listener`.

    Each of several workers has its own operations port, counted up from the configured one by its `index`, since
    each has its own metrics.
    """
    async with AsyncExitStack() as opened:
        gateway = await opened.enter_async_context(
            open_gateway(settings, workers=workers, drain_seconds=WORKFLOWS_DRAIN_SECONDS)
        )
        if settings.operations is not None:
            host, port = settings.operations.host, settings.operations.port
            operations = listen(host, port + index if port else 0, "Change port in [operations]")
            await opened.enter_async_context(served(operations_app(gateway.readiness, gateway.metrics), operations))
        await opened.enter_async_context(polling(gateway))
        app = create_app(gateway)
        opened.enter_context(seldom())
        await opened.enter_async_context(served(app, listener))
        try:
            yield gateway
        finally:
            gateway.readiness.stopping = True
            gateway.connections.stop()
            await gateway.governed.governance.close()  # who waits for a workflow is answered now


@asynccontextmanager
async def polling(gateway: Gateway) -> AsyncIterator[None]:
    """Changes at the sources are taken in meanwhile, by one process of the deployment at a time."""
    task = asyncio.create_task(gateway.poller.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
