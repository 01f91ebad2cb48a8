"""Traces over OTLP where [telemetry] otlp_endpoint is set; nothing is loaded or kept where it is not.

Spans hold names, outcomes and times: no query, no variable, no record.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from sources.wire.correlation import correlation_id
from sources.wire.recorder import OK

SERVICE = "c360-gateway"
NANOSECONDS = 1_000_000_000


class Tracing:
    """The tracer of one gateway. Close it at the end, so that the last spans are sent."""

    def __init__(self, otlp_endpoint: str | None, exporter: Any = None) -> None:
        self._provider: Any = None
        self._tracer: Tracer = trace.NoOpTracer()
        if otlp_endpoint or exporter:
            self._start(otlp_endpoint, exporter)

    @property
    def on(self) -> bool:
        return self._provider is not None

    @contextmanager
    def request(self, name: str) -> Iterator[Span]:
        """A span around the request that is being served; calls to sources become its children."""
        with self._tracer.start_as_current_span(name, kind=SpanKind.SERVER) as span:
            span.set_attribute("c360.correlation_id", correlation_id.get())
            yield span

    def source_call(self, system: str, outcome: str, seconds: float, /) -> None:
        """A span for a call that has just ended."""
        if not self.on:
            return
        end = time.time_ns()
        span = self._tracer.start_span(system, kind=SpanKind.CLIENT, start_time=end - int(seconds * NANOSECONDS))
        span.set_attribute("c360.outcome", outcome)
        if outcome != OK:
            span.set_status(StatusCode.ERROR, outcome)
        span.end(end)

    def close(self) -> None:
        """Send what is left; waits a few seconds at most."""
        if self._provider is not None:
            self._provider.shutdown()

    def _start(self, endpoint: str | None, exporter: Any) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer(SERVICE)
