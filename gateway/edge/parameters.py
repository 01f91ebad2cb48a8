"""What a client asks: read from a POST body or a GET query, within limits.

Source: GraphQL over HTTP, Request.
"""

from typing import Any

import msgspec
from starlette.requests import Request

from gateway.edge.refusals import Refusal, bad_request
from resolvers.errors import ErrorCode

MAX_BODY_BYTES = 256 * 1024  # the largest document and variables of a page that people wrote are a tenth of it
MAX_NESTING = 64  # of JSON; variables deeper than inputs can be are an attack on the coercion
JSON_TYPE = "application/json"


class Parameters(msgspec.Struct, frozen=True):
    """A GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


_body = msgspec.json.Decoder(_Body)
_variables = msgspec.json.Decoder(dict[str, Any] | None)


async def read_parameters(request: Request) -> Parameters:
    """The parameters of a POST or a GET. Raises Refusal."""
    if request.method == "POST":
        return await _of_post(request)
    return _of_get(request)


async def _of_post(request: Request) -> Parameters:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON_TYPE:
        message = f"send the request as {JSON_TYPE}"
        raise Refusal(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, headers={"accept": JSON_TYPE})
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, "send the body without a content-encoding")
    body = await _bounded(request)
    try:
        asked = _body.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        message = 'the body is not a JSON object such as {"query": "{ viewer { subject } }", "variables": {}}'
        raise bad_request(message) from None
    return _checked(asked.query, asked.variables, asked.operation_name)


def _of_get(request: Request) -> Parameters:
    asked = request.query_params
    try:
        variables = _variables.decode(asked["variables"]) if "variables" in asked else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise bad_request("variables is not a JSON object") from None
    return _checked(asked.get("query"), variables, asked.get("operationName"))


def _checked(query: str | None, variables: dict[str, Any] | None, operation_name: str | None) -> Parameters:
    if not query:
        raise bad_request("query is missing")
    if _deeper_than(variables, MAX_NESTING):
        raise bad_request(f"variables are nested deeper than {MAX_NESTING} levels")
    return Parameters(query, variables, operation_name or None)


async def _bounded(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, ErrorCode.LIMIT_EXCEEDED, f"the body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
