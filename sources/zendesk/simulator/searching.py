"""The search: a query's terms, the records that fit, as the index has them.

Different keywords narrow. The same keyword twice widens; that, for organizations, is unverified, so
`repeated_keyword` can make it anything else.
"""

import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from sources.zendesk.simulator.errors import invalid
from sources.zendesk.simulator.records import Organization, Records, Ticket, User

KINDS = ("ticket", "user", "organization")
OPERATORS = ("<=", ">=", "<", ">", ":")
STATUS_ORDER = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITY_ORDER = ("low", "normal", "high", "urgent")

ATTRIBUTES = {
    "organization": "organization_id",
    "requester": "requester_id",
    "role": "role",
    "priority": "priority",
    "external_id": "external_id",
}

Record = Ticket | User | Organization


class Term(msgspec.Struct, frozen=True):
    """keyword, operator, value, e.g. created <= 2026-11-01."""

    keyword: str
    operator: str
    value: str


class Index:
    """Searches the records. Its attributes are switches."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.lag_seconds = 5.0
        """How far the index is behind; "up to minutes" at the vendor."""
        self.repeated_keyword = "either"
        """"either" | "last" | "both" | "ignored" (everything is found) | "refused" (422)."""
        self.longest_query = 8_000
        """Characters; the vendor's own limit is not documented."""
        self.type_in_query_refused = True
        """Whether `type:` inside the query of an export is an error: documented so, and recorded otherwise."""

    def export(self, kind: str, query: str, now: datetime) -> list[Record]:
        """What fits, newest first. Raises the 400 or 422 for a query that is not understood."""
        terms = self._terms(query)
        if self.type_in_query_refused and any(term.keyword == "type" for term in terms):
            raise invalid(422, "type is not allowed in the query: use filter[type]")
        return self.found(kind, [term for term in terms if term.keyword != "type"], now)

    def _terms(self, query: str) -> list[Term]:
        if len(query) > self.longest_query:
            raise invalid(422, "The query is too long")
        try:
            words = shlex.split(query)
        except ValueError:
            raise invalid(422, "The query has an unbalanced quotation mark") from None
        return [_term(word) for word in words]

    def found(self, kind: str, terms: Sequence[Term], now: datetime) -> list[Record]:
        """The records of a kind that fit all terms, newest first."""
        groups: dict[str, list[Term]] = {}
        for term in terms:
            groups.setdefault(term.keyword if term.operator == ":" else term.keyword + term.operator, []).append(term)
        groups = self._as_repeated(groups)
        candidates, used = self._candidates(kind, groups)
        rest = [group for keyword, group in groups.items() if keyword != used]
        seen = [record for record in candidates if self._indexed(record, now)]
        fit = [record for record in seen if all(self._fits(record, group, now) for group in rest)]
        return sorted(fit, key=place, reverse=True)

    def _as_repeated(self, groups: dict[str, list[Term]]) -> dict[str, list[Term]]:
        repeated = {name for name, group in groups.items() if len(group) > 1 and name in ("organization", "requester")}
        if repeated and self.repeated_keyword == "refused":
            raise invalid(422, "A keyword may be used once")
        if self.repeated_keyword == "last":
            return {name: group[-1:] if name in repeated else group for name, group in groups.items()}
        if self.repeated_keyword == "ignored":
            return {name: group for name, group in groups.items() if name not in repeated}
        if self.repeated_keyword == "both":
            return {f"{name} {place}": [term] for name, group in groups.items() for place, term in enumerate(group)}
        return groups

    def _candidates(self, kind: str, groups: dict[str, list[Term]]) -> tuple[Iterable[Record], str | None]:
        """The records to look through, and the keyword that an index has done already."""
        records = self._records
        if not all(term.value.isdigit() for term in (*groups.get("organization", ()), *groups.get("requester", ()))):
            raise invalid(422, "organizations and requesters are found by their id here")
        ids = [int(term.value) for term in groups.get("organization", [])]
        if kind == "ticket" and ids:
            found = [id for owner in dict.fromkeys(ids) for id in records.tickets_of.get(owner, ())]
            return [records.tickets[id] for id in found], "organization"
        if kind == "ticket" and "requester" in groups:
            owners = dict.fromkeys(int(term.value) for term in groups["requester"])
            found = [id for owner in owners for id in records.tickets_requested.get(owner, ())]
            return [records.tickets[id] for id in found], "requester"
        if kind == "user" and ids:
            found = [id for owner in dict.fromkeys(ids) for id in records.users_of.get(owner, ())]
            return [records.users[id] for id in found], "organization"
        held: dict[str, Any] = {"ticket": records.tickets, "user": records.users, "organization": records.organizations}
        return held[kind].values(), None

    def _indexed(self, record: Record, now: datetime) -> bool:
        return not self._lags(record, now) or (isinstance(record, Ticket) and record.status_before is not None)

    def _lags(self, record: Record, now: datetime) -> bool:
        return (now - record.updated_at).total_seconds() < self.lag_seconds

    def _fits(self, record: Record, group: Sequence[Term], now: datetime) -> bool:
        return any(self._holds(record, term, now) for term in group)

    def _holds(self, record: Record, term: Term, now: datetime) -> bool:
        if term.keyword in ("created", "updated"):
            moment = record.created_at if term.keyword == "created" else record.updated_at
            return _compared(moment, _moment(term.value), term.operator)
        actual = self._value(record, term.keyword, now)
        order = {"status": STATUS_ORDER, "priority": PRIORITY_ORDER}.get(term.keyword)
        if term.operator == ":" or order is None:
            return actual is not None and str(actual).lower() == term.value.lower()
        return (
            actual in order
            and term.value in order
            and _compared(order.index(actual), order.index(term.value), term.operator)
        )

    def _value(self, record: Record, keyword: str, now: datetime) -> Any:
        if keyword == "status" and isinstance(record, Ticket):
            return record.status_before if self._lags(record, now) else record.status
        if keyword in ATTRIBUTES:
            return getattr(record, ATTRIBUTES[keyword], None)
        return None if isinstance(record, Ticket) else record.fields.get(keyword)


def place(record: Record) -> tuple[int, int]:
    """A record's place in the order of creation."""
    return int(record.created_at.timestamp()), record.id


def _term(word: str) -> Term:
    for position, character in enumerate(word):
        if character in ":<>":
            operator = next(known for known in OPERATORS if word.startswith(known, position))
            value = word[position + len(operator) :]
            if not position or not value:
                break
            return Term(word[:position], operator, value)
    raise invalid(422, "The query has a word that is no keyword with a value")


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(422, "The query has a date that is none") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _compared(left: Any, right: Any, operator: str) -> bool:
    if operator == ":":
        return bool(left == right)
    return bool(
        left < right
        if operator == "<"
        else left > right
        if operator == ">"
        else left <= right
        if operator == "<="
        else left >= right
    )
