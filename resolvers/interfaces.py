"""The interfaces of the graph: Node and SourceRecord."""

import strawberry

from resolvers.exposure import exposed
from sources.canonical.provenance import Provenance

ProvenanceType = exposed(Provenance)


@strawberry.interface(description="What has a global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and stable for ever; `node(id)` takes it.")


@strawberry.interface(description="What a source gave.")
class SourceRecord:
    provenance: ProvenanceType = strawberry.field(  # type: ignore[valid-type]
        description="Where the record came from and how old it is."
    )
