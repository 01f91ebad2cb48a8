"""The way of a request: browser -> identity -> parameters -> operation -> execution under one deadline -> answer."""

import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from graphql import GraphQLSchema, OperationType
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.admission import Admission, Slot
from gateway.configuration.limits import LimitsSection
from gateway.configuration.streams import StreamsSection
from gateway.edge.answers import EVENT_TYPE, answer, media_type_of, not_executed, refused
from gateway.edge.browsers import Browsers
from gateway.edge.costs import Costs
from gateway.edge.deferring import Parts
from gateway.edge.deprecations import Deprecations
from gateway.edge.documents import Invalid
from gateway.edge.explorer import Explorer
from gateway.edge.incremental import wanted
from gateway.edge.operations import Answer, Operations, codes_of
from gateway.edge.parameters import read_parameters
from gateway.edge.parts import InParts
from gateway.edge.preparing import Preparation, Prepared
from gateway.edge.recording import Reads
from gateway.edge.refusals import Refusal
from gateway.edge.requests import Request
from gateway.edge.streams.connections import Connections
from gateway.edge.streams.events import EventStream
from gateway.edge.streams.presence import ClientGone, while_present
from gateway.edge.streams.results import subscribed
from gateway.edge.texts import Texts
from gateway.edge.viewing import Authenticate, OpenContext, Viewing
from gateway.telemetry.metrics import Metrics
from resolvers.errors import ErrorCode
from resolvers.plans import Plans
from sources.wire.correlation import correlation_id

log = structlog.get_logger("gateway.edge")
METHODS = ("GET", "POST")
ID_BYTES = 16  # as many as a trace's id has
GIVEN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)  # of the caller's; safe to log and to send on


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
        connections: Connections | None = None,
        admission: Admission | None = None,
        costs: Costs | None = None,
        reads: Reads | None = None,
        plans: Plans | None = None,
    ) -> None:
        self.operations = Operations(
            schema,
            Preparation(schema, texts or Texts(), limits),
            authenticate=authenticate,
            open_context=open_context,
            deadline_seconds=deadline_seconds,
            limits=limits or LimitsSection(),
            admission=admission,
            costs=costs,
            deprecations=Deprecations(schema, metrics.deprecated),
            reads=reads,
            plans=plans,
        )
        """What every transport asks."""
        self._metrics = metrics
        self._browsers = browsers or Browsers()
        self._explorer = explorer
        self._connections = connections or Connections(StreamsSection())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI app of every method on the path."""
        with suppress(ClientGone):
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
        except ClientGone:
            self._metrics.request("gone", time.perf_counter() - started)
            raise
        except Exception:
            log.exception("request failed", correlation_id=correlation)
            response, outcome, codes = refused(_inside(correlation), correlation), "failed", ["INTERNAL_ERROR"]
        finally:
            correlation_id.reset(token)
        if told := self._browsers.headers(request):
            response.headers.update(told)
        self._note(response, started, outcome, codes)
        return response

    def _note(self, response: Response, started: float, outcome: str, codes: list[str]) -> None:
        def note(outcome: str, codes: Sequence[str]) -> None:
            self._metrics.request(outcome, time.perf_counter() - started, codes)

        if isinstance(response, InParts):
            response.finished = note
        else:
            note(outcome, codes)

    async def _served(self, request: Request, correlation: str) -> tuple[Response, str, list[str]]:
        if page := self._for_browsers(request):
            return page, "ok", []
        if request.method not in METHODS:
            message = "ask by POST, or a query by GET"
            raise Refusal(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": ", ".join(METHODS)})
        self._browsers.refuse_cross_site(request)
        media_type = media_type_of(request)
        actor = await self.operations.actor(request.headers.get("authorization"))
        with await self.operations.admitted(actor) as admitted:
            viewing = self.operations.open_context(actor, correlation)
            response, outcome, codes = await self._answered(request, viewing, media_type, admitted.slot)
            if isinstance(response, InParts):
                response.slot = admitted.kept()
        response.raw_headers.extend((name.encode(), value.encode()) for name, value in admitted.headers.items())
        return response, outcome, codes

    async def _answered(
        self, request: Request, viewing: Viewing, media_type: str, slot: Slot
    ) -> tuple[Response, str, list[str]]:
        operations, correlation = self.operations, viewing.correlation_id
        asked = await read_parameters(request, operations.limits)
        try:
            prepared = await operations.prepared(asked, viewing)
            if media_type == EVENT_TYPE and prepared.kind is OperationType.SUBSCRIPTION:
                results = await while_present(request.receive, lambda: subscribed(operations, prepared, viewing))
                return EventStream(results, viewing, self._connections), "ok", []
            _refuse_transport(request, prepared)
            body = await while_present(request.receive, lambda: self._worked_out(request, prepared, viewing, slot))
            if isinstance(body, Parts):
                return InParts(body, correlation, self._connections.section.send_seconds), "ok", []
        except Invalid as invalid:
            response = not_executed(invalid.errors, media_type, correlation)
            return response, "refused", [str((error.extensions or {}).get("code")) for error in invalid.errors]
        return answer(body, 200, media_type, correlation), "partial" if "errors" in body else "ok", codes_of(body)

    async def _worked_out(self, request: Request, prepared: Prepared, viewing: Viewing, slot: Slot) -> Answer | Parts:
        form = wanted(request.headers.get("accept")) if prepared.deferring else None
        if form is None:
            return await self.operations.answer(prepared, viewing, slot=slot)
        return await self.operations.begun(prepared, viewing, form, slot=slot)

    def _for_browsers(self, request: Request) -> Response | None:
        if self._explorer is not None and self._explorer.wanted(request):
            return self._explorer.page()
        return self._browsers.preflight(request)


def _refuse_transport(request: Request, prepared: Prepared) -> None:
    if prepared.kind is OperationType.SUBSCRIPTION:
        raise Refusal(
            400, ErrorCode.BAD_REQUEST, f"a subscription is not answered once: accept {EVENT_TYPE}, or use a WebSocket"
        )
    if request.method == "GET" and prepared.kind is not OperationType.QUERY:
        message = "only queries are served over GET; send this as POST"
        raise Refusal(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": "POST"})


def _inside(correlation: str) -> Refusal:
    message = f"something went wrong inside the gateway; quote {correlation}"
    return Refusal(500, ErrorCode.INTERNAL_ERROR, message)


def _correlation_of(request: Request) -> str:
    given = request.headers.get("x-correlation-id", "")
    return given if GIVEN_ID.fullmatch(given) else secrets.token_hex(ID_BYTES)
