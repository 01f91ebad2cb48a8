"""Sixty-four clients at once for half a minute, one source failing at random: everyone is answered, nothing leaks."""

import asyncio
import gc
import random
import time

import httpx
import psutil
import pytest

from gateway.app import create_app
from sources.simulation.harness import Switches
from sources.simulation.serving import serving
from tests.support.asking import EVERYTHING
from tests.support.house import open_house

CLIENTS = 64
SECONDS = 30
WARM_SECONDS = 8  # until caches, pools and the allocator's arenas are filled
GROWTH_BYTES = 24 * 1024 * 1024  # what the allocator and the caches may still move by; a leak of tasks is far more


@pytest.mark.timeout(400)
async def test_everyone_is_answered_and_nothing_leaks(history, tmp_path):
    def briefly(name, section):
        return {**section, "cache_seconds": 0.5, "stale_seconds": 0}  # so that the sources are really asked

    async with open_house(history, tmp_path, sections=briefly) as house:
        customers = [await house.id_of(f"C-{number:06}") for number in range(1, 16)]
        house.simulators["billing"].harness.switches = Switches(failure_rate=0.3, latency_jitter_seconds=0.05)
        token = house.token("finance_analyst")
        before = len(asyncio.all_tasks())
        async with serving(create_app(house.gateway)) as url:
            await _ask_for(WARM_SECONDS, url, token, customers)
            warm = _memory()
            statuses, partial = await _ask_for(SECONDS, url, token, customers)
            grown = _memory() - warm
        assert set(statuses) == {200}
        assert statuses[200] > CLIENTS
        assert partial > 0, "the failing source was never noticed"
        await _settled(before)
        assert len(asyncio.all_tasks()) <= before
        assert grown < GROWTH_BYTES
        connections = [c for c in psutil.Process().net_connections("tcp") if c.status == psutil.CONN_ESTABLISHED]
        assert len(connections) < CLIENTS * len(house.simulators)


async def _ask_for(seconds, url, token, customers):
    """The answers of all clients by status, and how many had errors in them."""
    statuses: dict[int, int] = {}
    partial = 0
    until = time.monotonic() + seconds
    headers = {"authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=CLIENTS)

    async def client(session: httpx.AsyncClient, chance: random.Random) -> None:
        nonlocal partial
        while time.monotonic() < until:
            body = {"query": EVERYTHING, "variables": {"id": chance.choice(customers)}}
            answer = await session.post(f"{url}/graphql", json=body)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            partial += b'"errors"' in answer.content

    async with httpx.AsyncClient(headers=headers, timeout=60, limits=limits) as session:
        await asyncio.gather(*(client(session, random.Random(seed)) for seed in range(CLIENTS)))
    return statuses, partial


async def _settled(before: int) -> None:
    for _ in range(50):
        if len(asyncio.all_tasks()) <= before:
            return
        await asyncio.sleep(0.1)


def _memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss
