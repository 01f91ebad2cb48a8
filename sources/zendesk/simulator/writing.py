"""Updates of tickets, and the audits that tell of them.

Sources: Zendesk Support API, Update ticket; Creating ticket comments; Setting metadata; Protecting against ticket
update collisions; Ticket audits. There is no idempotency here: the same PUT twice is two comments.
"""

from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request

from sources.zendesk.simulator import rendering
from sources.zendesk.simulator.answers import Answers
from sources.zendesk.simulator.asking import known, url_of
from sources.zendesk.simulator.errors import Complaint, forbidden, record_invalid, update_conflict
from sources.zendesk.simulator.paging import cursor_page, is_cursor, offset_page
from sources.zendesk.simulator.records import Audit, Comment, Ticket, User
from sources.zendesk.simulator.searching import STATUS_ORDER

Json = dict[str, Any]

MOST_COMMENTS = 5_000
KNOWN = frozenset(["comment", "metadata", "status", "priority", "tags", "safe_update", "updated_stamp"])
WRITER = 1
"""The id of the user to whom the credential belongs."""


class Writes(Answers):
    """What can be changed, and what is told of it."""

    def update_ticket(self, request: Request, content: Any) -> tuple[Json, dict[str, str]]:
        """An update: all of it is done, or nothing."""
        if self._account.role == "light":
            raise forbidden()
        ticket = self._records.tickets[known(request, self._records.tickets)]
        told = content.get("ticket") if isinstance(content, dict) else None
        if not isinstance(told, dict):
            raise Complaint(400, {"error": {"title": "Invalid attribute", "message": "ticket must be an object"}})
        self._account.limits.take_update(ticket.id, self._account.now().timestamp())
        if ticket.status == "closed":
            raise record_invalid("status", "Status: closed prevents ticket update")
        if told.get("safe_update") and told.get("updated_stamp") != rendering.time_of(ticket.updated_at):
            raise update_conflict()
        audit = self._apply(ticket, told)
        body = {"ticket": self._tickets([ticket], request)["tickets"][0]}
        if audit is not None:
            body["audit"] = rendering.audit(audit, ticket.id)
        return body, self._warning(told)

    def audits(self, request: Request) -> Json:
        """All updates of a ticket, the first at first: for agents."""
        if self._account.role == "light":
            raise forbidden()
        id, params = known(request, self._records.tickets), request.query_params
        rows = sorted(self._all_audits(id), key=_place)
        if is_cursor(params):
            page, rest = cursor_page(rows, params, url_of(request), _place)
        else:
            page, rest = offset_page(rows, params, url_of(request))
        return {"audits": [rendering.audit(audit, id) for audit in page]} | rest

    def _apply(self, ticket: Ticket, told: Json) -> Audit | None:
        """Makes the changes; an update that changes nothing leaves no audit, and keeps no metadata."""
        now = self._account.now().replace(microsecond=0)
        changes = _changes(ticket, told)
        comment = self._comment(ticket, told.get("comment"), now)
        if comment is None and not changes:
            return None
        for field, value, _before in changes:
            self._change(ticket, field, value, now)
        if "tags" in told:
            ticket.tags = tuple(told["tags"])
        held = self._records.audits.setdefault(ticket.id, [])
        audit = Audit(
            id=self._records.next_id(), author_id=WRITER, at=now, custom=self._custom(told),
            changes=changes, comment=comment,
        )  # fmt: skip
        held.append(audit)
        if comment is not None:
            self._write(ticket, comment)
        self._records.touch(ticket, now)
        return audit

    def _comment(self, ticket: Ticket, told: Any, now: datetime) -> Comment | None:
        text = told.get("body") or told.get("html_body") if isinstance(told, dict) else None
        if not text:
            return None
        held = self._records.comments[ticket.id]
        if len(held) >= MOST_COMMENTS:
            raise record_invalid("base", f"Ticket comments: too many, at most {MOST_COMMENTS}")
        author = told.get("author_id", WRITER)
        if author != WRITER and author not in self._records.users:
            raise record_invalid("author_id", "Author: is not valid")
        public = told.get("public", held[0].public if held else True)
        return Comment(self._records.next_id(), author, now, bool(public), str(text))

    def _write(self, ticket: Ticket, comment: Comment) -> None:
        if comment.author_id == WRITER and WRITER not in self._records.users:
            self._records.put_user(User(WRITER, "Admin", "admin", comment.at, comment.at, "admin@example.com"))
        self._records.comments[ticket.id].append(comment)
        self._records.comments[ticket.id].sort(key=lambda held: held.at)
        ticket.status_before = ticket.status
        if comment.public:
            ticket.first_reply_at = ticket.first_reply_at or comment.at

    def _change(self, ticket: Ticket, field: str, value: str | None, now: datetime) -> None:
        if field == "priority":
            ticket.priority = value
        elif field == "status" and value is not None:
            ticket.status_before, ticket.status = ticket.status, value
            ticket.solved_at = (ticket.solved_at or now) if value in ("solved", "closed") else None
            ticket.closed_at = now if value == "closed" else None
            if value != "closed":
                ticket.custom_status_id = self._records.custom_status(value, None)

    def _custom(self, told: Json) -> Json:
        metadata = told.get("metadata")
        return dict(metadata) if self._account.metadata_kept and isinstance(metadata, dict) else {}

    def _warning(self, told: Json) -> dict[str, str]:
        removed = [f"ticket.{key}" for key in told if key not in KNOWN]
        if "metadata" in told and not self._account.metadata_kept:
            removed.append("ticket.metadata")
        if not removed:
            return {}
        keys = msgspec.json.encode(removed).decode()
        return {"x-zendesk-api-warn": f"Removed restricted keys {keys} from parameters according to whitelist"}

    def _all_audits(self, id: int) -> list[Audit]:
        written = self._records.audits.get(id, [])
        by_update = {audit.comment.id for audit in written if audit.comment}
        told = [comment for comment in self._records.comments[id] if comment.id not in by_update]
        return [*(_of_the_world(comment) for comment in told), *written]


def _of_the_world(comment: Comment) -> Audit:
    return Audit(comment.id + 1, comment.author_id or 0, comment.at, {}, comment=comment)


def _place(audit: Audit) -> tuple[int, int]:
    return int(audit.at.timestamp()), audit.id


def _changes(ticket: Ticket, told: Json) -> tuple[tuple[str, str | None, str | None], ...]:
    if "status" in told and told["status"] not in STATUS_ORDER:
        raise record_invalid("status", "Status: is not valid")
    tags = told.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise record_invalid("tags", "Tags: is not valid")
    before = {"status": ticket.status, "priority": ticket.priority, "tags": " ".join(ticket.tags)}
    now = {field: told[field] for field in before if field in told}
    if "tags" in now:
        now["tags"] = " ".join(tags)
    return tuple((field, value, before[field]) for field, value in now.items() if value != before[field])
