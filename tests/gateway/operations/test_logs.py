import io
import json
import logging

import pytest
import structlog

from gateway.telemetry import Tracing, configure_logs
from gateway.telemetry.logs import HIDDEN
from sources.wire.correlation import correlation_id

SECRET = "sk_live_hunter2"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"


@pytest.fixture
def logged(monkeypatch):
    """What comes out of a logger, as JSON; the process's own logging is put back afterwards."""
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers, root.level)
    monkeypatch.setattr("sys.stderr", stream)
    configure_logs("info", [SECRET, "ab"])
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before
    structlog.reset_defaults()


def test_a_log_is_one_line_of_json_with_its_correlation(logged):
    token = correlation_id.set("c-1")
    structlog.get_logger("gateway.edge").info("answered", outcome="ok", seconds=0.2)
    correlation_id.reset(token)
    structlog.get_logger("gateway.edge").debug("too fine")
    (line,) = logged()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "answered",
        "outcome": "ok",
        "seconds": 0.2,
        "correlation_id": "c-1",
        "level": "info",
        "logger": "gateway.edge",
    }


def test_logs_of_the_standard_library_come_out_the_same(logged):
    logging.getLogger("alembic.runtime").warning("slow %s", "start")
    (line,) = logged()
    assert (line["event"], line["level"], line["logger"]) == ("slow start", "warning", "alembic.runtime")


@pytest.mark.parametrize(
    "fields",
    [
        {"url": f"https://x.example/?key={SECRET}"},
        {"headers": {"Authorization": "Basic YW5uOmh1bnRlcjI="}},
        {"note": f"got Bearer {TOKEN}"},
        {"note": TOKEN},
        {"deep": [{"a": ({"b": SECRET},)}]},
        {"error": ValueError(f"refused {SECRET}")},
        {"password": "hunter2"},
    ],
)
def test_what_is_secret_is_not_logged(logged, fields):
    structlog.get_logger("x").info("call", **fields)
    (line,) = logged()
    text = json.dumps(line)
    assert HIDDEN in text
    for secret in (SECRET, TOKEN, "YW5uOmh1bnRlcjI=", "hunter2"):
        assert secret not in text


def test_a_traceback_is_scrubbed_too(logged):
    try:
        raise ValueError(SECRET)
    except ValueError:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("y").exception("failed %s", SECRET)
    lines = logged()
    assert all("ValueError: [hidden]" in line["exception"] for line in lines)
    assert SECRET not in json.dumps(lines)


def test_a_word_that_is_as_short_as_a_secret_never_is_stays(logged):
    structlog.get_logger("x").info("about")
    assert logged()[0]["event"] == "about"


def test_without_an_endpoint_nothing_is_traced():
    tracing = Tracing(None)
    with tracing.request("graphql") as span:
        assert not span.is_recording()
    assert tracing.tracer is None


def test_a_call_is_a_child_of_the_request_that_made_it():
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracing = Tracing(None, exporter)
    with tracing.request("graphql"), tracing.tracer.start_as_current_span("billing"):
        pass
    tracing.close()
    call, request = exporter.get_finished_spans()
    assert (call.name, request.name) == ("billing", "graphql")
    assert call.parent.span_id == request.context.span_id
