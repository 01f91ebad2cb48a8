"""`c360 demo`: the gateway, a simulator of every source, and tokens to try it with."""

import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from gateway.backfilling import backfill_all
from gateway.commands.demo_story import story_of
from gateway.commands.demo_texts import BROKEN, DEMO_HINT, personas, things_to_try
from gateway.commands.running import run, stop_signal
from gateway.configuration.writing import toml_text
from gateway.demo_world import DemoSources, demo_sources
from gateway.failures import CommandFailed
from gateway.hosting import hosted
from gateway.reaching import reached
from gateway.serving import address_of, listen
from gateway.settings import Settings, load_settings
from gateway.telemetry import configure_logs
from gateway.wiring import Gateway, open_crosswalk
from sources.simulation.real.processes import ServerFailed

HOST = "127.0.0.1"
CONFIG_FILE = "gateway.toml"
POLL_SECONDS = 5


def demo(
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Where its configuration, key and database are kept.")] = Path(".demo"),
    customers: Annotated[int, typer.Option(help="How many made-up customers there are.", min=1)] = 500,
    real: Annotated[bool, typer.Option("--real", help="Real servers where there are any, built at first.")] = False,
) -> None:
    """Run everything on this machine until Ctrl-C: the gateway, simulated sources, a development issuer."""
    configure_logs("warning")
    listener = listen(HOST, port, DEMO_HINT)
    try:
        run(_demo(listener, data, customers, real))
    except ServerFailed as error:
        sentence = str(error).splitlines()[0]
        raise CommandFailed(sentence, "Without --real the demo needs no other server") from error


async def _demo(listener: socket.socket, data: Path, customers: int, real: bool) -> None:
    async with stop_signal() as stop, demo_sources(customers, data / "real" if real else None) as running:
        settings = load_settings(_configured(data, listener, running))
        await _filled(settings)
        async with hosted(settings, listener) as gateway:
            await _welcome(gateway, listener, data, running)
            await stop.wait()
        typer.echo("stopped")


# One persona on a laptop may be a load test: what bounds a consumer in earnest would be all that it measures.
LIMITS = {"requests_per_minute": 600_000, "concurrent_operations": 1000}


def _configured(data: Path, listener: socket.socket, running: DemoSources) -> Path:
    """Write the configuration with which this gateway runs, so that the other commands can be tried beside it."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / CONFIG_FILE
    path.write_text(
        toml_text(
            {
                "gateway": {"host": HOST, "port": listener.getsockname()[1], "poll_seconds": POLL_SECONDS},
                "operations": {"host": HOST, "port": _free_port()},
                "identity": {"development": True},
                "telemetry": {"log_level": "warning"},
                "limits": LIMITS,
                **{f"sources.{name}": section for name, section in running.sections.items()},
            }
        ),
        encoding="utf-8",
    )
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def _filled(settings: Settings) -> None:
    async with open_crosswalk(settings) as crosswalk:
        uids = {origin.system: uid for uid, origin in crosswalk.systems.items()}
        async with reached(settings.sources, uids) as systems:
            await backfill_all(crosswalk, systems)


async def _welcome(gateway: Gateway, listener: socket.socket, data: Path, running: DemoSources) -> None:
    if gateway.issuer is None:
        raise RuntimeError("the demo's own configuration has the development issuer on")
    tokens = {role: gateway.issuer.token(role) for role in gateway.policy.roles}
    headers = {role: _header_file(data, role, token) for role, token in tokens.items()}
    url = f"{address_of(listener)}/graphql"
    typer.echo(f"ready {url}\n")
    typer.echo(personas(gateway.policy, tokens) + "\n")
    story = await story_of(url, tokens["finance_analyst"], BROKEN)
    typer.echo(things_to_try(url, headers, running.addresses, story))
    for name, sentences in running.left_out.items():
        for sentence in sentences:
            typer.echo(f"{name}: {sentence}")


def _header_file(data: Path, role: str, token: str) -> Path:
    """A file that curl takes with -H @FILE, so that a command fits on a line; its owner's alone."""
    path = data / f"{role}.header"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"authorization: Bearer {token}\n")
    return path
