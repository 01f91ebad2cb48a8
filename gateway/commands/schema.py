"""`c360 schema`: the public schema, printed from the code."""

import typer


def schema() -> None:
    """Print the schema in the schema definition language."""
    from resolvers.schema import sdl  # here: building it takes longer than the other commands

    typer.echo(sdl(), nl=False)
