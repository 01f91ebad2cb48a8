"""Child processes that are servers: started on a free port, waited for, stopped cleanly, and only those."""

import importlib.util
import os
import pwd
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0  # a cold start of the slowest (Tryton) took 5 s on two busy cores
STOP_SECONDS = 15.0  # then it is killed
PORT_ATTEMPTS = 3  # a free port can be taken by somebody else before the server has it
LOG_TAIL_BYTES = 2000


class ServerFailed(RuntimeError):
    """A server did not start, or ended too early. The text holds the end of its log."""


class Account:
    """The user as whom a server runs: nobody, where it refuses root and we are root; else ourselves."""

    def __init__(self) -> None:
        self.switched = os.geteuid() == 0
        entry = pwd.getpwnam("nobody") if self.switched else pwd.getpwuid(os.geteuid())
        self.uid, self.gid = entry.pw_uid, entry.pw_gid

    def popen_options(self) -> dict[str, object]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def own(self, path: Path) -> None:
        """Make a file or directory the account's, with all that is in it."""
        if not self.switched:
            return
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """Whether the account may come to what is at `path`, through all directories above it."""
        if not self.switched:
            return True
        return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents if parent.exists())


class ServerProcess:
    """One server, running in a session of its own, so that Ctrl-C in the terminal does not stop it before us."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.log = log
        self._stop_signal = stop_signal
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **(environment or {})},
                cwd="/",
                start_new_session=True,
                **(account.popen_options() if account else {}),
            )

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def wait_until(self, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Return once `ready` says so; raises ServerFailed where it ends before that or takes too long."""
        end = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None:
                raise ServerFailed(f"ended with {self._process.returncode} at its start: {self._tail()}")
            if time.monotonic() > end:
                self.stop()
                raise ServerFailed(f"was not ready within {seconds:g} s: {self._tail()}")
            time.sleep(0.03)

    def stop(self) -> None:
        """Ask it to end, wait, and kill it where it does not. May be called twice."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tail(self) -> str:
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()


def wheel(name: str) -> Path:
    """The directory of an installed package, which is not imported. Raises ServerFailed."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"the package {name} is not installed: it comes with the extra dev")
    return Path(spec.origin).parent


def free_port() -> int:
    """A port of the loopback interface that nobody listened on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def start_on_free_port(
    start: Callable[[int], ServerProcess], ready: Callable[[int], bool]
) -> tuple[ServerProcess, int]:
    """Start a server on a free port and wait until it is ready. Raises ServerFailed."""
    for attempt in range(PORT_ATTEMPTS):
        port = free_port()
        server = start(port)
        try:
            server.wait_until(lambda port=port: ready(port))  # type: ignore[misc]
        except ServerFailed:
            if attempt == PORT_ATTEMPTS - 1:
                raise
        else:
            return server, port
    raise AssertionError("unreachable")
