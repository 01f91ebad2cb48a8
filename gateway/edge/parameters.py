"""What a client asks: read from a POST body or a GET query, within limits.

Source: GraphQL over HTTP, Request.
"""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from gateway.configuration.limits import LimitsSection
from gateway.edge.bodies import read_body
from gateway.edge.refusals import Refusal, bad_request
from gateway.edge.requests import Request
from resolvers.errors import ErrorCode

MAX_URL_PARAMETERS = 20  # six are ours; a client's own for its caches are few
JSON_TYPE = "application/json"
ID_NAMES = ("documentId", "doc_id", "id")  # the draft's name; what Relay's and others' network layers send


class Parameters(msgspec.Struct, frozen=True):
    """A GraphQL request. It has a query, or it names one that is known here, or both."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    document_id: str | None = None
    """Of a trusted document."""
    sha256: str | None = None
    """Of an automatic persisted query, lower case, as the client says it."""
    extensions: dict[str, Any] = {}


class _Body(msgspec.Struct, frozen=True, rename="camel"):
    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None
    doc_id: str | None = msgspec.field(default=None, name="doc_id")
    id: str | None = None


_body = msgspec.json.Decoder(_Body)
_object: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(dict[str, Any] | None)


async def read_parameters(request: Request, limits: LimitsSection) -> Parameters:
    """The parameters of a POST or a GET. Raises Refusal."""
    return await _of_post(request, limits) if request.method == "POST" else _of_get(request, limits)


def parameters_of(content: bytes, limits: LimitsSection) -> Parameters:
    """The parameters that a JSON text holds. Raises Refusal."""
    try:
        body = _body.decode(content)
    except RecursionError:
        raise _too_deep("the body", limits) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        message = 'the body is not a JSON object such as {"query": "{ viewer { subject } }", "variables": {}}'
        raise bad_request(message) from None
    return _checked(body, limits)


async def _of_post(request: Request, limits: LimitsSection) -> Parameters:
    media_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"') or "utf-8"
    if media_type.strip() != JSON_TYPE or charset not in ("utf-8", "utf8"):
        message = f"send the request as {JSON_TYPE} in UTF-8"
        raise Refusal(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, headers={"accept": JSON_TYPE})
    return parameters_of(await read_body(request, limits), limits)


def _of_get(request: Request, limits: LimitsSection) -> Parameters:
    asked = _url_parameters(request)
    return _checked(
        _Body(
            query=asked.get("query"),
            variables=_object_of(asked, "variables", limits),
            operation_name=asked.get("operationName"),
            extensions=_object_of(asked, "extensions", limits),
            document_id=next((asked[name] for name in ID_NAMES if name in asked), None),
        ),
        limits,
    )


def _url_parameters(request: Request) -> dict[str, str]:
    text = request.query_string.decode("latin-1")
    try:
        return dict(parse_qsl(text, True, errors="strict", max_num_fields=MAX_URL_PARAMETERS))
    except ValueError:
        raise bad_request("the URL's parameters are not in UTF-8, or too many") from None


def _object_of(asked: dict[str, str], name: str, limits: LimitsSection) -> dict[str, Any] | None:
    if not asked.get(name):
        return None
    try:
        return _object.decode(asked[name])
    except RecursionError:
        raise _too_deep(name, limits) from None
    except (msgspec.MsgspecError, UnicodeError):
        raise bad_request(f"{name} is not a JSON object") from None


def _checked(body: _Body, limits: LimitsSection) -> Parameters:
    extensions = body.extensions or {}
    for name, value in (("variables", body.variables), ("extensions", extensions)):
        if _deeper_than(value, limits.json_nesting):
            raise _too_deep(name, limits)
    document_id, sha256 = body.document_id or body.doc_id or body.id or None, _persisted_hash(extensions)
    if not (body.query or document_id or sha256):
        raise bad_request("query is missing")
    return Parameters(
        query=body.query or None,
        variables=body.variables,
        operation_name=body.operation_name or None,
        document_id=document_id,
        sha256=sha256,
        extensions=extensions,
    )


def _persisted_hash(extensions: dict[str, Any]) -> str | None:
    """Source: Apollo, Automatic Persisted Queries: extensions.persistedQuery {version: 1, sha256Hash}."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    hashed = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(persisted, dict) or persisted.get("version") != 1 or not isinstance(hashed, str) or not hashed:
        raise bad_request('extensions.persistedQuery is not {"version": 1, "sha256Hash": "…"}')
    return hashed.lower()


def _too_deep(name: str, limits: LimitsSection) -> Refusal:
    return Refusal(400, ErrorCode.JSON_TOO_DEEP, f"{name}: nested deeper than {limits.json_nesting} levels")


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
