"""The cache before a wire before a socket: what a shared fetch means for the source and its record."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from sources.faults import Timeout
from sources.plugin import SourceSettings
from sources.simulation.harness import Harness, Switches, answer
from sources.simulation.serving import serving
from sources.wire.deadline import Deadline, within
from sources.wire.messages import Request
from sources.wire.wire import open_wire


class Upstream:
    def __init__(self, base: str, harness: Harness) -> None:
        self.base = base
        self.harness = harness
        settings = SourceSettings(kind="x", base_url=base, customer_key="k")
        self.wire = open_wire("x", settings, lambda response: None)

    async def fetch(self, keys: Sequence[str]) -> dict[str, Any]:
        response = await self.wire.send(Request(url=f"{self.base}/records?ids={','.join(keys)}"))
        return dict.fromkeys(keys, response.body.decode())


@pytest.fixture
async def upstream() -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, 200, b"record")

    harness = Harness(app)
    async with serving(harness) as base:
        upstream = Upstream(base, harness)
        yield upstream
        await upstream.wire.close()


async def test_one_hundred_requests_cost_one_upstream_call(open_cache: Any, ask: Any, upstream: Any) -> None:
    cache = open_cache()
    await asyncio.gather(*(ask(cache, "a", "b", fetch=upstream.fetch) for _ in range(100)))
    assert [call.query for call in upstream.harness.calls] == ["ids=a,b"]


async def test_a_source_that_hangs_is_on_record_as_timed_out_not_as_cancelled(
    open_cache: Any, ask: Any, upstream: Any
) -> None:
    upstream.harness.switches = Switches(hang=True)
    with within(Deadline(0.1)):
        result = await ask(open_cache(), "a", fetch=upstream.fetch)
    assert isinstance(result["a"], Timeout)
    await asyncio.sleep(0.05)
    assert upstream.wire.health.outcomes == {"timeout": 1}


async def test_a_patient_waiter_takes_over_the_call_of_a_hurried_one(open_cache: Any, ask: Any, upstream: Any) -> None:
    upstream.harness.switches = Switches(latency_seconds=0.2)
    cache = open_cache()

    async def by(seconds: float) -> Any:
        with within(Deadline(seconds)):
            return await ask(cache, "a", fetch=upstream.fetch)

    hurried, patient = await asyncio.gather(by(0.08), by(5))
    assert isinstance(hurried["a"], Timeout)
    assert patient == {"a": "record"}
    assert len(upstream.harness.calls) == 1


async def test_a_source_that_is_down_is_stood_in_for_through_the_open_circuit(
    open_cache: Any, ask: Any, upstream: Any, clock: Any
) -> None:
    cache = open_cache()
    await ask(cache, "a", fetch=upstream.fetch)
    clock.now += 60
    upstream.harness.switches = Switches(drop_connection=True)
    for _ in range(20):
        assert await ask(cache, "a", fetch=upstream.fetch) == {"a": "record"}
    assert upstream.wire.health.circuit.value == "OPEN"
