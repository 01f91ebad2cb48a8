"""A house on a port of its own where things happen, for clients that subscribe."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from gateway.app import create_app
from gateway.serving import address_of, listen, served
from sources.announcements import Announced
from sources.crosswalk.words import LookupKey
from sources.simulation.world import BY_KEY, world
from tests.support.house import House, open_house

NUMBER = BY_KEY["everything"].number
SUBSCRIPTION = "subscription Changed($id: ID!) { customerChanged(id: $id) { kind system customer { number } } }"
TOLD = {"kind": "INVOICE", "system": "billing", "customer": {"number": NUMBER}}
TELL_SECONDS = 0.02


@cache
def small_world():
    return world(customers=12)


@dataclass(frozen=True)
class Happening:
    """A gateway that answers on a port, and can be told that something changed."""

    house: House
    url: str

    @property
    def websocket_url(self) -> str:
        return "ws" + self.url.removeprefix("http")

    def environment(self, customer: str, role: str = "finance_analyst") -> dict[str, str]:
        """What a script needs to know."""
        return {
            "URL": self.url,
            "WEBSOCKET_URL": self.websocket_url,
            "TOKEN": self.house.token(role),
            "CUSTOMER": customer,
            "SUBSCRIPTION": SUBSCRIPTION,
        }

    async def customer(self) -> str:
        return await self.house.id_of(NUMBER)

    @asynccontextmanager
    async def changing(self):
        """Meanwhile an invoice of the customer changes, again and again, for whoever listens."""
        task = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tell(self) -> None:
        (uid,) = await self.house.gateway.crosswalk.find(LookupKey("number", NUMBER))
        billing = next(system for system in self.house.gateway.systems.all if system.name == "billing")
        while True:
            self.house.gateway.announcements.tell(
                Announced(
                    customer_uid=uid, source_uid=billing.uid, kind="Invoice", record_id="in_1", at=datetime.now(UTC)
                )
            )
            await asyncio.sleep(TELL_SECONDS)

    async def silent(self) -> bool:
        """Whether nobody listens any more, waiting for a moment."""
        for _ in range(250):
            if not self.house.gateway.announcements.listeners:
                return True
            await asyncio.sleep(0.02)
        return False


@asynccontextmanager
async def happening(directory: Path):
    """A gateway over simulators, on a free port of the loop that runs."""
    async with open_house(small_world(), directory) as house:
        listener = listen("127.0.0.1", 0, "")
        async with served(create_app(house.gateway), listener):
            yield Happening(house, f"{address_of(listener)}/graphql")
