"""A house that keeps nothing between operations, in a loop that waits while hypothesis thinks."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from sources.simulation.world import world
from tests.support.house import open_house

WITHOUT_CACHE = {"cache_seconds": 0.0, "stale_seconds": 0.0}
RECORDS = """{ customers(first: 12) { nodes { id number
  invoices(first: 2) { nodes { id } } cases(first: 2) { nodes { id } } payments(first: 1) { nodes { id } }
  creditMemos(first: 1) { nodes { id } } refunds(first: 1) { nodes { id } } disputes(first: 1) { nodes { id } }
  orders(first: 1) { nodes { id } } contacts(first: 1) { nodes { id } } subscriptions(first: 1) { nodes { id } }
} } }"""


class Counted:
    """Runs operations and counts them at the sockets."""

    def __init__(self, runner, house, found):
        self._runner, self._house = runner, house
        self.systems = house.gateway.systems
        self.customer_ids = [each["id"] for each in found]
        self.numbers = [each["number"] for each in found if each["number"]]
        lists = [value["nodes"] for each in found for value in each.values() if isinstance(value, dict)]
        self.record_ids = [record["id"] for nodes in lists for record in nodes] + self.customer_ids[:2]

    def run(self, query, variables):
        """(what `extensions.cost` says, the calls that reached each socket) of an operation."""
        return self._runner.run(self._asked(query, variables))

    async def _asked(self, query, variables):
        self._house.forget_calls()
        body = {"query": query, "variables": variables, "extensions": {"cost": True}}
        headers = {"authorization": f"Bearer {self._house.token('finance_analyst')}"}
        answer = (await self._house.client.post("/graphql", json=body, headers=headers)).json()
        assert "data" in answer, answer
        counts = {name: count for name, count in self._house.counts().items() if count}
        return answer["extensions"]["cost"], counts


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        house = runner.run(
            opened.enter_async_context(
                open_house(
                    world(customers=30),
                    tmp_path_factory.mktemp("counted"),
                    sections=lambda name, section: {**section, **WITHOUT_CACHE},
                    more={"limits": {"cost": 100_000, "aliases": 1000, "fields": 20_000, "answer_fields": 10_000_000}},
                )
            )
        )
        found = runner.run(house.data(RECORDS))["customers"]["nodes"]
        yield Counted(runner, house, found)
        runner.run(opened.aclose())
