"""How a command says that it failed: one sentence and a hint on standard error, never a traceback."""

import os
import traceback

import typer

from gateway.settings import SettingsError
from sources.registry import RegistryError

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
DEBUG_VARIABLE = "C360_DEBUG"


class CommandFailed(Exception):
    """A command could not do what it was asked for."""

    def __init__(self, sentence: str, hint: str = "", status: int = FAILED) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.status = status


def status_of(error: Exception) -> int:
    """Tell on standard error what went wrong; gives the exit status."""
    failure = _failure(error)
    typer.echo(f"c360: {failure.sentence}", err=True)
    if failure.hint:
        typer.echo(f"      {failure.hint}", err=True)
    if os.environ.get(DEBUG_VARIABLE):
        typer.echo("".join(traceback.format_exception(error)), err=True)
    return failure.status


def _failure(error: Exception) -> CommandFailed:
    if isinstance(error, CommandFailed):
        return error
    if isinstance(error, SettingsError):
        more = len(error.problems) - 1
        hint = f"There {'is' if more == 1 else 'are'} {more} more; " if more else ""
        return CommandFailed(str(error), hint + "`c360 check` lists everything that is wrong", WRONG_USE)
    if isinstance(error, RegistryError):
        return CommandFailed(str(error), "`c360 sources` lists what is installed", WRONG_USE)
    return CommandFailed(
        f"something went wrong inside ({type(error).__name__})", f"{DEBUG_VARIABLE}=1 in the environment shows where"
    )
