"""The schema of the graph: the roots, every type, and the guards that withhold what a viewer may not see."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.directives import declare_defer, describe_directives
from resolvers.exposure import RECORDS, grow
from resolvers.federation.entities import ENTITIES, REPRESENTATION_SCALAR, Representation
from resolvers.federation.hiding import without_machinery
from resolvers.federation.service import service_field
from resolvers.federation.subgraph import subgraph_sdl
from resolvers.masks import Masks
from resolvers.roots.changes import Subscription, show_events
from resolvers.roots.conflicts import IDENTITY_CONFLICTS
from resolvers.roots.customers import CUSTOMER, CUSTOMER_BY, CUSTOMERS
from resolvers.roots.nodes import NODE, NODES
from resolvers.roots.systems import SYSTEMS
from resolvers.roots.viewer import VIEWER
from resolvers.scalars import SCALARS
from resolvers.types import billing, customer, sources, status, support, timeline
from resolvers.types.nodes import NODES as RECORD_TYPES

# Importing these grows their fields onto the types.
GROWN = (billing, customer, sources, status, support, timeline)


@strawberry.type(description="One customer, whole and live, out of the systems that own the facts.")
class Query:
    pass


@cache
def graph() -> tuple[strawberry.Schema, Masks]:
    """The schema and its masks; made once."""
    grow(
        Query,
        node=NODE,
        nodes=NODES,
        viewer=VIEWER,
        customer=CUSTOMER,
        customer_by=CUSTOMER_BY,
        customers=CUSTOMERS,
        systems=SYSTEMS,
        identity_conflicts=IDENTITY_CONFLICTS,
        service=service_field(federated_sdl),
        entities=ENTITIES,
    )
    scalars = {**SCALARS, Representation: REPRESENTATION_SCALAR}
    config = StrawberryConfig(scalar_map=scalars, disable_field_suggestions=True)
    schema = strawberry.Schema(Query, subscription=Subscription, types=list(RECORD_TYPES.values()), config=config)
    show_events(schema)
    describe_directives(schema)
    declare_defer(schema)
    return schema, Masks(schema, RECORDS)


@cache
def sdl() -> str:
    """The schema in the schema definition language, as schema.graphql has it."""
    return without_machinery(graph()[0].as_str()) + "\n"


@cache
def federated_sdl() -> str:
    """The schema as a subgraph of a supergraph, as `_service` gives it."""
    return subgraph_sdl(sdl(), graph()[1].needs(), RECORDS)
