"""The whole graph: the read side, and what governed writes add to it."""

from functools import cache
from typing import Any

import strawberry

from mutations import registry
from mutations.governance.graph import additions
from resolvers.exposure import grow
from resolvers.masks import Masks
from resolvers.schema import Additions, Query, composed, federated, public_sdl


@strawberry.type(description="Governed writes: planned, allowed or refused by policy, carried out, and recorded.")
class Mutation:
    pass


@cache
def graph() -> tuple[strawberry.Schema, Masks]:
    """The schema and its masks; made once."""
    fields, queries = registry.fields(), registry.queries()
    root: Any = Mutation
    grow(root, **fields, **additions.DECISIONS)
    added = Additions(
        mutation=root,
        fields=((Query, {**queries, **additions.QUERIES}), *additions.FIELDS),
        events=additions.EVENTS,
        nodes=additions.NODES,
        entities=additions.ENTITIES,
        prices=additions.PRICES,
        roots=additions.roots({**fields, **additions.DECISIONS}, queries),
    )
    return composed(added, federated_sdl)


@cache
def sdl() -> str:
    """The schema in the schema definition language, as schema.graphql has it."""
    return public_sdl(graph()[0])


@cache
def federated_sdl() -> str:
    """The schema as a subgraph of a supergraph, as `_service` gives it."""
    return federated(sdl(), graph()[1])
