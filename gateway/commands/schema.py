"""`c360 schema`: the public schema, printed from the code."""

from typing import Annotated

import typer


def schema(
    federation: Annotated[
        bool, typer.Option("--federation", help="As a subgraph, with the directives of Federation 2.9.")
    ] = False,
) -> None:
    """Print the schema in the schema definition language."""
    from resolvers.schema import federated_sdl, sdl  # here: building it takes longer than the other commands

    typer.echo(federated_sdl() if federation else sdl(), nl=False)
