"""The errors of the graph. Every one has a code; what it says helps the caller and tells nothing else.

One error for each field coordinate and cause in an answer, at its first path, with a count; at most MAX_ERRORS.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from graphql import GraphQLError

from sources.faults import SourceFault

MAX_ERRORS = 50  # in one answer: the contract's promise


class ErrorCode(Enum):
    """Every code that an answer may hold."""

    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    SOURCE_TIMEOUT = "SOURCE_TIMEOUT"
    SOURCE_THROTTLED = "SOURCE_THROTTLED"
    SOURCE_MALFORMED = "SOURCE_MALFORMED"
    SOURCE_REFUSED = "SOURCE_REFUSED"
    SOURCE_NOT_OFFERED = "SOURCE_NOT_OFFERED"
    FORBIDDEN = "FORBIDDEN"
    AUDIT_UNAVAILABLE = "AUDIT_UNAVAILABLE"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    AMBIGUOUS_IDENTITY = "AMBIGUOUS_IDENTITY"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    IDENTITY_UNAVAILABLE = "IDENTITY_UNAVAILABLE"
    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    DECOMPRESSED_TOO_LARGE = "DECOMPRESSED_TOO_LARGE"
    JSON_TOO_DEEP = "JSON_TOO_DEEP"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    TOO_MANY_TOKENS = "TOO_MANY_TOKENS"
    TOO_DEEP = "TOO_DEEP"
    TOO_MANY_ALIASES = "TOO_MANY_ALIASES"
    TOO_MANY_ROOT_FIELDS = "TOO_MANY_ROOT_FIELDS"
    TOO_MANY_FIELDS = "TOO_MANY_FIELDS"
    TOO_MANY_ENTITIES = "TOO_MANY_ENTITIES"
    COST_EXCEEDED = "COST_EXCEEDED"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
    OPERATION_TIMEOUT = "OPERATION_TIMEOUT"
    OVERLOADED = "OVERLOADED"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    STREAM_INTERRUPTED = "STREAM_INTERRUPTED"
    TOO_MANY_MUTATIONS = "TOO_MANY_MUTATIONS"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    CROSS_SITE_REQUEST = "CROSS_SITE_REQUEST"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class GatewayError(GraphQLError):
    """An error with a code of ours; its message is fit for the caller."""

    def __init__(self, code: ErrorCode, message: str, *, retryable: bool = False, **extensions: Any) -> None:
        known = {key: value for key, value in extensions.items() if value is not None}
        super().__init__(message, extensions={"code": code.value, "retryable": retryable, **known})


def from_fault(system: str, fault: SourceFault) -> GatewayError:
    """The error that a source's fault becomes."""
    wait = fault.retry_after_seconds
    return GatewayError(
        ErrorCode(fault.code),
        f"{system}: {fault.reason}",
        retryable=fault.retryable,
        source=system,
        retryAfterMs=None if wait is None else round(wait * 1000),
    )


def forbidden(coordinate: str) -> GatewayError:
    """The viewer may not see this."""
    return GatewayError(ErrorCode.FORBIDDEN, f"your roles do not let you see {coordinate}", coordinate=coordinate)


def unrecorded(coordinate: str) -> GatewayError:
    """The viewer may see this, and it is withheld since looking at it cannot be put on record."""
    message = f"{coordinate} is withheld: the audit log cannot record now that you look at it"
    return GatewayError(ErrorCode.AUDIT_UNAVAILABLE, message, retryable=True, coordinate=coordinate)


def bad_input(message: str) -> GatewayError:
    """The caller sent something that can never be right."""
    return GatewayError(ErrorCode.BAD_USER_INPUT, message)


def formatted(errors: Sequence[GraphQLError], correlation_id: str) -> list[dict[str, Any]]:
    """The errors of an answer: coded, correlated, merged by coordinate and cause, bounded."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for error in errors:
        shown = _shown(error, correlation_id)
        extensions = shown["extensions"]
        coordinate = tuple(part for part in error.path or () if isinstance(part, str))
        cause = (coordinate, extensions["code"], extensions.get("source"), shown["message"])
        if first := merged.get(cause):
            first["extensions"]["count"] += 1
        else:
            extensions["count"] = 1
            merged[cause] = shown
    return list(merged.values())[:MAX_ERRORS]


def _shown(error: GraphQLError, correlation_id: str) -> dict[str, Any]:
    cause = error.original_error or error
    extensions = dict(getattr(cause, "extensions", None) or error.extensions or {})
    if "code" in extensions:
        message = error.message
    elif error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        extensions["code"] = ErrorCode.INTERNAL_ERROR.value
        message = f"something went wrong inside the gateway; quote {correlation_id}"
    elif error.path is None:
        extensions["code"], message = ErrorCode.GRAPHQL_VALIDATION_FAILED.value, error.message
    else:
        extensions["code"], message = ErrorCode.BAD_USER_INPUT.value, error.message
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        shown["path"] = error.path
    shown["extensions"] = {"retryable": False, **extensions, "correlationId": correlation_id}
    return shown
