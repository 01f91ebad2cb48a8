"""What is read at each path."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from sources.zendesk.simulator import rendering
from sources.zendesk.simulator.errors import Complaint, coded, forbidden, invalid, not_found, too_many
from sources.zendesk.simulator.paging import cursor_of, cursor_page, is_cursor, number, offset_page, place_of
from sources.zendesk.simulator.records import Comment, Ticket, User
from sources.zendesk.simulator.searching import KINDS, STATUS_ORDER, Record, place

if TYPE_CHECKING:
    from sources.zendesk.simulator.account import Account

Json = dict[str, Any]

SEARCH_CAP = 1_000  # results that /search lets be read
EXPORT_PAGE = 1_000
CURSOR_LIVES_SECONDS = 3600
HIDDEN_SECONDS = 60  # of the incremental exports: the last minute


class Endpoints:
    """The read side of the API."""

    def __init__(self, account: "Account") -> None:
        self._account = account
        self._records = account.records

    # tickets

    def ticket_count(self, request: Request) -> Json:
        return {"count": {"value": len(self._records.tickets), "refreshed_at": None}}

    def tickets_by_id(self, request: Request) -> Json:
        held = self._records.tickets
        found = [held[id] for id in _ids(request, "ids") if id in held]
        return self._tickets(found, request) | {"count": len(found), "next_page": None, "previous_page": None}

    def tickets_of_organization(self, request: Request) -> Json:
        id = _known(request, self._records.organizations)
        return self._ticket_list(self._records.tickets_of.get(id, ()), request)

    def tickets_requested(self, request: Request) -> Json:
        id = _known(request, self._records.users)
        return self._ticket_list(self._records.tickets_requested.get(id, ()), request)

    def _ticket_list(self, ids: Iterable[int], request: Request) -> Json:
        params, held = request.query_params, self._records.tickets
        rows = [held[id] for id in ids if not self._account.is_archived(held[id])]
        if is_cursor(params):
            key = _cursor_sort(params.get("sort", "id") if self._account.sort_obeyed else "id")
            page, rest = cursor_page(sorted(rows, key=key), params, _url(request), key)
        else:
            by = params.get("sort_by", "id") if self._account.sort_obeyed else "id"
            rows.sort(key=_offset_sort(by), reverse=params.get("sort_order") == "desc")
            page, rest = offset_page(rows, params, _url(request))
        return self._tickets(page, request) | rest

    def _tickets(self, found: Sequence[Ticket], request: Request) -> Json:
        account, base, include = self._account, _base(request), _included(request)
        rows = [rendering.ticket(ticket, base, own_statuses=account.own_statuses) for ticket in found]
        for row, ticket in zip(rows, found, strict=True):
            if "slas" in include and account.slas_offered:
                row["slas"] = rendering.slas(ticket, account.now(), null_breach_at=account.sla_null_breach_at)
            if "metric_sets" in include:
                row["metric_set"] = rendering.metric_set(ticket)
        body: Json = {"tickets": rows}
        if "users" in include:
            body["users"] = rendering.named_in(self._records, found, base)
        return body

    def comments(self, request: Request) -> Json:
        id = _known(request, self._records.tickets)
        rows, params = self._records.comments[id], request.query_params
        if is_cursor(params):
            sign = -1 if params.get("sort") == "-created_at" else 1

            def key(comment: Comment) -> tuple[int, int]:
                return sign * int(comment.at.timestamp()), sign * comment.id

            page, rest = cursor_page(sorted(rows, key=key), params, _url(request), key)
        else:
            page, rest = offset_page(rows, params, _url(request))
        body: Json = {"comments": [rendering.comment(comment) for comment in page]}
        if "users" in _included(request):
            authors = sorted({comment.author_id for comment in page if comment.author_id is not None})
            body["users"] = [rendering.user(self._records.users[author], _base(request)) for author in authors]
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
        page, rest = _by_id(ids, request)
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
        id = _known(request, self._records.organizations)
        return self._user_list(sorted(self._records.users_of.get(id, ())), request)

    def users(self, request: Request) -> Json:
        return self._user_list(self._records.sorted_ids("users"), request)

    def _user_list(self, ids: Sequence[int], request: Request) -> Json:
        role = request.query_params.get("role")
        rows = [id for id in ids if self._records.users[id].role == role] if role else ids
        page, rest = _by_id(rows, request)
        return {"users": [self._user(id, request) for id in page]} | rest

    def users_by_id(self, request: Request) -> Json:
        found = [id for id in self._asked("users", request) if id in self._records.users]
        return {"users": [self._user(id, request) for id in found], "count": len(found), "next_page": None}

    def _asked(self, kind: str, request: Request) -> list[int]:
        externals = _values(request, "external_ids")
        if not externals:
            return _ids(request, "ids")
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

    # search

    def search(self, request: Request) -> Json:
        params = request.query_params
        if is_cursor(params):
            raise invalid(400, "page must be an integer")
        if number(params, "page", 1) * number(params, "per_page", 100) > SEARCH_CAP:
            raise invalid(422, "Search Response Limits: only the first 1000 results are available")
        words = [word for word in params.get("query", "").split() if not word.startswith("type:")]
        kinds = [kind for kind in KINDS if f"type:{kind}" in params.get("query", "")] or KINDS
        rows = [row for kind in kinds for row in self._account.index.export(kind, " ".join(words), self._account.now())]
        page, rest = offset_page(rows, params, _url(request))
        return {"results": [self._result(row, request) for row in page], "facets": None} | rest

    def search_export(self, request: Request) -> Json:
        params, now = request.query_params, self._account.now()
        kind, query = params.get("filter[type]", ""), params.get("query", "")
        if kind not in KINDS:
            raise invalid(422, "filter[type] must be one of ticket, user, organization, group")
        size = number(params, "page[size]", 100)
        if not 1 <= size <= EXPORT_PAGE:
            raise coded(400, "InvalidPaginationParameter", f"page[size] must be between 1 and {EXPORT_PAGE}")
        digest = hashlib.sha256(f"{kind} {query}".encode()).hexdigest()[:16]
        after = self._export_place(params.get("page[after]"), digest)
        rows = [row for row in self._account.index.export(kind, query, now) if after is None or place(row) < after]
        page = rows[:size]
        last = place(page[-1]) if page else after
        following = cursor_of([digest, now.timestamp(), last]) if last else None
        return {
            "results": [self._result(row, request) for row in page],
            "facets": None,
            "meta": {"has_more": len(rows) > size, "after_cursor": following, "before_cursor": None},
            "links": {"prev": None, "next": f"{_url(request)}?page[after]={following}" if following else None},
        }

    def _export_place(self, cursor: str | None, digest: str) -> tuple[int, int] | None:
        if not cursor:
            return None
        held, issued, last = place_of(cursor)
        if held != digest:
            raise coded(400, "InvalidPaginationParameter", "the cursor belongs to another query")
        if self._account.now().timestamp() - issued > CURSOR_LIVES_SECONDS:
            raise coded(400, "InvalidPaginationParameter", "the cursor has expired")
        return last[0], last[1]

    def _result(self, row: Record, request: Request) -> Json:
        base = _base(request)
        if isinstance(row, Ticket):
            return rendering.ticket(row, base, own_statuses=self._account.own_statuses) | {"result_type": "ticket"}
        if isinstance(row, User):
            return rendering.user(row, base) | {"result_type": "user"}
        return rendering.organization(row, base) | {"result_type": "organization"}

    # incremental exports

    def changed_tickets(self, request: Request) -> Json:
        ids, rest = self._changed_by_cursor("tickets", request)
        found = [self._records.tickets[id] for id in ids]
        return self._tickets(found, request) | rest

    def changed_users(self, request: Request) -> Json:
        ids, rest = self._changed_by_cursor("users", request)
        return {"users": [self._user(id, request) for id in ids]} | rest

    def changed_organizations(self, request: Request) -> Json:
        start = self._start(request)
        entries, ended = self._entries("organizations", (start, -1), request, last_time_whole=True)
        end = entries[-1][0] if entries else start
        return {
            "organizations": [self._organization(id, request) for _, id in entries],
            "count": len(entries),
            "end_time": end,
            "next_page": f"{_url(request)}?start_time={end}",
            "end_of_stream": ended,
        }

    def _changed_by_cursor(self, kind: str, request: Request) -> tuple[list[int], Json]:
        cursor = request.query_params.get("cursor")
        after = tuple(place_of(cursor)) if cursor else (self._start(request) - 1, 10**18)
        entries, ended = self._entries(kind, (after[0], after[1]), request)
        following = cursor_of(entries[-1] if entries else after)
        rest = {
            "after_cursor": following,
            "after_url": f"{_url(request)}?cursor={following}",
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": ended,
        }
        return [id for _, id in entries], rest

    def _start(self, request: Request) -> int:
        if self._account.role != "admin":
            raise forbidden()
        start = request.query_params.get("start_time", "")
        if not start.isdigit():
            raise invalid(400, "start_time is required")
        if int(start) > self._account.now().timestamp() - HIDDEN_SECONDS:
            raise Complaint(422, {"error": "StartTimeTooRecent", "description": "Too recent start_time."})
        return int(start)

    def _entries(
        self, kind: str, after: tuple[int, int], request: Request, *, last_time_whole: bool = False
    ) -> tuple[list[tuple[int, int]], bool]:
        if self._account.role != "admin":
            raise forbidden()
        size = min(EXPORT_PAGE, max(1, number(request.query_params, "per_page", EXPORT_PAGE)))
        log = self._records.logs[kind].entries
        hidden = bisect_left(log, (int(self._account.now().timestamp()) - HIDDEN_SECONDS, 0))
        start = bisect_right(log, after)
        stop = min(start + size, hidden)
        while last_time_whole and start < stop < hidden and log[stop][0] == log[stop - 1][0]:
            stop += 1
        latest: dict[str, Callable[[int], Any]] = {
            "tickets": self._records.tickets.__getitem__,
            "users": self._records.users.__getitem__,
            "organizations": self._records.organizations.__getitem__,
        }
        current = [entry for entry in log[start:stop] if int(latest[kind](entry[1]).updated_at.timestamp()) == entry[0]]
        return list(dict.fromkeys(current)), stop >= hidden

    def _organization(self, id: int, request: Request) -> Json:
        return rendering.organization(self._records.organizations[id], _base(request))

    def _user(self, id: int, request: Request) -> Json:
        return rendering.user(self._records.users[id], _base(request))


def _by_id(ids: Sequence[int], request: Request) -> tuple[Sequence[int], Json]:
    if is_cursor(request.query_params):
        return cursor_page(ids, request.query_params, _url(request), lambda id: id)
    return offset_page(ids, request.query_params, _url(request))


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


def _known(request: Request, held: dict[int, Any]) -> int:
    id = int(request.path_params["id"])
    if id not in held:
        raise not_found()
    return id


def _values(request: Request, name: str) -> list[str]:
    values = [value for value in request.query_params.get(name, "").split(",") if value]
    if len(values) > 100:
        raise too_many(name)
    return values


def _ids(request: Request, name: str) -> list[int]:
    return [int(value) for value in dict.fromkeys(_values(request, name)) if value.isdigit()]


def _included(request: Request) -> frozenset[str]:
    return frozenset(request.query_params.get("include", "").split(","))


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _url(request: Request) -> str:
    return f"{_base(request)}{request.url.path}"
