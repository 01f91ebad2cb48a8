"""Logs: one JSON object a line on standard error, correlated, and without what is secret."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, TypeAlias

import structlog
from structlog.stdlib import ProcessorFormatter

from sources.wire.correlation import correlation_id

Event: TypeAlias = MutableMapping[str, Any]

HIDDEN = "[hidden]"
SECRET_KEYS = frozenset({"authorization", "proxy-authorization", "cookie", "password", "secret", "token", "api_key"})
CREDENTIAL = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
SHORTEST_SECRET = 6  # hiding every "a" of a one-letter secret would tell it; a real one is longer


class Scrubber:
    """Puts HIDDEN in place of configured secrets, credentials in headers, and tokens, at any depth of an event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, logger: Any, method: str, event: Event) -> Event:
        return {key: self._clean(key, value) for key, value in event.items()}

    def text(self, text: str) -> str:
        """The text without what is secret."""
        text = CREDENTIAL.sub(HIDDEN, JWT.sub(HIDDEN, text))
        return self._known.sub(HIDDEN, text) if self._known else text

    def _clean(self, key: str, value: Any) -> Any:
        if key.lower() in SECRET_KEYS:
            return HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {str(name): self._clean(str(name), item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean("", item) for item in value]
        return value if value is None or isinstance(value, int | float) else self.text(str(value))


def _correlated(logger: Any, method: str, event: Event) -> Event:
    if correlated := correlation_id.get():
        event["correlation_id"] = correlated
    return event


def configure_logs(level: str, secrets: Iterable[str] = ()) -> None:
    """Send every log of the process, of structlog and of the standard library, to standard error as JSON."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _correlated,
    ]
    finish: list[Any] = [
        ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        Scrubber(secrets),
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("httpx", "httpcore", "aiosqlite", "alembic", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)  # a line for each call, statement or start
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
