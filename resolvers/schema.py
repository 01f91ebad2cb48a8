"""The schema of the graph: the roots, every type, and the guards that withhold what a viewer may not see.

The floor above adds its own roots, fields and types (`Additions`); nothing down here knows what they are.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from resolvers.context import Context
from resolvers.costing.prices import PRICES, Price
from resolvers.costing.roots import ROOTS, Root
from resolvers.directives import declare_defer, describe_directives
from resolvers.disclosure import note_owners, once_per_operation
from resolvers.exposure import RECORDS, grow
from resolvers.federation.entities import REPRESENTATION_SCALAR, Representation, add_entities, entities_field
from resolvers.federation.hiding import without_machinery
from resolvers.federation.service import service_field
from resolvers.federation.subgraph import subgraph_sdl
from resolvers.masks import Masks
from resolvers.roots.changes import EVENTS, Subscription, show_events
from resolvers.roots.conflicts import IDENTITY_CONFLICTS
from resolvers.roots.customers import CUSTOMER, CUSTOMER_BY, CUSTOMERS
from resolvers.roots.nodes import NODE, NODE_READS, NODES
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


class Additions(msgspec.Struct, frozen=True, kw_only=True):
    """What the floor above adds to the graph."""

    mutation: Any
    """The Mutation root."""
    fields: tuple[tuple[Any, Mapping[str, StrawberryField]], ...]
    """Fields of types that are there: the roots' too."""
    events: Mapping[str, Callable[..., Any]]
    """How an event of a subscription is worked out for its viewer, by the field's name in the schema."""
    nodes: Mapping[str, Callable[[Context, str], Awaitable[Any]]]
    """How a record is read by the last part of its global id, by its type's name."""
    entities: Mapping[str, Any]
    """Types that other subgraphs may refer to by their id."""
    prices: Mapping[str, Price]
    roots: Mapping[str, Root]


def composed(added: Additions, read_federated: Callable[[], str]) -> tuple[strawberry.Schema, Masks]:
    """The schema and its masks; to be made once in a process, since it grows the types themselves."""
    NODE_READS.update(added.nodes)
    EVENTS.update(added.events)
    PRICES.update(added.prices)
    ROOTS.update(added.roots)
    add_entities(added.entities)
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
        service=service_field(read_federated),
        entities=entities_field(),
    )
    for kind, fields in added.fields:
        grow(kind, **fields)
    return _schema(added.mutation)


def _schema(mutation: Any) -> tuple[strawberry.Schema, Masks]:
    scalars = {**SCALARS, Representation: REPRESENTATION_SCALAR}
    schema = strawberry.Schema(
        Query,
        mutation=mutation,
        subscription=Subscription,
        types=list(RECORD_TYPES.values()),
        config=StrawberryConfig(scalar_map=scalars, disable_field_suggestions=True),
    )
    show_events(schema)
    describe_directives(schema)
    declare_defer(schema)
    masks = Masks(schema, RECORDS)
    note_owners(schema._schema)
    once_per_operation(schema._schema)
    return schema, masks


def public_sdl(schema: strawberry.Schema) -> str:
    """The schema in the schema definition language, as schema.graphql has it."""
    return without_machinery(schema.as_str()) + "\n"


def federated(public: str, masks: Masks) -> str:
    """The public schema as a subgraph of a supergraph, as `_service` gives it."""
    return subgraph_sdl(public, masks.needs(), RECORDS)
