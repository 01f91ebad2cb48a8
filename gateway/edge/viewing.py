"""What the edge needs to know of a request's context; the resolvers' own Context is one."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias

from graphql import GraphQLError

from resolvers.context import Recess
from resolvers.disclosure import Shown
from resolvers.masks import Mask
from sources.canonical.actor import Actor, Grants
from sources.canonical.provenance import CustomerRef

INTROSPECT = "schema:introspect"


class Viewing(Protocol):
    """Who asks, what it may see, and the errors beside data that is there."""

    actor: Actor
    grants: Grants
    correlation_id: str
    beside: list[GraphQLError]
    recess: Recess
    mask: Mask
    shown: Shown | None

    async def owner_uids(self, refs: Iterable[tuple[str, CustomerRef]]) -> list[str | None]:
        """The uids of the customers for whom records in sources stand."""

    def close(self) -> None:
        """End what is still being loaded for the request."""


Authenticate: TypeAlias = Callable[[str | None], Awaitable[Actor]]
OpenContext: TypeAlias = Callable[[Actor, str], Viewing]


def introspects(viewing: Viewing) -> bool:
    """Whether the viewer may ask for the schema."""
    return INTROSPECT in viewing.grants.permissions
