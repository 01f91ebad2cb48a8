"""The account as an ASGI app: what every call goes through, and which path leads where."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sources.zendesk.simulator.account import Account
from sources.zendesk.simulator.endpoints import Endpoints
from sources.zendesk.simulator.errors import Complaint, no_such_endpoint
from sources.zendesk.simulator.exports import Exports
from sources.zendesk.simulator.finding import Searches
from sources.zendesk.simulator.writing import Writes

Json = dict[str, Any]
Endpoint = Callable[[Request], Json]
Update = Callable[[Request, Any], tuple[Json, dict[str, str]]]  # the answer, and headers beside it

API = "/api/v2"


def account_app(account: Account) -> Starlette:
    """The app of one account."""
    endpoints, searches, exports = Endpoints(account), Searches(account), Exports(account)
    writes = Writes(account)
    paths: dict[str, Endpoint] = {
        "/tickets/count": endpoints.ticket_count,
        "/tickets/show_many": endpoints.tickets_by_id,
        "/tickets/{id:int}": endpoints.ticket,
        "/tickets/{id:int}/comments": endpoints.comments,
        "/tickets/{id:int}/audits": writes.audits,
        "/ticket_fields/{id:int}": endpoints.ticket_field,
        "/organizations": endpoints.organizations,
        "/organizations/show_many": endpoints.organizations_by_id,
        "/organizations/{id:int}/tickets": endpoints.tickets_of_organization,
        "/organizations/{id:int}/users": endpoints.users_of_organization,
        "/organization_fields": endpoints.organization_fields,
        "/users": endpoints.users,
        "/users/me": endpoints.me,
        "/users/show_many": endpoints.users_by_id,
        "/users/{id:int}/tickets/requested": endpoints.tickets_requested,
        "/user_fields": endpoints.user_fields,
        "/custom_statuses": endpoints.custom_statuses,
        "/search": searches.search,
        "/search/export": searches.search_export,
        "/incremental/tickets/cursor": exports.changed_tickets,
        "/incremental/users/cursor": exports.changed_users,
        "/incremental/organizations": exports.changed_organizations,
    }
    routes = [Route("/oauth/tokens", _token(account), methods=["POST"])]
    for path, endpoint in paths.items():
        answer = _resource(account, path, endpoint)
        routes += [Route(f"{API}{path}", answer), Route(f"{API}{path}.json", answer)]
    update = _update(account, writes.update_ticket)
    for path in ("/tickets/{id:int}", "/tickets/{id:int}.json"):
        routes.append(Route(f"{API}{path}", update, methods=["PUT"]))
    routes.append(Route("/{rest:path}", _nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    return Starlette(routes=routes)


def _resource(account: Account, path: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        now = account.now().timestamp()
        try:
            if not (path == "/users/me" and "authorization" not in request.headers):
                account.tokens.admit(request.headers.get("authorization", ""), now)
            headers = account.limits.take(_buckets(path), now)
            body = endpoint(request)
        except Complaint as complaint:
            return complaint.response(plain_text=account.plain_text_errors and complaint.status in (400, 422))
        return Response(msgspec.json.encode(body), 200, headers, "application/json")

    return answer


def _update(account: Account, endpoint: Update) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        content = await request.body()
        now = account.now().timestamp()
        try:
            account.tokens.admit(request.headers.get("authorization", ""), now, writing=True)
            limits = account.limits.take(("account", "tickets-update"), now)
            body, headers = endpoint(request, msgspec.json.decode(content))
        except msgspec.MsgspecError:
            return Complaint(400, {"error": "Unparseable request", "message": "Invalid JSON"}).response()
        except Complaint as complaint:
            return complaint.response(plain_text=account.plain_text_errors and complaint.status in (400, 422))
        return Response(msgspec.json.encode(body), 200, limits | headers, "application/json")

    return answer


def _buckets(path: str) -> tuple[str, ...]:
    if path.startswith("/incremental"):
        return ("account", "incremental-exports")
    return ("account", "search-export") if path == "/search/export" else ("account",)


def _token(account: Account) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = msgspec.json.decode(await request.body(), type=dict[str, Any])
            granted = account.tokens.grant(body, account.now().timestamp())
        except msgspec.MsgspecError:
            return Complaint(400, {"error": "invalid_request"}).response()
        except Complaint as complaint:
            return complaint.response()
        return Response(msgspec.json.encode(granted), 200, media_type="application/json")

    return answer


async def _nothing(request: Request) -> Response:
    return no_such_endpoint().response()
