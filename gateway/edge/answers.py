"""What goes back: JSON in the media type that the client takes. Source: GraphQL over HTTP, Response."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from graphql import GraphQLError
from starlette.responses import Response

from gateway.edge.framing import told_once
from gateway.edge.negotiation import chosen, prefers
from gateway.edge.refusals import Refusal
from gateway.edge.requests import Request
from resolvers.errors import ErrorCode, formatted

GRAPHQL_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
# What a browser must not do with an answer, which holds personal data and is no page.
SECURITY_HEADERS = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


KEPT_HEADERS = 256  # clients are of few kinds, and each sends the same header each time
OFFERS = (JSON_TYPE, GRAPHQL_TYPE)
EVENT_TYPE = "text/event-stream"
MULTIPART_TYPE = "multipart/mixed"


def media_type_of(request: Request) -> str:
    """The type in which the client wants its answer; JSON where it does not say. Raises Refusal: 406."""
    return _media_type(request.headers.get("accept"))


@lru_cache(KEPT_HEADERS)
def _media_type(accept: str | None) -> str:
    if prefers(accept, EVENT_TYPE, OFFERS):
        return EVENT_TYPE
    media_type = chosen(accept, OFFERS)
    if media_type is None and prefers(accept, MULTIPART_TYPE, OFFERS):
        return JSON_TYPE  # what is not deferred has no parts
    if media_type is None:
        raise Refusal(406, ErrorCode.NOT_ACCEPTABLE, f"accept {GRAPHQL_TYPE} or {JSON_TYPE}")
    return media_type


class Answered(Response):
    """An answer in one piece. What every answer of its media type has in front is written once."""

    def __init__(self, content: bytes, status: int, media_type: str, correlation_id: str) -> None:
        self.status_code = status
        self.background = None
        self.body = content
        self.raw_headers = [
            *_constant_headers(media_type),
            (b"content-length", b"%d" % len(content)),
            (b"x-correlation-id", correlation_id.encode("latin-1")),
        ]


@lru_cache
def _constant_headers(media_type: str) -> list[tuple[bytes, bytes]]:
    headers = {**SECURITY_HEADERS, "content-type": f"{media_type}; charset=utf-8"}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def answer(body: dict[str, Any], status: int, media_type: str, correlation_id: str) -> Response:
    """An answer with its headers."""
    content = msgspec.json.encode(body)
    return Answered(told_once(content) if media_type == EVENT_TYPE else content, status, media_type, correlation_id)


def not_executed(errors: Sequence[GraphQLError], media_type: str, correlation_id: str) -> Response:
    """Nothing ran: no data. 400, and 200 for clients that take only application/json."""
    status = 400 if media_type == GRAPHQL_TYPE else 200
    return answer({"errors": formatted(errors, correlation_id)}, status, media_type, correlation_id)


def refused(refusal: Refusal, correlation_id: str) -> Response:
    """Turned away, as JSON with a code."""
    extensions = {"code": refusal.code.value, "retryable": refusal.retryable, "correlationId": correlation_id}
    body = {"errors": [{"message": refusal.message, "extensions": extensions}]}
    response = answer(body, refusal.status, JSON_TYPE, correlation_id)
    response.headers.update(refusal.headers)
    return response
