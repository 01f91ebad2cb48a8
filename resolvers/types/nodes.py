"""The records of sources as nodes of the graph: each has a global id and its provenance."""

from typing import Any

import strawberry
from strawberry.types import Info

from resolvers import ids
from resolvers.context import context
from resolvers.edges import RECORD_READS
from resolvers.exposure import exposed, field, grow
from resolvers.interfaces import Node, ProvenanceType, SourceRecord
from resolvers.types.freshness import Freshness, FreshnessEnum, freshness_of
from sources.canonical.customer import Customer
from sources.canonical.erp import ErpAccount, TaxContext
from sources.canonical.provenance import Listed, Provenance

RECORDS: tuple[Any, ...] = tuple(read.record for read in RECORD_READS)
NODES: dict[str, Any] = {record.__name__: exposed(record, Node, SourceRecord) for record in RECORDS}
KINDS = {read.record.__name__: read.kind for read in RECORD_READS} | {"ErpAccount": "ledger", "TaxContext": "tax"}
CustomerType = exposed(Customer, Node)
ErpAccountType = exposed(ErpAccount, SourceRecord)
TaxContextType = exposed(TaxContext, SourceRecord)


def record_id(self: Listed) -> str:
    return ids.encode(type(self).__name__, self.provenance.source, self.provenance.record_id)


def customer_id(self: Customer) -> str:
    return ids.encode("Customer", "", self.uid)


def age_seconds(self: Provenance, info: Info[Any, Any]) -> float:
    return max(0.0, (context(info).started_at - self.fetched_at).total_seconds())


def freshness(self: Provenance, info: Info[Any, Any]) -> Freshness:
    parent = info.path.prev
    kind = KINDS.get(parent.typename or "") if parent else None
    return freshness_of(context(info), self.source, self.fetched_at, kind)


ID_TEXT = "Opaque and stable for ever; `node(id)` takes it."
for _node in NODES.values():
    grow(_node, id=field(record_id, strawberry.ID, ID_TEXT))
grow(CustomerType, id=field(customer_id, strawberry.ID, ID_TEXT))
grow(
    ProvenanceType,
    age_seconds=field(age_seconds, float, "Seconds since the vendor answered, when this request began; 0 for LIVE."),
    freshness=field(freshness, FreshnessEnum, "Whether it was read now, or kept, or is kept longer than it should be."),
)
