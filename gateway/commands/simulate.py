"""`c360 simulate VENDOR`: one simulator alone, filled with the demo's world."""

from typing import Annotated

import typer

from gateway.commands.running import run, stop_signal
from gateway.configuration.writing import toml_text
from gateway.failures import CommandFailed
from sources import registry
from sources.plugin import SourcePlugin
from sources.simulation.serving import serving
from sources.simulation.world import world


def simulate(
    vendor: Annotated[
        str, typer.Argument(metavar="VENDOR", help="The kind of source, e.g. one that `c360 sources` lists.")
    ],
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
    customers: Annotated[int, typer.Option(help="How many customers its world has.", min=1)] = 500,
) -> None:
    """Run one vendor's simulator on 127.0.0.1 until Ctrl-C, and print the section that reaches it."""
    run(_simulate(registry.plugin(vendor), port, customers))


async def _simulate(plugin: SourcePlugin, port: int, customers: int) -> None:
    simulator = plugin.simulator()
    for fact in world(customers=customers):
        simulator.absorb(fact)
    try:
        async with stop_signal() as stop, serving(simulator.harness, port) as url:
            typer.echo(f"ready {url}")
            typer.echo("\n" + toml_text({f"sources.{plugin.role}": simulator.section(url)}))
            await stop.wait()
    except OSError as error:
        raise CommandFailed(f"port {port} cannot be used: {error.strerror}", "--port 0 takes a free one") from None
