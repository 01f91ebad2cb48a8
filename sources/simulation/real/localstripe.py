"""localstripe, a fake Stripe, in a process of its own; it holds what it has in memory and forgets it.

It listens on all interfaces (`::`) and takes any key that begins with sk_: nothing real belongs in it.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sources.simulation.real.processes import LOOPBACK, ServerProcess, listens, start_on_free_port
from sources.simulation.real.servers_environment import servers_environment


@contextmanager
def localstripe(environment: Path | None = None) -> Iterator[str]:
    """A running localstripe without data; gives its base URL. Raises ServerFailed."""
    programs = servers_environment(environment)
    with tempfile.TemporaryDirectory(prefix="c360-stripe-") as scratch:

        def start(port: int) -> ServerProcess:
            command = [str(programs / "localstripe"), "--port", str(port), "--from-scratch"]
            return ServerProcess(command, log=Path(scratch) / "localstripe.log", environment={"TMPDIR": scratch})

        server, port = start_on_free_port(start, listens)
        try:
            yield f"http://{LOOPBACK}:{port}"
        finally:
            server.stop()
