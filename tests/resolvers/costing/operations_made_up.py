"""Operations out of the schema itself: any field, with small pages, under aliases, in fragments, skipped or not."""

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from mutations.schema import graph

SCHEMA = graph()[0]._schema
LEVELS = 6
MOST_RECORDS = 5  # of a page: with pages in pages the simulators would be asked all day
FILTERS = {
    "CaseFilter": ["{status: [OPEN]}", "{status: [CLOSED, RESOLVED]}", "{priority: [HIGH, URGENT]}"],
    "InvoiceFilter": ["{status: [OPEN]}", "{overdue: true}", '{issuedAfter: "2024-01-01"}', "{status: [PAID, VOID]}"],
}
# What asks nobody is asked for now and then; what asks somebody more often.
DULL = {"provenance", "addresses", "identities", "survivorship", "sources", "pageInfo", "alternatives"}


def arguments(draw, field):
    given = []
    for name, argument in field.args.items():
        kind = get_named_type(argument.type)
        if name == "first" and draw(st.integers(0, 3)):
            given.append(f"first: {draw(st.integers(1, MOST_RECORDS))}")
        elif kind.name in FILTERS and draw(st.booleans()):
            given.append(f"filter: {draw(st.sampled_from(FILTERS[kind.name]))}")
        elif name == "kinds" and isinstance(kind, GraphQLEnumType) and draw(st.booleans()):
            kinds = draw(st.lists(st.sampled_from(sorted(kind.values)), min_size=1, max_size=4, unique=True))
            given.append(f"kinds: [{', '.join(kinds)}]")
    return f"({', '.join(given)})" if given else ""


@st.composite
def selections(draw, kind, level):
    """A selection set of a type, in braces."""
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        possible = sorted(each.name for each in SCHEMA.get_possible_types(kind))
        chosen = draw(st.lists(st.sampled_from(possible), min_size=1, max_size=3, unique=True))
        inner = [f"... on {name} {draw(selections(SCHEMA.get_type(name), level))}" for name in chosen]
        return "{ __typename " + " ".join(inner) + " }"
    leaves = [name for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))]
    inner = [name for name in kind.fields if name not in leaves and (name not in DULL or not draw(st.integers(0, 5)))]
    parts = ["__typename"]
    if leaves:
        chosen = draw(st.lists(st.sampled_from(leaves), max_size=3, unique=True))
        parts += [f"{kind.name}_{name}: {name}" for name in chosen]  # types may differ in a field of one name
    if inner and level:
        for number, name in enumerate(draw(st.lists(st.sampled_from(inner), min_size=1, max_size=3))):
            parts.append(draw(composite(name, kind.fields[name], level, f"{kind.name}_{name}_{number}")))
    return "{ " + " ".join(parts) + " }"


@st.composite
def composite(draw, name, field, level, alias):
    """A field with a selection set, under an alias, since the same field may come with other arguments."""
    directive = draw(st.sampled_from(["", "", "", "", "@skip(if: $yes)", "@include(if: $yes)", "@include(if: false)"]))
    inner = draw(selections(get_named_type(field.type), level - 1))
    text = f"{alias}: {name}{arguments(draw, field)} {directive} {inner}"
    return f"... {{ {text} }}" if draw(st.integers(0, 4)) == 0 else text


@st.composite
def operations(draw, customer_ids, record_ids, numbers):
    """(query, variables) over what there is."""
    customer: GraphQLObjectType = SCHEMA.get_type("Customer")
    levels = draw(st.integers(1, LEVELS))
    roots = []
    for number in range(draw(st.integers(1, 2))):
        root = draw(st.sampled_from(["customer", "customers", "customerBy", "node", "nodes", "_entities"]))
        known = draw(st.sampled_from(numbers))
        of_customer = draw(selections(customer, levels))
        of_node = draw(selections(SCHEMA.get_type("Node"), levels))
        one, several = draw(st.sampled_from(record_ids)), draw(st.lists(st.sampled_from(record_ids), max_size=4))
        many = "[" + ", ".join(f'"{each}"' for each in several) + "]"
        named = ", ".join(f'{{__typename: "Customer", number: "{each}"}}' for each in numbers[: len(several)])
        roots.append(
            {
                "customer": f'r{number}: customer(id: "{draw(st.sampled_from(customer_ids))}") {of_customer}',
                "customers": f"r{number}: customers(first: {draw(st.integers(1, 5))}) {{ nodes {of_customer} }}",
                "customerBy": f'r{number}: customerBy(key: {{number: "{known}"}}) {of_customer}',
                "node": f'r{number}: node(id: "{one}") {of_node}',
                "nodes": f"r{number}: nodes(ids: {many}) {of_node}",
                "_entities": f"r{number}: _entities(representations: [{named}]) {{ ... on Customer {of_customer} }}",
            }[root]
        )
    return "query($yes: Boolean!) { ok: __typename @include(if: $yes) " + " ".join(roots) + " }"
