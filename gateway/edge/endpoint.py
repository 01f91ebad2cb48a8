"""The way of a request: browser -> identity -> parameters -> operation -> execution under one deadline -> answer."""

import re
import time
import uuid
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.configuration.limits import LimitsSection
from gateway.edge.answers import answer, media_type_of, not_executed, refused
from gateway.edge.browsers import Browsers
from gateway.edge.documents import Invalid
from gateway.edge.execution import executed, log_unexpected
from gateway.edge.explorer import Explorer
from gateway.edge.parameters import read_parameters
from gateway.edge.preparing import Preparation, Prepared
from gateway.edge.refusals import Refusal
from gateway.edge.texts import Texts
from gateway.edge.viewing import Authenticate, OpenContext, Viewing, introspects
from gateway.edge.wording import in_plain_words
from gateway.identity import Unauthenticated
from gateway.telemetry.metrics import Metrics
from resolvers.errors import ErrorCode, formatted
from sources.canonical.actor import Actor
from sources.wire.correlation import correlation_id

log = structlog.get_logger("gateway.edge")
METHODS = ("GET", "POST")
OWN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)  # a correlation id of the caller's that is safe to log and to send on


class Endpoint:
    """/graphql over one schema, whatever its types."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        authenticate: Authenticate,
        open_context: OpenContext,
        metrics: Metrics,
        deadline_seconds: float,
        limits: LimitsSection | None = None,
        texts: Texts | None = None,
        browsers: Browsers | None = None,
        explorer: Explorer | None = None,
    ) -> None:
        self._schema = schema
        self._preparation = Preparation(schema, texts or Texts())
        self._authenticate = authenticate
        self._open_context = open_context
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds
        self._limits = limits or LimitsSection()
        self._browsers = browsers or Browsers()
        self._explorer = explorer

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
        response.headers.update(self._browsers.headers(request))
        self._metrics.request(outcome, time.perf_counter() - started, codes)
        return response

    async def _served(self, request: Request, correlation: str) -> tuple[Response, str, list[str]]:
        if page := self._for_browsers(request):
            return page, "ok", []
        if request.method not in METHODS:
            message = "ask by POST, or a query by GET"
            raise Refusal(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": ", ".join(METHODS)})
        self._browsers.refuse_cross_site(request)
        media_type = media_type_of(request)
        viewing = self._open_context(await self._actor(request), correlation)
        asked = await read_parameters(request, self._limits)
        try:
            prepared = await self._preparation.prepared(asked, introspection=introspects(viewing))
        except Invalid as invalid:
            response = not_executed(invalid.errors, media_type, correlation)
            return response, "refused", [str((error.extensions or {}).get("code")) for error in invalid.errors]
        _refuse_transport(request, prepared)
        result = await executed(self._schema, prepared, viewing, self._deadline_seconds)
        return _answered(result, viewing, media_type)

    def _for_browsers(self, request: Request) -> Response | None:
        if self._explorer is not None and self._explorer.wanted(request):
            return self._explorer.page()
        return self._browsers.preflight(request)

    async def _actor(self, request: Request) -> Actor:
        try:
            return await self._authenticate(request.headers.get("authorization"))
        except Unauthenticated as fault:
            code = ErrorCode(fault.code)
            raise Refusal(fault.status, code, fault.message, headers=fault.headers, retryable=fault.retryable) from None


def _refuse_transport(request: Request, prepared: Prepared) -> None:
    if prepared.kind is OperationType.SUBSCRIPTION:
        raise Refusal(400, ErrorCode.BAD_REQUEST, "a subscription is not answered once: ask for a stream")
    if request.method == "GET" and prepared.kind is not OperationType.QUERY:
        message = "only queries are served over GET; send this as POST"
        raise Refusal(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": "POST"})


def _answered(result: ExecutionResult, viewing: Viewing, media_type: str) -> tuple[Response, str, list[str]]:
    errors = [*(result.errors or ()), *viewing.beside]
    log_unexpected(errors, viewing.correlation_id)
    if result.data is None and errors and all(error.path is None for error in errors):
        coded = [in_plain_words(error, ErrorCode.BAD_USER_INPUT) for error in errors]
        response = not_executed(coded, media_type, viewing.correlation_id)
        return response, "refused", [ErrorCode.BAD_USER_INPUT.value]
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = formatted(_plainly(errors), viewing.correlation_id)
    codes = [str(error["extensions"]["code"]) for error in body.get("errors", ())]
    outcome = "partial" if errors else "ok"
    return answer(body, 200, media_type, viewing.correlation_id), outcome, codes


def _plainly(errors: list[GraphQLError]) -> list[GraphQLError]:
    """What graphql-core itself found wrong at a field is told in plain words; ours and exceptions stay as they are."""
    return [
        in_plain_words(each, ErrorCode.BAD_USER_INPUT)
        if isinstance(each.original_error or each, GraphQLError)
        else each
        for each in errors
    ]


def _inside(correlation: str) -> Refusal:
    message = f"something went wrong inside the gateway; quote {correlation}"
    return Refusal(500, ErrorCode.INTERNAL_ERROR, message)


def _correlation_of(request: Request) -> str:
    given = request.headers.get("x-correlation-id", "")
    return given if OWN_ID.fullmatch(given) else uuid.uuid4().hex
