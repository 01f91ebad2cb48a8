import asyncio

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from gateway.health import Readiness, operations_app, public_routes
from gateway.telemetry import Metrics
from sources.cache.cache import CacheCounts
from sources.wire.breaker import CircuitState
from sources.wire.recorder import SourceHealth


class Wire(msgspec.Struct):
    health: SourceHealth


class Source(msgspec.Struct):
    name: str
    wire: Wire


def source(name, reachable=True, circuit=CircuitState.CLOSED, quota=None):
    health = SourceHealth(
        reachable=reachable,
        circuit=circuit,
        latency_p95_ms=None,
        error_rate=None,
        quota_remaining=quota,
        last_success_at=None,
        last_failure_at=None,
        last_fault=None,
    )
    return Source(name, Wire(health))


async def well():
    return None


async def broken():
    raise ConnectionError("redis://user:hunter2@10.0.0.1 refused")


async def hanging():
    await asyncio.sleep(60)


SOURCES = (source("billing", quota=0.25), source("erp", False, CircuitState.OPEN))


async def asked(app, path):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.get(path)
        return answer.status_code, answer.text


def public(readiness):
    return Starlette(routes=public_routes(readiness))


async def test_a_source_that_is_down_leaves_the_gateway_ready():
    readiness = Readiness(required={"database": well}, others={"redis": broken}, sources=SOURCES)
    assert await asked(public(readiness), "/healthz") == (200, "ok\n")
    assert await asked(public(readiness), "/readyz") == (200, "ready\n")


async def test_operators_see_a_line_for_each_store_and_source():
    readiness = Readiness(required={"database": well}, others={"redis": broken}, sources=SOURCES)
    status, text = await asked(operations_app(readiness, Metrics()), "/readyz")
    assert status == 200
    assert text.splitlines() == [
        "ready",
        "database: ok",
        "redis: does not answer (ConnectionError)",
        "billing: ok, circuit CLOSED",
        "erp: not reachable, circuit OPEN",
    ]


@pytest.mark.parametrize("check", [broken, hanging])
async def test_without_its_database_the_gateway_is_unready_but_alive(check, monkeypatch):
    monkeypatch.setattr("gateway.health.CHECK_SECONDS", 0.05)
    readiness = Readiness(required={"database": check}, others={}, sources=())
    assert await asked(public(readiness), "/readyz") == (503, "unready\n")
    assert await asked(public(readiness), "/healthz") == (200, "ok\n")


async def test_a_gateway_that_stops_is_unready():
    readiness = Readiness(required={"database": well}, others={}, sources=())
    readiness.stopping = True
    assert await asked(public(readiness), "/readyz") == (503, "unready\n")


async def test_metrics_are_in_the_words_of_prometheus():
    metrics = Metrics()
    metrics.request("partial", 0.2, ["SOURCE_TIMEOUT"])
    metrics.source_call("billing", "ok", 0.03)
    metrics.watch_cache(CacheCounts(memory_hits=3))
    _, text = await asked(operations_app(Readiness(required={}, others={}, sources=SOURCES), metrics), "/metrics")
    for line in (
        'c360_requests_total{outcome="partial"} 1.0',
        'c360_errors_total{code="SOURCE_TIMEOUT"} 1.0',
        'c360_source_calls_total{outcome="ok",system="billing"} 1.0',
        'c360_cache_keys_total{how="memory_hits"} 3.0',
        'c360_source_circuit{system="erp"} 2.0',
        'c360_source_reachable{system="erp"} 0.0',
        'c360_source_quota_remaining{system="billing"} 0.25',
        "c360_request_seconds_count 1.0",
    ):
        assert line in text.splitlines()


def test_two_gateways_in_one_process_count_apart():
    one, other = Metrics(), Metrics()
    one.request("ok", 0.1)
    assert b'c360_requests_total{outcome="ok"}' not in other.exposition(())
