"""A gateway in this process, over the town's vendors: ended at any moment, and begun again over the same tables."""

from contextlib import AsyncExitStack
from typing import Any

import httpx

from gateway.app import create_app
from gateway.settings import Settings
from gateway.wiring import Gateway, open_gateway
from mutations.governance.pace import Pace
from sources.crosswalk.backfill import backfill
from tests.faults.proof.town import Town

PACE = Pace(
    retry=0.02,
    longest_retry=0.1,
    probe=0.05,
    between_nos=0.02,
    resolve=1.0,
    no_counts_scale=0.02,  # a "not there" counts 1.2 s after the last sending
    call_grace=0.2,
    settle=0.1,
    longest_settle=0.3,
    sweep=0.2,
    sweep_lease=2.0,
    pick_up=0.2,
    unknown=0.2,
    longest_unknown=0.5,
    poll=0.1,
)
TIMEOUT_SECONDS = 0.6


class OneProcess:
    """The gateway of a town, in this process."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._opened = AsyncExitStack()
        self._filled = False
        self._client: httpx.AsyncClient

    async def begin(self) -> None:
        """Open it over the tables as they are."""
        settings = Settings(**self.town.configuration(TIMEOUT_SECONDS))
        gateway: Gateway = await self._opened.enter_async_context(open_gateway(settings, pace=PACE, drain_seconds=0.0))
        if not self._filled:
            for system in gateway.systems.all:
                await backfill(gateway.crosswalk, system, lambda done, total: None)
            self._filled = True
        transport = httpx.ASGITransport(app=create_app(gateway))
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30)
        self._client = await self._opened.enter_async_context(client)

    async def end(self) -> None:
        """Close it; what runs is broken off where it stands."""
        await self._opened.aclose()

    async def data(
        self, query: str, variables: dict[str, Any] | None = None, *, role: str = "finance_analyst", **told: str
    ) -> dict[str, Any]:
        """The data of an answer. `told`: the subject, and the case as the correlation id."""
        headers = {"authorization": f"Bearer {self.town.token(role, told.get('subject'))}"}
        if case := told.get("case"):
            headers["x-correlation-id"] = case
        answer = await self._client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        )
        body = answer.json()
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data
