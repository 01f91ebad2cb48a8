"""The id under which a request is known in every log that it touches, here and at the sources."""

from contextvars import ContextVar

HEADER = "X-Correlation-Id"

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""Set at the edge; empty outside a request, then no header is sent."""
