"""The incremental exports: for administrators, without the last minute."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sources.zendesk.simulator.answers import Answers
from sources.zendesk.simulator.asking import url_of
from sources.zendesk.simulator.errors import Complaint, forbidden, invalid
from sources.zendesk.simulator.paging import cursor_of, number, place_of

Json = dict[str, Any]

EXPORT_PAGE = 1_000
HIDDEN_SECONDS = 60  # the last minute


class Exports(Answers):
    """What changed."""

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
            "next_page": f"{url_of(request)}?start_time={end}",
            "end_of_stream": ended,
        }

    def _changed_by_cursor(self, kind: str, request: Request) -> tuple[list[int], Json]:
        cursor = request.query_params.get("cursor")
        after = tuple(place_of(cursor)) if cursor else (self._start(request) - 1, 10**18)
        entries, ended = self._entries(kind, (after[0], after[1]), request)
        following = cursor_of(entries[-1] if entries else after)
        rest = {
            "after_cursor": following,
            "after_url": f"{url_of(request)}?cursor={following}",
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
