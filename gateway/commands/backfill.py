"""`c360 backfill`: all customers of the sources into the crosswalk."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.backfilling import backfill_all
from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.failures import WRONG_USE, CommandFailed
from gateway.reaching import reached
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk
from sources.faults import SourceFault


def backfill(
    config: ConfigOption = DEFAULT_CONFIG,
    source: Annotated[str | None, typer.Option(help="Only this one, by its configured name.")] = None,
) -> None:
    """Read all customers into the crosswalk. Can be stopped, and goes on where it was when run again."""
    settings = load_settings(config)
    if source is not None and source not in settings.sources:
        raise CommandFailed(
            f'there is no source "{source}" in {config}', f"There are: {', '.join(settings.sources)}", WRONG_USE
        )
    for name, records in run(_backfill(settings, source, config)).items():
        typer.echo(f"{name}: {records} customers read")


async def _backfill(settings: Settings, only: str | None, config: Path) -> dict[str, int]:
    async with open_crosswalk(settings) as crosswalk:
        uids = {origin.system: uid for uid, origin in crosswalk.systems.items()}
        async with reached(settings.sources, uids) as systems:
            try:
                return await backfill_all(crosswalk, [each for each in systems if only in (None, each.name)])
            except SourceFault as fault:
                raise CommandFailed(
                    f"a source failed: {fault.reason}",
                    f"`c360 check --config {config}` looks at each; run this again to go on where it stopped",
                ) from fault
