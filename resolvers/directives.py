"""What the schema's directives and their arguments say; Strawberry has no place for it."""

from strawberry import Schema

ONE_OF = "Exactly one field of the input is given, and is not null."
ARGUMENTS = {"sensitivity": {"class": "The class that is needed."}}


def describe_directives(schema: Schema) -> None:
    """Fill in the descriptions that Strawberry leaves out, for what is printed and what is introspected."""
    for directive in schema._schema_graphql_directives.values():
        if directive.name == "oneOf":
            directive.description = ONE_OF
        for name, text in ARGUMENTS.get(directive.name, {}).items():
            directive.args[name].description = text
