"""`c360 subject`: what the gateway keeps about one customer, and its erasure."""

import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from gateway.auditing import audit_of
from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.failures import WRONG_USE, CommandFailed
from gateway.settings import Settings, load_settings
from gateway.subjects import Subjects
from gateway.wiring import open_crosswalk, open_tools

ISSUER = "cli"  # vouches for who has the account on this machine

subject = typer.Typer(help="What is kept about one customer: as JSON, and its erasure.", no_args_is_help=True)
CustomerOption = Annotated[str, typer.Option(help="The customer: its id, or its number.")]


@subject.command("export")
def export(
    customer: CustomerOption,
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output if not given.")] = None,
) -> None:
    """Write everything that crosswalk, workflows and audit log keep about a customer as JSON."""
    told = msgspec.json.format(msgspec.json.encode(run(_held(load_settings(config), customer))), indent=2) + b"\n"
    if out is None:
        sys.stdout.buffer.write(told)
        return
    try:
        out.write_bytes(told)
    except OSError as error:
        raise CommandFailed(f"{out} cannot be written ({error.strerror})", status=WRONG_USE) from None


@subject.command("erase")
def erase(
    customer: CustomerOption,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase what says who a customer is. First erase at the sources: what they say anew is taken in anew."""
    if not yes:
        typer.confirm(f"Erase the personal data of {customer}? It does not come back", abort=True)
    settings = load_settings(config)
    details = run(_erased(settings, customer))
    typer.echo(f"{customer} is erased from the crosswalk, with {details} details of the audit log")
    typer.echo("gateways that run forget their copies within seconds")


async def _held(settings: Settings, customer: str) -> dict[str, Any]:
    async with _opened(settings) as subjects:
        return await subjects.held(await _uid(subjects, customer))


async def _erased(settings: Settings, customer: str) -> int:
    async with _opened(settings) as subjects:
        return await subjects.erase(await _uid(subjects, customer))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Subjects]:
    async with open_tools(settings) as tools, open_crosswalk(settings) as crosswalk:
        audit = audit_of(settings, crosswalk.database)
        yield Subjects(crosswalk, audit, tools.cache, by=getpass.getuser(), issuer=ISSUER)
        await audit.catch_up()


async def _uid(subjects: Subjects, customer: str) -> str:
    found = await subjects.find(customer)
    if not found:
        raise CommandFailed(f"there is no customer {customer}", "Give an id or a number", WRONG_USE)
    if len(found) > 1:
        raise CommandFailed(f"{len(found)} customers have the number {customer}", "Give one's id", WRONG_USE)
    return found[0]
