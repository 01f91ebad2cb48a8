"""`c360 migrate`: the tables in their newest form, before the new gateways start."""

import typer

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk


def migrate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the database's tables to their newest form; does nothing where they are."""
    run(_migrate(load_settings(config)))
    typer.echo("the tables are in their newest form")


async def _migrate(settings: Settings) -> None:
    async with open_crosswalk(settings):
        pass  # opening it is what brings it there
