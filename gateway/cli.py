"""`c360`: the program. Each command is a file in commands/."""

import sys

import typer
from typer.exceptions import TyperException

from gateway.commands.backfill import backfill
from gateway.commands.check import check
from gateway.commands.conflicts import conflicts, link
from gateway.commands.demo import demo
from gateway.commands.failures import INTERRUPTED, WRONG_USE, status_of
from gateway.commands.migrate import migrate
from gateway.commands.schema import schema
from gateway.commands.serve import serve
from gateway.commands.simulate import simulate
from gateway.commands.sources import sources
from gateway.commands.token import token

COMMANDS = (demo, serve, check, backfill, conflicts, link, token, schema, sources, simulate, migrate)

app = typer.Typer(
    name="c360",
    help="One customer, live, out of CRM, support, billing and ERP.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in COMMANDS:
    app.command()(command)


def main() -> None:
    """Run the command that the arguments name, and exit: 0 well, 1 failed, 2 wrong use or configuration."""
    sys.exit(_status(sys.argv[1:]))


def _status(arguments: list[str]) -> int:
    try:
        return app(arguments, standalone_mode=False) or 0
    except TyperException as error:
        return _misused(error)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        return status_of(error)


def _misused(error: TyperException) -> int:
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "c360"
    typer.echo(f"c360: {error.format_message()}\n      `{where} --help` says what can be given", err=True)
    return WRONG_USE
