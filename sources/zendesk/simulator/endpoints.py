"""What is read at the paths of tickets, organizations and users."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starlette.requests import Request

from sources.zendesk.simulator import rendering
from sources.zendesk.simulator.answers import Answers
from sources.zendesk.simulator.asking import base_of, by_id, ids, included, known, url_of, values
from sources.zendesk.simulator.errors import Complaint, coded, forbidden, not_found
from sources.zendesk.simulator.paging import cursor_page, is_cursor, offset_page
from sources.zendesk.simulator.records import Comment, Ticket
from sources.zendesk.simulator.searching import STATUS_ORDER

Json = dict[str, Any]


class Endpoints(Answers):
    """Tickets, comments, organizations and users."""

    # tickets

    def ticket_count(self, request: Request) -> Json:
        return {"count": {"value": len(self._records.tickets), "refreshed_at": None}}

    def ticket(self, request: Request) -> Json:
        found = self._records.tickets[known(request, self._records.tickets)]
        return {"ticket": self._tickets([found], request)["tickets"][0]}

    def tickets_by_id(self, request: Request) -> Json:
        held = self._records.tickets
        found = [held[id] for id in ids(request, "ids") if id in held]
        return self._tickets(found, request) | {"count": len(found), "next_page": None, "previous_page": None}

    def tickets_of_organization(self, request: Request) -> Json:
        id = known(request, self._records.organizations)
        return self._ticket_list(self._records.tickets_of.get(id, ()), request)

    def tickets_requested(self, request: Request) -> Json:
        id = known(request, self._records.users)
        return self._ticket_list(self._records.tickets_requested.get(id, ()), request)

    def _ticket_list(self, ids: Iterable[int], request: Request) -> Json:
        params, held = request.query_params, self._records.tickets
        rows = [held[id] for id in ids if not self._account.is_archived(held[id])]
        if is_cursor(params):
            key = _cursor_sort(params.get("sort", "id") if self._account.sort_obeyed else "id")
            page, rest = cursor_page(sorted(rows, key=key), params, url_of(request), key)
        else:
            by = params.get("sort_by", "id") if self._account.sort_obeyed else "id"
            rows.sort(key=_offset_sort(by), reverse=params.get("sort_order") == "desc")
            page, rest = offset_page(rows, params, url_of(request))
        return self._tickets(page, request) | rest

    def comments(self, request: Request) -> Json:
        id = known(request, self._records.tickets)
        rows, params = self._records.comments[id], request.query_params
        if is_cursor(params):
            sign = -1 if params.get("sort") == "-created_at" else 1

            def key(comment: Comment) -> tuple[int, int]:
                return sign * int(comment.at.timestamp()), sign * comment.id

            page, rest = cursor_page(sorted(rows, key=key), params, url_of(request), key)
        else:
            page, rest = offset_page(rows, params, url_of(request))
        body: Json = {"comments": [rendering.comment(comment) for comment in page]}
        if "users" in included(request):
            authors = sorted({comment.author_id for comment in page if comment.author_id is not None})
            body["users"] = [rendering.user(self._records.users[author], base_of(request)) for author in authors]
        return body | rest

    def ticket_field(self, request: Request) -> Json:
        if request.path_params["id"] != rendering.INVOICE_FIELD:
            raise not_found()
        return {"ticket_field": {"id": rendering.INVOICE_FIELD, "type": "text", "title": "Invoices"}}

    def custom_statuses(self, request: Request) -> Json:
        if not self._account.own_statuses:
            raise Complaint(404, {"error": "InvalidEndpoint", "description": "Not found"})
        statuses = self._records.custom_statuses.values()
        return {"custom_statuses": [rendering.custom_status(status) for status in statuses]}

    # organizations and users

    def organizations(self, request: Request) -> Json:
        if self._account.role == "light":
            raise forbidden()
        ids = self._records.sorted_ids("organizations")
        page, rest = by_id(ids, request)
        return {"organizations": [self._organization(id, request) for id in page]} | rest

    def organizations_by_id(self, request: Request) -> Json:
        ids = self._asked("organizations", request)
        found = [id for id in ids if id in self._records.organizations]
        return {
            "organizations": [self._organization(id, request) for id in found],
            "count": len(found),
            "next_page": None,
        }

    def users_of_organization(self, request: Request) -> Json:
        id = known(request, self._records.organizations)
        return self._user_list(sorted(self._records.users_of.get(id, ())), request)

    def users(self, request: Request) -> Json:
        return self._user_list(self._records.sorted_ids("users"), request)

    def _user_list(self, ids: Sequence[int], request: Request) -> Json:
        role = request.query_params.get("role")
        rows = [id for id in ids if self._records.users[id].role == role] if role else ids
        page, rest = by_id(rows, request)
        return {"users": [self._user(id, request) for id in page]} | rest

    def users_by_id(self, request: Request) -> Json:
        found = [id for id in self._asked("users", request) if id in self._records.users]
        return {"users": [self._user(id, request) for id in found], "count": len(found), "next_page": None}

    def _asked(self, kind: str, request: Request) -> list[int]:
        externals = values(request, "external_ids")
        if not externals:
            return ids(request, "ids")
        index = self._records.by_external_id
        return [id for external in externals for id in index.get((kind, external.lower()), ())]

    def me(self, request: Request) -> Json:
        if "authorization" not in request.headers:
            return {"user": {"id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}}
        return {"user": {"id": 1, "name": "Admin", "email": "admin@example.com", "role": self._account.role}}

    def organization_fields(self, request: Request) -> Json:
        return {"organization_fields": [{"key": "tier"}, {"key": "vip"}], "meta": {"has_more": False}}

    def user_fields(self, request: Request) -> Json:
        return {"user_fields": [{"key": "tier"}, {"key": "vip"}, {"key": "job_title"}], "meta": {"has_more": False}}


def _cursor_sort(sort: str) -> Callable[[Ticket], tuple[int, int]]:
    sign = -1 if sort.startswith("-") else 1
    keys: dict[str, Callable[[Ticket], int]] = {
        "id": lambda ticket: ticket.id,
        "updated_at": lambda ticket: int(ticket.updated_at.timestamp()),
        "status": lambda ticket: STATUS_ORDER.index(ticket.status),
    }
    key = keys.get(sort.removeprefix("-"))
    if key is None:
        raise coded(400, "InvalidPaginationParameter", "sort is not valid")
    return lambda ticket: (sign * key(ticket), sign * ticket.id)


def _offset_sort(by: str) -> Callable[[Ticket], tuple[int, int]]:
    moments = {"created_at": lambda ticket: ticket.created_at, "updated_at": lambda ticket: ticket.updated_at}
    moment = moments.get(by)
    return (lambda ticket: (int(moment(ticket).timestamp()), ticket.id)) if moment else (lambda ticket: (0, ticket.id))
