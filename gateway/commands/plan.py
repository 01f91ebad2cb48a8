"""`c360 plan`: how a query is run, level by level, and the functions that write its answer."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from graphql import DocumentNode, GraphQLError, parse, validate

from gateway.failures import WRONG_USE, CommandFailed
from resolvers.masks import Mask
from resolvers.plans import Plans
from resolvers.plans.outcomes import Uncovered
from resolvers.plans.telling import told
from sources.canonical.sensitivity import Sensitivity


def plan(
    file: Annotated[Path, typer.Argument(help="A document with one query, or several and --operation.")],
    operation: Annotated[str | None, typer.Option(help="The name of the query.")] = None,
    variables: Annotated[str, typer.Option(help="The values of its variables, as JSON.")] = "{}",
) -> None:
    """Print the plan of a query for who may see everything."""
    from mutations.schema import graph  # here: building it takes longer than the other commands

    schema = graph()[0]._schema
    document = _document(file, schema)
    mask = Mask(frozenset(), frozenset(), frozenset(Sensitivity))
    try:
        typer.echo(told(Plans(schema).compile(document, operation, _values(variables), mask)), nl=False)
    except Uncovered as uncovered:
        raise CommandFailed(f"no plan covers it: {uncovered.reason}", "graphql-core executes it", 1) from None
    except GraphQLError as error:
        raise CommandFailed(error.message, "give the values by --variables", WRONG_USE) from None


def _document(file: Path, schema: Any) -> DocumentNode:
    try:
        document = parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file} cannot be read: {type(error).__name__}", "", WRONG_USE) from None
    except GraphQLError as error:
        raise CommandFailed(f"{file}: {error.message}", "", WRONG_USE) from None
    errors = validate(schema, document)
    if errors:
        raise CommandFailed(f"{file}: {errors[0].message}", "", WRONG_USE)
    return document


def _values(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise CommandFailed("--variables is not a JSON object", "", WRONG_USE) from None
