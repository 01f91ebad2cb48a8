"""What a request asks for."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from sources.zendesk.simulator.errors import not_found, too_many
from sources.zendesk.simulator.paging import cursor_page, is_cursor, offset_page

Json = dict[str, Any]


def by_id(ids: Sequence[int], request: Request) -> tuple[Sequence[int], Json]:
    """A page of records that are sorted by id: by cursor or by offset, as the request has it."""
    if is_cursor(request.query_params):
        return cursor_page(ids, request.query_params, url_of(request), lambda id: id)
    return offset_page(ids, request.query_params, url_of(request))


def known(request: Request, held: dict[int, Any]) -> int:
    """The id in the path; raises the 404 where there is no such record."""
    id = int(request.path_params["id"])
    if id not in held:
        raise not_found()
    return id


def values(request: Request, name: str) -> list[str]:
    """A comma list of at most a hundred; raises the 400 for more."""
    values = [value for value in request.query_params.get(name, "").split(",") if value]
    if len(values) > 100:
        raise too_many(name)
    return values


def ids(request: Request, name: str) -> list[int]:
    """The ids of a comma list, each once."""
    return [int(value) for value in dict.fromkeys(values(request, name)) if value.isdigit()]


def included(request: Request) -> frozenset[str]:
    """What is to be side-loaded."""
    return frozenset(request.query_params.get("include", "").split(","))


def base_of(request: Request) -> str:
    """The address of the account, as the caller knows it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def url_of(request: Request) -> str:
    """The address of what is asked for, without the query."""
    return f"{base_of(request)}{request.url.path}"
