"""Why a stream ends before its client ends it. Each reason is an error with a code; retryable ones: subscribe again."""

from collections.abc import Sequence
from typing import Any

import structlog

from gateway.edge.documents import Invalid
from gateway.edge.refusals import Refusal
from resolvers.errors import ErrorCode, GatewayError, formatted

log = structlog.get_logger("gateway.edge")


class ClientLeft(Exception):
    """The client has closed the connection, lost it, or reads no more."""


class StreamEnded(Exception):
    """The stream is over; the error says why."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.message)
        self.error = error


def interrupted() -> StreamEnded:
    """Events were missed, or would be from now on."""
    message = "events may have been missed: read anew and subscribe again"
    return StreamEnded(GatewayError(ErrorCode.STREAM_INTERRUPTED, message, retryable=True))


def stopping() -> StreamEnded:
    """The gateway goes down; another process or the next one goes on."""
    message = "the gateway is stopping: subscribe again"
    return StreamEnded(GatewayError(ErrorCode.STREAM_INTERRUPTED, message, retryable=True))


def expired() -> StreamEnded:
    """The token that opened the stream is good no longer."""
    return StreamEnded(GatewayError(ErrorCode.UNAUTHENTICATED, "the token has expired: subscribe with a new one"))


def mask_changed() -> StreamEnded:
    """What the viewer may see is no longer what it was when the stream was opened."""
    message = "what you may see has changed: subscribe again"
    return StreamEnded(GatewayError(ErrorCode.FORBIDDEN, message, retryable=True))


def last_words(failure: BaseException, correlation: str) -> Sequence[dict[str, Any]]:
    """The errors with which an operation ends, as they are told. What is our own fault goes to the log."""
    match failure:
        case Invalid():
            errors = failure.errors
        case StreamEnded():
            errors = [failure.error]
        case Refusal():
            errors = [GatewayError(failure.code, failure.message, retryable=failure.retryable)]
        case _:
            log.error("operation failed", correlation_id=correlation, exc_info=failure)
            message = f"something went wrong inside the gateway; quote {correlation}"
            errors = [GatewayError(ErrorCode.INTERNAL_ERROR, message)]
    return formatted(errors, correlation)
