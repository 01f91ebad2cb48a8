"""Whether the gateway lives and can answer: one word in public, a line for each source and store to operators.

A source that is down does not make the gateway unready: it blanks its own edges and nothing else. Without its
database it knows no customer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.telemetry.metrics import Metrics, Watched

CHECK_SECONDS = 2.0  # below the 3 to 10 seconds after which an orchestrator gives up on a probe
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""Looks at a store; gives None where it is well, else why it is not. An exception counts as not well."""


class Line(msgspec.Struct, frozen=True):
    """One line of the details."""

    name: str
    well: bool
    words: str

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


class Readiness:
    """What must be well (`required`), what should be (`others`), and the sources, from their own record."""

    def __init__(
        self, *, required: Mapping[str, Check], others: Mapping[str, Check], sources: Iterable[Watched]
    ) -> None:
        self._required = required
        self._others = others
        self.sources = tuple(sources)
        self.stopping = False
        """True once the gateway takes no new work, so that a load balancer looks elsewhere."""

    async def ready(self) -> bool:
        """Whether requests can be answered. Makes no call to a source."""
        if self.stopping:
            return False
        return all(line.well for line in await self._looked_at(self._required))

    async def lines(self) -> list[Line]:
        """A line for each store and source."""
        stores = await self._looked_at({**self._required, **self._others})
        return [*stores, *(_source_line(source) for source in self.sources)]

    async def _looked_at(self, checks: Mapping[str, Check]) -> list[Line]:
        return list(await asyncio.gather(*(_store_line(name, check) for name, check in checks.items())))


async def _store_line(name: str, check: Check) -> Line:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            reason = await check()
    except Exception as error:  # the kind alone: its text may hold an address with a password
        reason = f"does not answer ({type(error).__name__})"
    return Line(name, reason is None, reason or "ok")


def _source_line(source: Watched) -> Line:
    health = source.wire.health
    words = "ok" if health.reachable else "not reachable"
    return Line(source.name, health.reachable, f"{words}, circuit {health.circuit.value}")


def public_routes(readiness: Readiness) -> list[Route]:
    """/healthz and /readyz in one word."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        ready = await readiness.ready()
        return PlainTextResponse("ready\n" if ready else "unready\n", 200 if ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def operations_app(readiness: Readiness, metrics: Metrics) -> Starlette:
    """The operations port: /metrics, and /readyz with its details."""

    async def exposition(request: Request) -> Response:
        return Response(metrics.exposition(readiness.sources), media_type=METRICS_TYPE)

    async def readyz(request: Request) -> Response:
        ready = await readiness.ready()
        words = ["ready" if ready else "unready", *map(str, await readiness.lines())]
        return PlainTextResponse("\n".join(words) + "\n", 200 if ready else 503)

    return Starlette(routes=[Route("/metrics", exposition), Route("/readyz", readyz)])
