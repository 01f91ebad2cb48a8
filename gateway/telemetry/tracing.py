"""Traces over OTLP where [telemetry] otlp_endpoint is set; nothing is loaded or kept where it is not.

Spans hold names, outcomes and times: no query, no variable, no record.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Tracer

App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
SERVICE = "c360-gateway"


class Tracing:
    """The tracer of one gateway. Close it at the end, so that the last spans are sent."""

    def __init__(self, otlp_endpoint: str | None, exporter: Any = None) -> None:
        self._provider: Any = None
        self._tracer: Tracer = trace.NoOpTracer()
        if otlp_endpoint or exporter:
            self._start(otlp_endpoint, exporter)

    @property
    def tracer(self) -> Tracer | None:
        """For the wires, which open a span for each try; None where nothing is traced."""
        return None if self._provider is None else self._tracer

    @contextmanager
    def request(self, name: str) -> Iterator[Span]:
        """A span around the request that is being served; the wires' spans become its children."""
        with self._tracer.start_as_current_span(name, kind=SpanKind.SERVER) as span:
            yield span

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


def traced(app: App, tracing: Tracing) -> App:
    """The app with a span around each request; the app itself where nothing is traced."""
    if tracing.tracer is None:
        return app

    async def with_span(scope: Any, receive: Any, send: Any) -> None:
        with tracing.request(scope.get("path", "")):
            await app(scope, receive, send)

    return with_span
