"""Whoever reads the schema finds a sentence on everything in it."""

from collections.abc import Iterator

import pytest
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, is_specified_directive, is_specified_scalar_type
from graphql.type import is_introspection_type

from mutations.schema import graph, sdl


def undescribed(schema: GraphQLSchema) -> Iterator[str]:
    """The coordinates that have no description."""
    for directive in schema.directives:
        own = [] if is_specified_directive(directive) else [(f"@{directive.name}", directive)]
        arguments = [] if not own else [(f"@{directive.name}({name}:)", arg) for name, arg in directive.args.items()]
        yield from (at for at, each in own + arguments if not each.description)
    for kind in schema.type_map.values():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        inside = [(kind.name, kind)]
        if isinstance(kind, GraphQLEnumType):
            inside += [(f"{kind.name}.{name}", value) for name, value in kind.values.items()]
        for name, field in getattr(kind, "fields", {}).items():
            inside.append((f"{kind.name}.{name}", field))
            inside += [(f"{kind.name}.{name}({arg}:)", each) for arg, each in getattr(field, "args", {}).items()]
        yield from (at for at, each in inside if not (each.description or "").strip())


@pytest.mark.parametrize("schema", [lambda: graph()[0]._schema, lambda: build_schema(sdl())], ids=["served", "printed"])
def test_every_type_field_argument_value_and_directive_has_a_description(schema):
    assert list(undescribed(schema())) == []


def test_what_has_none_would_be_found():
    bare = 'directive @a(b: Int) on OBJECT enum E { V } "x" input I { f: Int } type Query { q(a: E, i: I): Int }'
    assert {"@a", "@a(b:)", "E", "E.V", "I.f", "Query", "Query.q", "Query.q(a:)"} <= set(
        undescribed(build_schema(bare))
    )
