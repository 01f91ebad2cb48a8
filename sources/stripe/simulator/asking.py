"""What a request asks for, checked as Stripe checks it. Source: Stripe API, Errors, Pagination, Expanding responses."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

MOST = 100
DEFAULT_LIMIT = 10
LEVELS = 4  # of expansion. Source: Stripe API, Expanding responses
RANGE = frozenset(["gt", "gte", "lt", "lte"])


class Wrong(Exception):
    """A request that is refused."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"type": type, "message": message}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a request."""

    limit: int = DEFAULT_LIMIT
    starting_after: str | None = None
    ending_before: str | None = None
    oldest: int | None = None  # from `created`, both ends included
    newest: int | None = None
    due: tuple[int | None, int | None] = (None, None)
    expand: frozenset[str] = frozenset()
    filters: Mapping[str, str] = {}
    types: frozenset[str] = frozenset()
    query: str | None = None
    page: str | None = None


def parse(query: str, *, takes: frozenset[str], expandable: frozenset[str], within: str = "") -> Asked:
    """The request's parameters. `takes`: filters of this endpoint; `within` is "data." for a list. Raises Wrong."""
    given: dict[str, Any] = {}
    filters: dict[str, str] = {}
    spans: dict[str, list[int | None]] = {"created": [None, None], "due_date": [None, None]}
    expand: set[str] = set()
    types: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        base, part = _split(name)
        if base == "expand":
            expand.add(_expanded(value, expandable, within))
        elif base not in takes:
            raise Wrong(400, f"Received unknown parameter: {base}", code="parameter_unknown", param=base)
        elif base in spans:
            _narrow(spans[base], base, part, value)
        elif base == "types":
            types.add(value)
        elif base in given or base in filters or part:
            raise Wrong(400, f"Invalid string: {base}", param=base)
        elif not value:
            raise Wrong(400, f"You passed an empty string for '{base}'.", code="parameter_invalid_empty", param=base)
        elif base == "limit":
            given[base] = _limit(value)
        elif base in ("starting_after", "ending_before", "query", "page"):
            given[base] = value
        else:
            filters[base] = value
    if len(types) > 20:
        raise Wrong(400, "You may pass up to 20 types", param="types")
    return Asked(
        **given,
        oldest=spans["created"][0],
        newest=spans["created"][1],
        due=(spans["due_date"][0], spans["due_date"][1]),
        expand=frozenset(expand),
        filters=filters,
        types=frozenset(types),
    )


def _split(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"([a-z_]+)(?:\[([a-z0-9_]*)\])?", name)
    if not found:
        raise Wrong(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    return found.group(1), found.group(2) or ""


def _limit(value: str) -> int:
    if not value.isdigit():
        raise Wrong(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param="limit")
    if not 1 <= int(value) <= MOST:
        raise Wrong(400, f"This value must be between 1 and {MOST}.", code="parameter_invalid_integer", param="limit")
    return int(value)


def _narrow(span: list[int | None], base: str, part: str, value: str) -> None:
    if not re.fullmatch(r"\d{1,11}", value) or (part and part not in RANGE):
        raise Wrong(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=base)
    at = int(value)
    if part in ("", "gt", "gte"):
        span[0] = at + (part == "gt")
    if part in ("", "lt", "lte"):
        span[1] = at - (part == "lt")


def _expanded(value: str, expandable: frozenset[str], within: str) -> str:
    if value.count(".") >= LEVELS:
        raise Wrong(400, f"You cannot expand more than {LEVELS} levels of a property. Property: {value}")
    name = value.removeprefix(within) if value.startswith(within) else ""
    if name not in expandable:
        raise Wrong(400, f"This property cannot be expanded ({value}).", param="expand")
    return name
