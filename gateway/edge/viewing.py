"""What the edge needs to know of a request's context; the resolvers' own Context is one."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from graphql import GraphQLError

from sources.canonical.actor import Actor, Grants

INTROSPECT = "schema:introspect"


class Viewing(Protocol):
    """Who asks, what it may see, and the errors beside data that is there."""

    actor: Actor
    grants: Grants
    correlation_id: str
    beside: list[GraphQLError]

    def close(self) -> None:
        """End what is still being loaded for the request."""


Authenticate: TypeAlias = Callable[[str | None], Awaitable[Actor]]
OpenContext: TypeAlias = Callable[[Actor, str], Viewing]


def introspects(viewing: Viewing) -> bool:
    """Whether the viewer may ask for the schema."""
    return INTROSPECT in viewing.grants.permissions
