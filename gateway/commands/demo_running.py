"""The running demo: its configuration, its crosswalk, the gateway, and what it says of itself."""

import os
import socket
from pathlib import Path

import typer

from gateway.backfilling import backfill_all
from gateway.commands.demo_story import story_of
from gateway.commands.demo_texts import BROKEN, personas, things_to_try
from gateway.commands.running import run, stop_signal
from gateway.configuration.writing import toml_text
from gateway.demo_kept import keep_read, kept_read, last_read
from gateway.demo_servers import RealServers
from gateway.demo_world import DemoSources, demo_sources
from gateway.hosting import hosted
from gateway.reaching import reached
from gateway.serving import address_of
from gateway.settings import Settings, load_settings
from gateway.wiring import Gateway, open_crosswalk

CONFIG_FILE = "gateway.toml"
POLL_SECONDS = 5


def run_demo(listener: socket.socket, data: Path, customers: int, real: RealServers | None) -> None:
    """Answer on `listener` until Ctrl-C. Raises ServerFailed."""
    run(_demo(listener, data, customers, real))


async def _demo(listener: socket.socket, data: Path, customers: int, real: RealServers | None) -> None:
    async with stop_signal() as stop, demo_sources(customers, real) as running:
        settings = load_settings(configured(data, listener, running))
        await filled(settings, running)
        async with hosted(settings, listener) as gateway:
            await _welcome(gateway, listener, data, running)
            await stop.wait()
        typer.echo("stopped")


# One persona on a laptop may be a load test: what bounds a consumer in earnest would be all that it measures.
LIMITS = {"requests_per_minute": 600_000, "concurrent_operations": 1000}


def configured(data: Path, listener: socket.socket, running: DemoSources) -> Path:
    """Write the configuration with which this gateway runs, so that the other commands can be tried beside it."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / CONFIG_FILE
    host, port = listener.getsockname()
    path.write_text(
        toml_text(
            {
                "gateway": {"host": host, "port": port, "poll_seconds": POLL_SECONDS},
                "operations": {"host": host, "port": _free_port(host)},
                "identity": {"development": True},
                "telemetry": {"log_level": "warning"},
                "limits": LIMITS,
                **{f"sources.{name}": section for name, section in running.sections.items()},
            }
        ),
        encoding="utf-8",
    )
    return path


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def filled(settings: Settings, running: DemoSources) -> None:
    """Read all customers; but those of a real server that were read by an earlier start are only polled for changes."""
    async with open_crosswalk(settings) as crosswalk:
        uids = {origin.system: uid for uid, origin in crosswalk.systems.items()}
        async with reached(settings.sources, uids) as systems:
            known = {name: kept_read(source.read) for name, source in running.real.items()}
            anew = [s for s in systems if not known.get(s.name) or known[s.name] != await last_read(crosswalk, s)]
            await backfill_all(crosswalk, anew)
            for system in anew:
                if system.name in running.real and (read := await last_read(crosswalk, system)):
                    keep_read(running.real[system.name].read, read)


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
    for name, source in running.real.items():
        for sentence in source.left_out:
            typer.echo(f"{name}: {sentence}")


def _header_file(data: Path, role: str, token: str) -> Path:
    """A file that curl takes with -H @FILE, so that a command fits on a line; its owner's alone."""
    path = data / f"{role}.header"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"authorization: Bearer {token}\n")
    return path
