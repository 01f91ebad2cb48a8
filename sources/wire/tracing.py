"""A span for each try, where tracing is configured; otherwise this layer is not there."""

from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from sources.faults import SourceFault
from sources.wire.deadline import Limit
from sources.wire.messages import Request, Response, Transport
from sources.wire.naming import asked


class TracedTransport:
    """Opens a span around each try of another transport. It holds no query, header, body or id.

    Source: OpenTelemetry semantic conventions, HTTP client spans.
    """

    def __init__(self, name: str, transport: Transport, tracer: Tracer) -> None:
        self._name = name
        self._transport = transport
        self._tracer = tracer

    async def send(self, request: Request, limit: Limit) -> Response:
        """As the transport beneath."""
        what = asked(request.method, request.url)
        attributes = {
            "http.request.method": request.method,
            "server.address": urlsplit(request.url).hostname or "",
            "url.template": what.partition(" ")[2],
            "peer.service": self._name,
        }
        with self._tracer.start_as_current_span(
            what, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                response = await self._transport.send(request, limit)
            except SourceFault as fault:
                span.set_attribute("error.type", fault.code)
                span.set_status(Status(StatusCode.ERROR, fault.reason))
                raise
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= 400:
                span.set_status(Status(StatusCode.ERROR))
            return response

    async def close(self) -> None:
        """Close the transport beneath."""
        await self._transport.close()
