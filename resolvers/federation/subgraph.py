"""The schema as a subgraph: the same types, with the directives by which a composer merges and guards them.

Made out of the public schema's own text, so that the two cannot come apart. Left out are Relay's `node` and
`nodes`: in a supergraph they would stand for every subgraph's records, and ours gives only its own. So is `@defer`,
which a gateway in front plans by itself and asks of no subgraph.
"""

from collections.abc import Mapping
from dataclasses import replace

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
)

from resolvers.federation.entities import KEYS
from resolvers.federation.marks import guards, keys, schema_extension, shareable
from resolvers.masks import Need
from sources.canonical.sensitivity import Sensitivity, class_of_type

ROOTS = frozenset({"Query", "Mutation", "Subscription"})
DEFER = "defer"
RELAY_ROOTS = frozenset({"node", "nodes"})
# What means the same in any subgraph: plain values without an identity of their own. They carry no scopes
# themselves, since these would bind every subgraph's values; the fields that lead to ours do.
VALUE_TYPES = frozenset({"Address", "Money", "PageInfo", "Provenance", "TaxId"})


def subgraph_sdl(public: str, needs: Mapping[str, Need], records: Mapping[str, type]) -> str:
    """The subgraph's schema; `public` is the schema without federation, `needs` are by field coordinate."""
    marked: list[DefinitionNode] = [
        _marked(each, needs, records) if isinstance(each, ObjectTypeDefinitionNode) else each
        for each in parse(public, no_location=True).definitions
        if not (isinstance(each, DirectiveDefinitionNode) and each.name.value == DEFER)
    ]
    return print_ast(DocumentNode(definitions=(schema_extension(), *marked))) + "\n"


def _marked(
    kind: ObjectTypeDefinitionNode, needs: Mapping[str, Need], records: Mapping[str, type]
) -> ObjectTypeDefinitionNode:
    name = kind.name.value
    own = _own_classes(records.get(name))
    marks = shareable() if name in VALUE_TYPES else keys(KEYS.get(name, ())) + guards(Need(own, None))

    def guarded(field: FieldDefinitionNode) -> FieldDefinitionNode:
        need = needs[f"{name}.{field.name.value}"]
        beyond = Need(need.classes - own, need.permission)  # what the type does not ask for already
        return replace(field, directives=(*(field.directives or ()), *guards(beyond, at_root=name in ROOTS)))

    fields = (each for each in kind.fields or () if name not in ROOTS or each.name.value not in RELAY_ROOTS)
    return replace(kind, directives=(*(kind.directives or ()), *marks), fields=tuple(guarded(each) for each in fields))


def _own_classes(record: type | None) -> frozenset[Sensitivity]:
    declared = class_of_type(record) if record else None
    return frozenset({declared}) if declared else frozenset()
