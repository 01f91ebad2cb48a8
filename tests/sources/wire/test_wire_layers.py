"""All layers together, at a socket: who is asked how often, and what is on record afterwards."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import sources.wire
from sources.faults import CircuitOpen, SourceFault, Throttled, Timeout, Unavailable
from sources.simulation.harness import Harness, Switches, answer
from sources.simulation.serving import serving
from sources.wire.breaker import MIN_CALLS, CircuitState
from sources.wire.correlation import correlation_id
from sources.wire.deadline import Deadline, within
from sources.wire.messages import Request, Response


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, 200, b'{"hello":"world"}')


@pytest.fixture
async def source() -> Any:
    harness = Harness(hello)
    async with serving(harness) as base:
        harness.base = base  # type: ignore[attr-defined]
        yield harness


async def fault_of(wire: Any, url: str, seconds: float = 5.0, **request: Any) -> SourceFault:
    with within(Deadline(seconds)), pytest.raises(SourceFault) as caught:
        await wire.send(Request(url=url, **request))
    return caught.value


def test_the_order_of_the_layers_is_told_as_it_is() -> None:
    order = "deadline -> breaker -> retry -> limiter -> recorder -> transport"
    assert order in (sources.wire.__doc__ or "")
    for layer in order.split(" -> "):
        assert (Path(sources.wire.__path__[0]) / f"{layer}.py").exists()


async def test_a_safe_request_is_tried_three_times(wire_to: Any, source: Any) -> None:
    source.switches = Switches(status=503)
    fault = await fault_of(wire_to(source.base), source.base + "/a")
    assert type(fault) is Unavailable
    assert source.count == 3


async def test_a_write_is_sent_once(wire_to: Any, source: Any) -> None:
    source.switches = Switches(status=503)
    await fault_of(wire_to(source.base), source.base + "/a", method="POST", body=b"{}", safe=False)
    assert source.count == 1


async def test_a_blip_is_mended_and_both_tries_are_on_record(wire_to: Any, source: Any) -> None:
    source.switches = Switches(status=503, times=1)
    wire = wire_to(source.base)
    response = await wire.send(Request(url=source.base + "/a"))
    assert response.status == 200
    assert source.count == 2
    assert wire.health.outcomes == {"unavailable": 1, "ok": 1}
    assert wire.health.reachable
    assert wire.health.error_rate == 0.5


async def test_retry_after_is_waited_for(wire_to: Any, source: Any) -> None:
    source.switches = Switches(throttle_retry_after="0.2", times=1)
    began = time.monotonic()
    with within(Deadline(5)):
        await wire_to(source.base).send(Request(url=source.base + "/a"))
    assert 0.2 <= time.monotonic() - began < 1
    assert source.count == 2


async def test_a_retry_after_that_is_too_long_is_told_at_once(wire_to: Any, source: Any) -> None:
    source.switches = Switches(throttle_retry_after="60")
    began = time.monotonic()
    fault = await fault_of(wire_to(source.base), source.base + "/a")
    assert isinstance(fault, Throttled)
    assert fault.retry_after_seconds == 60
    assert time.monotonic() - began < 0.5
    assert source.count == 1


async def test_with_the_deadline_passed_nobody_is_asked(wire_to: Any, source: Any) -> None:
    wire = wire_to(source.base)
    fault = await fault_of(wire, source.base + "/a", seconds=0.0)
    assert isinstance(fault, Timeout)
    assert source.count == 0
    assert wire.health.outcomes == {}


async def test_a_source_that_fails_is_left_alone_and_found_again(wire_to: Any, source: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sources.wire.breaker.FIRST_WAIT_SECONDS", 0.1)
    source.switches = Switches(status=503)
    wire = wire_to(source.base)
    for _ in range(MIN_CALLS):
        await fault_of(wire, source.base + "/a", safe=False)
    assert wire.health.circuit is CircuitState.OPEN
    assert not wire.health.reachable
    before = source.count
    assert isinstance(await fault_of(wire, source.base + "/a"), CircuitOpen)
    assert source.count == before
    await asyncio.sleep(0.11)
    assert wire.health.circuit is CircuitState.HALF_OPEN
    await fault_of(wire, source.base + "/a")
    assert source.count == before + 1
    source.reset()
    await asyncio.sleep(0.21)
    assert (await wire.send(Request(url=source.base + "/a"))).status == 200
    assert wire.health.circuit is CircuitState.CLOSED
    assert wire.health.outcomes["circuit_open"] == 1


async def test_when_a_source_returns_one_call_finds_out_for_all(wire_to: Any, source: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sources.wire.breaker.FIRST_WAIT_SECONDS", 0.05)
    source.switches = Switches(status=503)
    wire = wire_to(source.base)
    for _ in range(MIN_CALLS):
        await fault_of(wire, source.base + "/a", safe=False)
    await asyncio.sleep(0.06)
    source.reset()
    source.switches = Switches(latency_seconds=0.05)
    calls = [wire.send(Request(url=source.base + "/a")) for _ in range(20)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, Response) for result in results) == 1
    assert sum(isinstance(result, CircuitOpen) for result in results) == 19
    assert source.count == 1


async def test_a_hanging_source_opens_the_circuit_though_the_deadline_is_shorter_than_its_time_limit(
    wire_to: Any, source: Any
) -> None:
    source.switches = Switches(hang=True)
    wire = wire_to(source.base, timeout_seconds=4.0)
    await asyncio.gather(*(fault_of(wire, source.base + "/a", seconds=0.8) for _ in range(MIN_CALLS)))
    assert wire.health.circuit is CircuitState.OPEN


async def test_callers_in_a_great_hurry_do_not_open_the_circuit(wire_to: Any, source: Any) -> None:
    source.switches = Switches(latency_seconds=0.1)
    wire = wire_to(source.base)
    await asyncio.gather(*(fault_of(wire, source.base + "/a", seconds=0.02) for _ in range(2 * MIN_CALLS)))
    assert wire.health.circuit is CircuitState.CLOSED


async def test_cancelled_callers_do_not_open_the_circuit_nor_hold_their_places(wire_to: Any, source: Any) -> None:
    source.switches = Switches(hang=True)
    wire = wire_to(source.base, max_concurrency=30)
    callers = [asyncio.create_task(wire.send(Request(url=source.base + "/a"))) for _ in range(30)]
    await asyncio.sleep(0.05)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    source.reset()
    assert (await wire.send(Request(url=source.base + "/a"))).status == 200
    assert wire.health.outcomes == {"cancelled": 30, "ok": 1}
    assert wire.health.error_rate == 0.0


async def test_a_queue_of_our_own_making_does_not_open_the_circuit(wire_to: Any, source: Any) -> None:
    source.switches = Switches(latency_seconds=0.2)
    wire = wire_to(source.base, max_concurrency=1)

    async def call() -> str:
        with within(Deadline(0.3)):
            try:
                await wire.send(Request(url=source.base + "/a"))
            except SourceFault as fault:
                return fault.code
        return "ok"

    codes = await asyncio.gather(*(call() for _ in range(30)))
    assert codes.count("ok") == 1
    assert codes.count("SOURCE_THROTTLED") >= 25  # the others got their place too late for an answer
    assert wire.health.circuit is CircuitState.CLOSED
    assert wire.health.outcomes["limited"] == codes.count("SOURCE_THROTTLED")


async def test_health_before_the_first_call_and_after(wire_to: Any, source: Any) -> None:
    wire = wire_to(source.base)
    assert (wire.health.reachable, wire.health.latency_p95_ms, wire.health.error_rate) == (True, None, None)
    source.switches = Switches(latency_seconds=0.02)
    for _ in range(5):
        await wire.send(Request(url=source.base + "/a"))
    wire.report_quota(0.25)
    health = wire.health
    assert 20 <= health.latency_p95_ms < 500
    assert (health.error_rate, health.quota_remaining, health.last_fault) == (0.0, 0.25, None)
    assert health.last_success_at.utcoffset().total_seconds() == 0
    source.switches = Switches(html=True)
    await fault_of(wire, source.base + "/a", safe=False)
    assert (wire.health.last_fault, wire.health.error_rate) == ("502", pytest.approx(1 / 6))
    assert wire.health.last_failure_at >= health.last_success_at


async def test_an_observer_is_told_of_each_try(wire_to: Any, source: Any) -> None:
    told: list[tuple[str, str]] = []

    def observer(system: str, outcome: str, seconds: float) -> None:
        assert 0 <= seconds < 5
        told.append((system, outcome))

    source.switches = Switches(status=500, times=1)
    await wire_to(source.base, options={"observer": observer}).send(Request(url=source.base + "/a"))
    assert told == [("x", "unavailable"), ("x", "ok")]


async def test_the_correlation_id_is_sent_on(wire_to: Any, source: Any) -> None:
    wire = wire_to(source.base)
    token = correlation_id.set("req-1")
    try:
        await wire.send(Request(url=source.base + "/a", headers={"Authorization": "Bearer x"}))
    finally:
        correlation_id.reset(token)
    await wire.send(Request(url=source.base + "/a"))
    assert source.calls[0].headers["x-correlation-id"] == "req-1"
    assert source.calls[0].headers["authorization"] == "Bearer x"
    assert "x-correlation-id" not in source.calls[1].headers


async def test_a_span_for_each_try_tells_neither_query_nor_id_nor_credential(wire_to: Any, source: Any) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    wire = wire_to(source.base, options={"tracer": provider.get_tracer("test")})
    source.switches = Switches(status=503, times=1)
    url = source.base + "/api/customers/4711?token=hush"
    await wire.send(Request(url=url, headers={"Authorization": "Bearer hush"}))
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["GET /api/customers/{}"] * 2
    assert [span.attributes["http.response.status_code"] for span in spans] == [503, 200]
    assert not re.search("hush|4711", " ".join(span.to_json() for span in spans))
    provider.shutdown()


async def test_no_fault_tells_a_credential_a_query_or_a_body(wire_to: Any, source: Any) -> None:
    wire = wire_to(source.base, timeout_seconds=0.1)
    url = source.base + "/find/anna@example.com?email=anna@example.com&key=hush"
    secret = {"headers": {"Authorization": "Bearer hush"}, "body": b"anna hush", "method": "POST", "safe": False}
    for switches in (Switches(hang=True), Switches(drop_connection=True), Switches(status=302), Switches(status=500)):
        source.switches = switches
        fault = await fault_of(wire, url, **secret)
        assert not re.search("hush|anna|127.0.0.1", f"{fault!r} {fault} {fault.__cause__!r}")


async def test_the_rate_is_divided_among_the_workers(wire_to: Any, source: Any) -> None:
    wire = wire_to(source.base, requests_per_second=4, options={"workers": 4})
    await wire.send(Request(url=source.base + "/a"))
    fault = await fault_of(wire, source.base + "/a", seconds=0.5)
    assert isinstance(fault, Throttled)
    assert source.count == 1
