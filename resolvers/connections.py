"""Relay connections: their types, and how a page of records becomes one."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
import strawberry

from resolvers.errors import bad_input
from resolvers.exposure import exposed
from sources.canonical.sensitivity import Sensitivity, classified

UNSET: Any = strawberry.UNSET  # the default of an argument that has none in the schema
MAX_FIRST = 100
DEFAULT_FIRST = 10
R = TypeVar("R")


@classified(Sensitivity.INTERNAL)
class PageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page stands in its list."""

    has_next_page: bool
    """True where the list goes on after this page."""
    has_previous_page: bool
    """True where the page was asked for after a cursor."""
    start_cursor: str | None = None
    """The cursor of the first edge."""
    end_cursor: str | None = None
    """Where to go on: pass it as `after`."""


class Edge(Generic[R]):
    """A record and its cursor."""

    __slots__ = ("cursor", "node")

    def __init__(self, node: R, cursor: str) -> None:
        self.node = node
        self.cursor = cursor


class Connection(Generic[R]):
    """A page of a list, as the Relay cursor specification has it."""

    __slots__ = ("edges", "page_info", "total_count")

    def __init__(
        self,
        edges: Sequence[Edge[R]],
        *,
        has_next: bool,
        after: str | None,
        end_cursor: str | None = None,
        total_count: int | None = None,
    ) -> None:
        self.edges = edges
        self.total_count = total_count
        self.page_info = PageInfo(
            has_next_page=has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=end_cursor or (edges[-1].cursor if edges else None),
        )

    @property
    def nodes(self) -> list[R]:
        return [edge.node for edge in self.edges]


def given(value: Any) -> Any:
    """An argument's value; None where it was not given."""
    return None if value is UNSET else value


def page_length(first: int | None) -> int:
    """`first` as given, or the default; raises BAD_USER_INPUT outside 1 to 100."""
    if first is None or first is UNSET:
        return DEFAULT_FIRST
    if not 1 <= first <= MAX_FIRST:
        raise bad_input(f"first is {first}; it must be between 1 and {MAX_FIRST}")
    return first


@cache
def connection_type(node: Any, *, counted: bool = False, list_name: str | None = None) -> Any:
    """The connection type of a node type: `CustomerConnection` of `Customer`; counted ones have totalCount."""
    name = node.__strawberry_definition__.name
    edge = _made(
        f"{name}Edge",
        f"A {name} and its place in the list.",
        node=(node, "The record."),
        cursor=(str, "Its place in the list."),
    )
    fields: dict[str, tuple[Any, str]] = {
        "edges": (list[edge], "The records with their places."),  # type: ignore[valid-type]
        "nodes": (list[node], "The records alone."),
        "page_info": (exposed(PageInfo), "Where the page stands in the list."),
    }
    if counted:
        fields["total_count"] = (int | None, "How many there are in all; null where that is too many to count.")
    return _made(f"{list_name or name}Connection", f"A page of a list of {name}.", **fields)


def _made(name: str, description: str, **fields: tuple[Any, str]) -> Any:
    namespace: dict[str, Any] = {
        "__annotations__": {field: kind for field, (kind, _) in fields.items()},
        "__module__": __name__,
    }
    for field, (_, text) in fields.items():
        namespace[field] = strawberry.field(description=text)
    return strawberry.type(type(name, (), namespace), description=description)
