"""The two searches: /search by offset, /search/export by cursor."""

import hashlib
from typing import Any

from starlette.requests import Request

from sources.zendesk.simulator import rendering
from sources.zendesk.simulator.answers import Answers
from sources.zendesk.simulator.asking import base_of, url_of
from sources.zendesk.simulator.errors import coded, invalid
from sources.zendesk.simulator.paging import cursor_of, is_cursor, number, offset_page, place_of
from sources.zendesk.simulator.records import Ticket, User
from sources.zendesk.simulator.searching import KINDS, Record, place

Json = dict[str, Any]

SEARCH_CAP = 1_000  # results that /search lets be read
EXPORT_PAGE = 1_000
CURSOR_LIVES_SECONDS = 3600


class Searches(Answers):
    """What is found."""

    def search(self, request: Request) -> Json:
        params = request.query_params
        if is_cursor(params):
            raise invalid(400, "page must be an integer")
        if number(params, "page", 1) * number(params, "per_page", 100) > SEARCH_CAP:
            raise invalid(422, "Search Response Limits: only the first 1000 results are available")
        words = [word for word in params.get("query", "").split() if not word.startswith("type:")]
        kinds = [kind for kind in KINDS if f"type:{kind}" in params.get("query", "")] or KINDS
        rows = [row for kind in kinds for row in self._account.index.export(kind, " ".join(words), self._account.now())]
        page, rest = offset_page(rows, params, url_of(request))
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
            "links": {"prev": None, "next": f"{url_of(request)}?page[after]={following}" if following else None},
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
        base = base_of(request)
        if isinstance(row, Ticket):
            return rendering.ticket(row, base, own_statuses=self._account.own_statuses) | {"result_type": "ticket"}
        if isinstance(row, User):
            return rendering.user(row, base) | {"result_type": "user"}
        return rendering.organization(row, base) | {"result_type": "organization"}
