"""Whose a record is, of every type that is some customer's."""

from graphql import GraphQLObjectType, GraphQLSchema

from resolvers.exposure import RECORDS
from sources.canonical.provenance import Listed

CUSTOMER = "Customer"


def owned_types(schema: GraphQLSchema) -> frozenset[str]:
    """The types whose records tell by themselves which customer they are about."""
    return frozenset(
        name for name in RECORDS if _is_owned(name) and isinstance(schema.type_map.get(name), GraphQLObjectType)
    )


def _is_owned(name: str) -> bool:
    record = RECORDS[name]
    return name == CUSTOMER or issubclass(record, Listed) or "customer_uid" in getattr(record, "__struct_fields__", ())
