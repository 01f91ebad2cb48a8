"""What an operator sees: logs as JSON lines on standard error, metrics for Prometheus, traces over OTLP."""

from gateway.telemetry.logs import configure_logs
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.tracing import Tracing

__all__ = ["Metrics", "Tracing", "configure_logs"]
