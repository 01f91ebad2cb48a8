"""Why a stream ends before its client ends it. Each reason is an error with a code; retryable ones: subscribe again."""

from resolvers.errors import ErrorCode, GatewayError


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
