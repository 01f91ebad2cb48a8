"""`c360 migrate`: the tables in their newest form, before the new gateways start; and after a restore from a backup."""

from typing import Annotated

import typer

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk
from mutations.governance.engine.opening import migrate_engine
from mutations.governance.restoring import restored as doubt

RestoredOption = Annotated[
    bool,
    typer.Option(
        "--restored",
        help="The database comes from a backup: what was under way then is OUTCOME_UNKNOWN. No gateway may be running.",
    ),
]


def migrate(config: ConfigOption = DEFAULT_CONFIG, restored: RestoredOption = False) -> None:
    """Bring the database's tables to their newest form; does nothing where they are."""
    doubted = run(_migrate(load_settings(config), restored))
    typer.echo("the tables are in their newest form")
    if restored:
        typer.echo(f"workflows of which nobody knows what became of them since the backup: {doubted}")


async def _migrate(settings: Settings, restored: bool) -> int:
    async with open_crosswalk(settings) as crosswalk:  # opening it brings all but the engine's tables there
        await migrate_engine(crosswalk.database, settings.gateway.database_url)
        return await doubt(crosswalk.database) if restored else 0
