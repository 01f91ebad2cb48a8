"""`c360 serve`: the gateway."""

import socket
from typing import Annotated

import typer

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run, stop_signal
from gateway.commands.workers import supervise
from gateway.failures import WRONG_USE, CommandFailed
from gateway.hosting import hosted
from gateway.serving import address_of, listen
from gateway.settings import Settings, load_settings
from gateway.telemetry import configure_logs


def serve(
    config: ConfigOption = DEFAULT_CONFIG,
    workers: Annotated[int, typer.Option(help="Processes; more than one needs PostgreSQL.", min=1, max=64)] = 1,
) -> None:
    """Run the gateway until Ctrl-C or SIGTERM. Standard output has one line, once it can answer."""
    settings = load_settings(config)
    if workers > 1 and settings.gateway.on_sqlite:
        raise CommandFailed(
            f"{workers} workers cannot share a SQLite file",
            "Set database_url in [gateway] to postgresql://…, or leave --workers out",
            WRONG_USE,
        )
    configure_logs(settings.telemetry.log_level, settings.secrets())
    listener = listen(settings.gateway.host, settings.gateway.port, "Change port in [gateway]")
    if workers == 1:
        run(_serve(settings, listener))
    else:
        supervise(config, listener, workers, announce)


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with stop_signal() as stop, hosted(settings, listener):
        announce(listener)
        await stop.wait()


def announce(listener: socket.socket) -> None:
    """Say that the gateway answers: the one line of standard output."""
    typer.echo(f"ready {address_of(listener)}/graphql")
