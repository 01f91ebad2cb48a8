"""The way of a request: identity -> parameters -> document -> execution under one deadline -> answer."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import structlog
from graphql import ExecutionResult, GraphQLError, execute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from gateway.edge.answers import GRAPHQL_TYPE, JSON_TYPE, answer, media_type_of, not_executed, refused
from gateway.edge.documents import Documents, Invalid, is_query, operation_of
from gateway.edge.parameters import Parameters, read_parameters
from gateway.edge.refusals import Refusal, bad_request
from gateway.identity import Unauthenticated
from gateway.telemetry.metrics import Metrics
from resolvers.context import Context
from resolvers.errors import ErrorCode, formatted
from sources.canonical.actor import Actor
from sources.wire.correlation import correlation_id
from sources.wire.deadline import Deadline, within

log = structlog.get_logger("gateway.edge")
METHODS = ("GET", "POST")
INTROSPECT = "schema:introspect"
OWN_ID = re.compile(r"[\w.:-]{1,128}")  # a correlation id of the caller's that is safe to log and to send on

Authenticate: TypeAlias = Callable[[str | None], Awaitable[Actor]]
OpenContext: TypeAlias = Callable[[Actor, str], Context]


class Endpoint:
    """/graphql of one gateway."""

    def __init__(
        self,
        schema: Schema,
        *,
        authenticate: Authenticate,
        open_context: OpenContext,
        metrics: Metrics,
        deadline_seconds: float,
    ) -> None:
        self._schema = schema._schema
        self._documents = Documents(schema)
        self._authenticate = authenticate
        self._open_context = open_context
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI app of every method on the path."""
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """Answer a request; whatever goes wrong is JSON with a code."""
        started = time.perf_counter()
        correlation = _correlation_of(request)
        token = correlation_id.set(correlation)
        try:
            response, outcome, codes = await self._served(request, correlation)
        except Refusal as refusal:
            response, outcome, codes = refused(refusal, correlation), "refused", [refusal.code.value]
        except Exception:
            log.exception("request failed", correlation_id=correlation)
            response, outcome, codes = refused(_inside(correlation), correlation), "failed", ["INTERNAL_ERROR"]
        finally:
            correlation_id.reset(token)
        self._metrics.request(outcome, time.perf_counter() - started, codes)
        return response

    async def _served(self, request: Request, correlation: str) -> tuple[Response, str, list[str]]:
        if request.method not in METHODS:
            message = "ask by POST, or a query by GET"
            raise Refusal(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": ", ".join(METHODS)})
        media_type = media_type_of(request)
        if media_type is None:
            raise Refusal(406, ErrorCode.NOT_ACCEPTABLE, f"accept {GRAPHQL_TYPE} or {JSON_TYPE}")
        context = self._open_context(await self._actor(request), correlation)
        asked = await read_parameters(request)
        try:
            document = self._documents.get(asked.query, introspection=INTROSPECT in context.grants.permissions)
        except Invalid as invalid:
            response = not_executed(invalid.errors, media_type, correlation)
            return response, "refused", [str((error.extensions or {}).get("code")) for error in invalid.errors]
        operation = operation_of(document, asked.operation_name)
        if operation is None:
            raise bad_request("operationName does not name an operation of the document")
        if request.method == "GET" and not is_query(operation):
            message = "only queries are served over GET; send this as POST"
            raise Refusal(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": "POST"})
        result = await self._executed(document, asked, context)
        return _answered(result, context, media_type)

    async def _actor(self, request: Request) -> Actor:
        try:
            return await self._authenticate(request.headers.get("authorization"))
        except Unauthenticated as fault:
            code = ErrorCode(fault.code)
            raise Refusal(fault.status, code, fault.message, headers=fault.headers, retryable=fault.retryable) from None

    async def _executed(self, document: Any, asked: Parameters, context: Context) -> ExecutionResult:
        with within(Deadline(self._deadline_seconds)):
            result = execute(
                self._schema,
                document,
                context_value=context,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                hide_suggestions=True,
            )
            return await result if isinstance(result, Awaitable) else result


def _answered(result: ExecutionResult, context: Context, media_type: str) -> tuple[Response, str, list[str]]:
    errors = [*(result.errors or ()), *context.beside]
    _log_unexpected(errors, context.correlation_id)
    if result.data is None and errors and all(error.path is None for error in errors):
        response = not_executed([_input_error(error) for error in errors], media_type, context.correlation_id)
        return response, "refused", [ErrorCode.BAD_USER_INPUT.value]
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = formatted(errors, context.correlation_id)
    codes = [str(error["extensions"]["code"]) for error in body.get("errors", ())]
    outcome = "partial" if errors else "ok"
    return answer(body, 200, media_type, context.correlation_id), outcome, codes


def _inside(correlation: str) -> Refusal:
    message = f"something went wrong inside the gateway; quote {correlation}"
    return Refusal(500, ErrorCode.INTERNAL_ERROR, message)


def _input_error(error: GraphQLError) -> GraphQLError:
    error.extensions = {"code": ErrorCode.BAD_USER_INPUT.value, "retryable": False, **(error.extensions or {})}
    return error


def _log_unexpected(errors: list[GraphQLError], correlation: str) -> None:
    for error in errors:
        cause = error.original_error
        if cause is not None and not isinstance(cause, GraphQLError):
            log.error("resolver failed", correlation_id=correlation, path=error.path, exc_info=cause)


def _correlation_of(request: Request) -> str:
    given = request.headers.get("x-correlation-id", "")
    return given if OWN_ID.fullmatch(given) else uuid.uuid4().hex
