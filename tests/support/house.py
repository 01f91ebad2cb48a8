"""A whole gateway over simulators of every connector, for tests that go in by /graphql and count at the sockets."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.app import create_app
from gateway.settings import Settings
from gateway.telemetry import configure_logs
from gateway.wiring import Gateway, open_gateway
from sources import registry
from sources.crosswalk.backfill import backfill
from sources.crosswalk.words import LookupKey
from sources.simulation.facts import Fact
from sources.simulation.harness import Call
from sources.simulation.serving import serving
from sources.simulation.simulator import Simulator


@dataclasses.dataclass
class House:
    """One gateway, its simulators by the configured name of their system, and a client."""

    gateway: Gateway
    simulators: dict[str, Simulator]
    client: httpx.AsyncClient

    async def post(self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None, **headers):
        """The raw answer to a query; `token` None sends none."""
        sent = {"authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables or {}}
        return await self.client.post("/graphql", json=body, headers={**sent, **headers})

    async def ask(self, query: str, variables: dict[str, Any] | None = None, *, role: str = "finance_analyst"):
        """The JSON of an answer, asked in a role."""
        answer = await self.post(query, variables, token=self.token(role))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def data(self, query: str, variables: dict[str, Any] | None = None, *, role: str = "finance_analyst"):
        """The data of an answer that must hold no errors."""
        answer = await self.ask(query, variables, role=role)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def token(self, role: str, **more: Any) -> str:
        return self.gateway.issuer.token(role, **more)

    async def id_of(self, number: str) -> str:
        """The global id of a customer by its number."""
        found = await self.data("query($n: String!) { customerBy(key: {number: $n}) { id } }", {"n": number})
        return found["customerBy"]["id"]

    async def forget_cached(self, number: str) -> None:
        """Drop what is cached of a customer, as a change at every source would."""
        uids = await self.gateway.crosswalk.find(LookupKey("number", number))
        for links in (await self.gateway.crosswalk.refs(uids)).values():
            for link in links:
                await self.gateway.systems.forget(link.source_uid, customer=link.ref)

    def calls(self, system: str) -> list[Call]:
        """The calls that reached a system's socket, tokens and retries too."""
        return self.simulators[system].harness.calls

    def counts(self) -> dict[str, int]:
        """How many calls reached each system."""
        return {name: len(simulator.harness.calls) for name, simulator in self.simulators.items()}

    def forget_calls(self) -> None:
        for simulator in self.simulators.values():
            simulator.harness.calls.clear()

    def absorb(self, *facts: Fact) -> None:
        """Something happens in the world."""
        for fact in facts:
            for simulator in self.simulators.values():
                simulator.absorb(fact)


@asynccontextmanager
async def open_house(
    history: Sequence[Fact],
    directory: Path,
    *,
    gateway: dict[str, Any] | None = None,
    sections: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda name, section: section,
    more: dict[str, Any] | None = None,
    systems: dict[str, str] | None = None,
    fill: bool = True,
) -> AsyncIterator[House]:
    """A gateway over simulators that have absorbed a history.

    `systems` gives the kind of each system by its name (one of each installed kind, named by role, otherwise);
    `sections` may change a [sources.*] section; `gateway` is more of [gateway], `more` other sections.
    """
    configure_logs("error")
    kinds = systems or {plugin.role: kind for kind, plugin in registry.installed().items()}
    async with AsyncExitStack() as opened:
        simulators, configured = {}, {}
        for name, kind in kinds.items():
            simulators[name] = simulator = registry.plugin(kind).simulator()
            for fact in history:
                simulator.absorb(fact)
            url = await opened.enter_async_context(serving(simulator.harness))
            configured[name] = sections(name, {"kind": kind, **simulator.section(url)})
        settings = Settings(
            gateway={
                "database_url": f"sqlite:///{directory / 'c360.db'}",
                "data_directory": directory,
                **(gateway or {}),
            },
            identity={"development": True},
            sources=configured,
            **(more or {}),
        )
        open_one = await opened.enter_async_context(open_gateway(settings))
        if fill:
            for system in open_one.systems.all:
                await backfill(open_one.crosswalk, system, lambda done, total: None)
        transport = httpx.ASGITransport(app=create_app(open_one), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30)
        await opened.enter_async_context(client)
        house = House(open_one, simulators, client)
        house.forget_calls()
        yield house
