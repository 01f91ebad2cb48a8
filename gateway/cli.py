"""`c360`: the program. A command is a function or a group of its name in commands/; only what is called is imported."""

import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence

import typer
from typer.exceptions import TyperException

from gateway.failures import INTERRUPTED, WRONG_USE, status_of

MODULES: Mapping[str, str] = {
    "demo": "demo",
    "serve": "serve",
    "check": "check",
    "backfill": "backfill",
    "conflicts": "conflicts",
    "link": "conflicts",
    "token": "token",
    "schema": "schema",
    "sources": "sources",
    "simulate": "simulate",
    "migrate": "migrate",
    "audit": "audit",
    "subject": "subject",
    "policy": "policy",
    "switch": "switch",
    "plan": "plan",
}


def main() -> None:
    """Run the command that the arguments name, and exit: 0 well, 1 failed, 2 wrong use or configuration."""
    sys.exit(run_program(sys.argv[1:]))


def run_program(arguments: Sequence[str]) -> int:
    """Run a command; gives the exit status. What went wrong is told on standard error."""
    named = [name for name in arguments[:1] if name in MODULES]
    try:
        return _program(named or MODULES)(list(arguments), prog_name="c360", standalone_mode=False) or 0
    except TyperException as error:
        return _misused(error)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        return status_of(error)


def _program(names: Iterable[str]) -> typer.Typer:
    app = typer.Typer(name="c360", add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def c360() -> None:
        """One customer, live, out of CRM, support, billing and ERP."""

    for name in names:
        command = getattr(importlib.import_module(f"gateway.commands.{MODULES[name]}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _misused(error: TyperException) -> int:
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "c360"
    typer.echo(f"c360: {error.format_message()}\n      `{where} --help` says what can be given", err=True)
    return WRONG_USE
