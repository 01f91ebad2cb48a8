"""Query._service: the schema as a composer asks a subgraph for it; for who may read the schema."""

from collections.abc import Callable

import strawberry
from strawberry.types.field import StrawberryField

from resolvers.exposure import field, grow

INTROSPECT = "schema:introspect"


def service_field(read_sdl: Callable[[], str]) -> StrawberryField:
    """Query._service; `read_sdl` gives the subgraph's schema."""

    @strawberry.type(name="_Service", description="What a composer of supergraphs asks for.")
    class Service:
        pass

    def sdl() -> str | None:
        return read_sdl()

    def service() -> Service:
        return Service()

    grow(Service, sdl=field(sdl, str | None, "The schema with the directives of Federation.", permission=INTROSPECT))
    root = field(service, Service, "This schema as a subgraph.")
    root.graphql_name = "_service"
    return root
