"""`c360 schema`: the public schema, printed from the code, or held against a released one."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.failures import WRONG_USE, CommandFailed
from gateway.schema_changes import check_against


def schema(
    federation: Annotated[
        bool, typer.Option("--federation", help="As a subgraph, with the directives of Federation 2.9.")
    ] = False,
    released: Annotated[
        Path | None, typer.Option(help="Print nothing; fail where clients of this released schema would break.")
    ] = None,
    declared: Annotated[
        Path | None, typer.Option(help="With --released: the breaking changes that were decided, as TOML.")
    ] = None,
) -> None:
    """Print the schema in the schema definition language."""
    from mutations.schema import federated_sdl, sdl  # here: building it takes longer than the other commands

    if (released is None) != (declared is None):
        raise CommandFailed("--released and --declared go together", "", WRONG_USE)
    if released is not None and declared is not None:
        check_against(released, declared, sdl())
    else:
        typer.echo(federated_sdl() if federation else sdl(), nl=False)
