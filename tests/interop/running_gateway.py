"""The gateway as people run it, a process of its own, for clients that come over a socket."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.configuration.sections import IdentitySection
from gateway.development_issuer import DevelopmentIssuer

START_SECONDS = 90
STOP_SECONDS = 30
POLL_SECONDS = 0.05
CUSTOMERS = 40


@dataclass(frozen=True)
class RunningGateway:
    """Where it answers, and who may ask there."""

    url: str
    """http://127.0.0.1:PORT/graphql"""
    issuer: DevelopmentIssuer
    log: Path
    """What it wrote to its standard error."""
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].partition("/")[0])

    @property
    def websocket_url(self) -> str:
        return "ws" + self.url.removeprefix("http")

    def token(self, role: str = "finance_analyst", subject: str | None = None) -> str:
        return self.issuer.token(role, subject)


@contextlib.contextmanager
def demo(directory: Path) -> Iterator[RunningGateway]:
    """`c360 demo` in a process of its own, on a free port; ended as Ctrl-C ends it."""
    out, err = directory / "out", directory / "err"
    command = [Path(sys.executable).with_name("c360"), "demo", "--port", "0", "--customers", str(CUSTOMERS)]
    with out.open("wb") as written, err.open("wb") as logged:
        process = subprocess.Popen(
            [*command, "--data", directory / "data"],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=logged,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            url = _ready(process, out, err)
            issuer = DevelopmentIssuer(directory / "data", IdentitySection(development=True))
            yield RunningGateway(url, issuer, err, process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(process: subprocess.Popen[bytes], out: Path, err: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        for line in out.read_text().splitlines(keepends=True):
            if line.startswith("ready ") and line.endswith("\n"):
                return line.split()[1]
        if process.poll() is not None:
            break
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"the demo did not start: {err.read_text()[-3000:]}")
