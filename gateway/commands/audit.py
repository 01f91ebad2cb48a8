"""`c360 audit`: the audit log as a file, and its verification without the gateway."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gateway.auditing import audit_of, signer_of
from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.failures import WRONG_USE, CommandFailed
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk
from mutations.governance.audit.checkpoints import ORIGIN_PREFIX
from mutations.governance.audit.exporting import exported, outside_the_chain
from mutations.governance.audit.keys import BadKey, verifier_keys
from mutations.governance.audit.notes import BadNote, VerifierKey, read_notes
from mutations.governance.audit.verifying import DoesNotFit, read_checkpoints, verify

audit = typer.Typer(
    help="The audit log: export it, verify it elsewhere, print the key that signs for it.", no_args_is_help=True
)


@audit.command("export")
def export(
    out: Annotated[Path, typer.Option(help="The file to write; - is standard output.")],
    config: ConfigOption = DEFAULT_CONFIG,
    details: Annotated[bool, typer.Option("--details", help="With comments and the like, where not erased.")] = False,
) -> None:
    """Write every chained event as a line of JSON; first, what is pending is chained and a checkpoint is made."""
    count, outside = run(_export(load_settings(config), out, details))
    typer.echo(f"{count} events", err=True)
    if outside:
        raise CommandFailed(
            f"{outside} events stand in the table and not in the chain: somebody took them out of the line",
            "What was exported is the chain; look at audit_events without a row in audit_chain",
        )


async def _export(settings: Settings, out: Path, details: bool) -> tuple[int, int]:
    async with open_crosswalk(settings) as crosswalk:
        await audit_of(settings, crosswalk.database).catch_up(checkpoint=True)
        outside = await outside_the_chain(crosswalk.database)
        count = 0
        with _opened(out) as file:
            async for line in exported(crosswalk.database, details=details):
                file.write(line + b"\n")
                count += 1
    return count, outside


@audit.command("verify")
def verify_export(
    export: Annotated[Path, typer.Argument(help="What `c360 audit export` wrote.")],
    checkpoint: Annotated[Path, typer.Option(help="The checkpoints, from where nobody could change them.")],
    public_key: Annotated[list[Path], typer.Option(help="A public key; one for each key that signed.")],
) -> None:
    """Verify an export with checkpoints and public keys alone; names the first event that does not fit."""
    try:
        notes = _text(checkpoint)
        checkpoints = read_checkpoints(notes, [key for path in public_key for key in _keys(path, notes)])
        found = verify(_lines(export), checkpoints)
    except DoesNotFit as error:
        raise CommandFailed(str(error)) from None
    typer.echo(f"{found.events} events are in order; {found.signed} of them up to the checkpoint of {found.last.time}")
    if found.events > found.signed:
        typer.echo(f"the last {found.events - found.signed} are chained, and no checkpoint covers them yet")


@audit.command("key")
def key(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Print the public key that verifies the checkpoints of this gateway."""
    signer = signer_of(load_settings(config))
    if signer is None:
        raise CommandFailed(f"{config} names no key", "Set signing_key in [audit]", WRONG_USE)
    typer.echo(str(signer.key))


@contextmanager
def _opened(out: Path) -> Iterator[BinaryIO]:
    if str(out) == "-":
        yield sys.stdout.buffer
        return
    try:
        with out.open("wb") as file:
            yield file
    except OSError as error:
        raise CommandFailed(f"{out} cannot be written ({error.strerror})", status=WRONG_USE) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read ({error.strerror})", status=WRONG_USE) from None


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read ({error.strerror})", status=WRONG_USE) from None


def _keys(path: Path, notes: str) -> list[VerifierKey]:
    """The keys of a file. A key in PEM has no name: it takes that of the log that the checkpoints are of."""
    try:
        return verifier_keys(_text(path), _origin(notes))
    except BadKey as error:
        raise CommandFailed(f"{path} {error}", "`c360 audit key` prints it", WRONG_USE) from None


def _origin(notes: str) -> str:
    try:
        found = read_notes(notes)
    except BadNote:
        found = []
    return found[0].text.partition("\n")[0] if found else ORIGIN_PREFIX
