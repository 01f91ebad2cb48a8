"""Two processes of one deployment, on PostgreSQL: a write of one is seen through the other at once."""

import asyncio
import uuid
from contextlib import asynccontextmanager

import httpx
import pytest

from gateway.app import create_app
from gateway.wiring import open_gateway
from sources.simulation.real.postgres import postgres
from sources.simulation.world import BY_KEY
from tests.support.house import House, open_house
from tests.support.writing import at_rest, credit, decide, story_of

BREACHED = BY_KEY["sla-breach"].number
MEMOS = "query($n: String!) { customerBy(key: {number: $n}) { creditMemos(first: 5) { nodes { workflow { id } } } } }"


@pytest.fixture(scope="module")
def postgres_server():
    with postgres() as running:
        yield running


@pytest.fixture
async def deployment(history, tmp_path, postgres_server):
    """A house on PostgreSQL."""
    name = f"writes_{uuid.uuid4().hex[:8]}"
    url = postgres_server.create_database(name)
    async with open_house(history, tmp_path, gateway={"database_url": url}) as opened:
        yield opened


@asynccontextmanager
async def beside(house):
    """Another process's gateway, for asking; the engine of this process stays the first one's."""
    async with open_gateway(house.gateway.settings, workers=2) as other:
        transport = httpx.ASGITransport(app=create_app(other), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30) as client:
            yield House(other, house.simulators, client)


async def test_a_credit_is_seen_through_another_process_as_soon_as_it_is_done(deployment):
    async with beside(deployment) as other:
        story = await story_of(deployment, BREACHED)
        before = await other.data(MEMOS, {"n": BREACHED})  # so that the other process has it in its cache
        assert [each for each in before["customerBy"]["creditMemos"]["nodes"] if each["workflow"]] == []
        workflow = (await credit(deployment, story.credit("40.00"), "shared"))["workflow"]
        assert workflow["status"] == "SUCCEEDED"
        after = await other.data(MEMOS, {"n": BREACHED})
        assert [each["workflow"]["id"] for each in after["customerBy"]["creditMemos"]["nodes"] if each["workflow"]] == [
            workflow["id"]
        ]


async def test_a_key_is_one_workflow_over_all_processes(deployment):
    async with beside(deployment) as other:
        story = await story_of(deployment, BREACHED)
        wanted = story.credit("120.00")
        both = await asyncio.gather(*(credit(house, wanted, "same", wait=0) for house in (deployment, other)))
        assert {each["idempotency"] for each in both} == {"ACCEPTED", "REPLAYED"}
        assert len({each["workflow"]["id"] for each in both}) == 1
        rejected = await decide(other, "reject", both[0]["workflow"], role="support_lead")
        assert rejected["workflow"]["status"] == "REJECTED"
        assert (await at_rest(deployment, both[0]["workflow"]["id"]))["status"] == "REJECTED"
