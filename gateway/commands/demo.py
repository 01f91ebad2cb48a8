"""`c360 demo`: the gateway, a simulator of every source, and tokens to try it with."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.demo_texts import DEMO_HINT
from gateway.demo_servers import real_servers
from gateway.failures import CommandFailed
from gateway.serving import listen
from gateway.telemetry import configure_logs
from sources.simulation.real.processes import ServerFailed

HOST = "127.0.0.1"


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
        with real_servers(data / "real") if real else nullcontext() as servers:
            from gateway.commands.demo_running import run_demo  # here: it takes seconds, in which the servers start

            run_demo(listener, data, customers, servers)
    except ServerFailed as error:
        sentence = str(error).splitlines()[0]
        raise CommandFailed(sentence, "Without --real the demo needs no other server") from error
