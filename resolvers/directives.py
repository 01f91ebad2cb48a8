"""What the schema's directives and their arguments say, and @defer; Strawberry has no place for either."""

from graphql import DirectiveLocation, GraphQLArgument, GraphQLBoolean, GraphQLDirective, GraphQLNonNull, GraphQLString
from strawberry import Schema

ONE_OF = "Exactly one field of the input is given, and is not null."
ARGUMENTS = {"sensitivity": {"class": "The class that is needed."}}


DEFER = GraphQLDirective(
    "defer",
    [DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
    {
        "if": GraphQLArgument(GraphQLNonNull(GraphQLBoolean), True, "Whether the fragment is deferred."),
        "label": GraphQLArgument(GraphQLString, description="A name by which the part is known; unique."),
    },
    description=(
        "The fragment may come later than the rest, in a part of its own, where the request accepts multipart/mixed. "
        "Elsewhere the answer is whole."
    ),
)


def declare_defer(schema: Schema) -> None:
    """Let documents defer fragments."""
    inner = schema._schema
    inner.directives = (*inner.directives, DEFER)


def describe_directives(schema: Schema) -> None:
    """Fill in the descriptions that Strawberry leaves out, for what is printed and what is introspected."""
    for directive in schema._schema_graphql_directives.values():
        if directive.name == "oneOf":
            directive.description = ONE_OF
        for name, text in ARGUMENTS.get(directive.name, {}).items():
            directive.args[name].description = text
