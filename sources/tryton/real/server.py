"""Starts Tryton on PostgreSQL. The empty company is built once for each version and copied; that takes a minute."""

import hashlib
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from sources.simulation.real.postgres import Postgres, postgres
from sources.simulation.real.processes import LOOPBACK, ServerFailed, ServerProcess, listens, start_on_free_port
from sources.simulation.real.servers_environment import (
    REQUIREMENTS,
    cache_directory,
    exclusively,
    servers_environment,
)
from sources.tryton.real import founding
from sources.tryton.real.rpc import Rpc

DATABASE = "erp"
MODULES = (
    *("account_invoice", "account_product", "account_credit_limit", "account_dunning"),
    *("party_relationship", "sale"),
)
STATE_FILE, CLUSTER = "c360-tryton.json", "postgres"
CONFIGURATION = """[database]
uri = {uri}
[web]
listen = {host}:{port}
[session]
timeout = 36000
[queue]
worker = True
"""  # the queue: nobody works it, so that posting does not render a report for each invoice


class State(msgspec.Struct, kw_only=True):
    """What is known of a directory's database. Holds secrets: the file is for its owner alone."""

    built_with: str
    password: str
    key: str
    credit: dict[str, int] = {}  # what credits without an invoice are posted with, once it was asked for
    loaded: datetime | None = None  # when a history was
    left_out: list[str] = []
    half_loaded: bool = False  # loading was broken off: the data are worth nothing


class RunningTryton(msgspec.Struct, frozen=True, kw_only=True):
    """A server that answers."""

    base_url: str  # with the database's name
    state: State
    directory: Path

    def keep(self) -> None:
        """Write the state down."""
        _write(self.directory, self.state)


@contextmanager
def running(directory: Path) -> Iterator[RunningTryton]:
    """A running server on the data in a directory; new data begin as the empty company. Raises ServerFailed."""
    programs = servers_environment()
    if _read(directory) is None:
        if directory.exists() and any(directory.iterdir()) and not (directory / STATE_FILE).exists():
            raise ServerFailed(f"{directory} is neither empty nor the data of a Tryton that was built here")
        base = _empty_company(programs)
        shutil.rmtree(directory, ignore_errors=True)  # of other versions, or half loaded: built anew
        shutil.copytree(base, directory, symlinks=True)
    state = _read(directory)
    if state is None:
        raise ServerFailed(f"{directory} does not hold the data of a Tryton that was built here")
    with postgres(directory / CLUSTER) as cluster, _trytond(programs, cluster) as base_url:
        yield RunningTryton(base_url=base_url, state=state, directory=directory)


def version() -> str:
    """What the built data depend on: the servers' versions, how the company is founded, the years it has."""
    years = f"{founding.FIRST_YEAR}-{founding.last_year()}"
    parts = [REQUIREMENTS.read_bytes(), Path(founding.__file__).read_bytes(), f"{MODULES} {years}".encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _empty_company(programs: Path) -> Path:
    kept = cache_directory() / f"tryton-{version()}"
    with exclusively(cache_directory() / "tryton.lock"):
        if _read(kept) is None:
            with tempfile.TemporaryDirectory(prefix="c360-tryton-", ignore_cleanup_errors=True) as scratch:
                building = Path(scratch) / "built"
                building.mkdir()
                Path(scratch).chmod(0o755)
                building.chmod(0o755)
                _build(programs, building)
                shutil.copytree(building, kept, symlinks=True, dirs_exist_ok=True)
    return kept


def _build(programs: Path, directory: Path) -> None:
    password = secrets.token_urlsafe(24)
    with postgres(directory / CLUSTER) as cluster:
        cluster.create_database(DATABASE)
        _initialize(programs, cluster, password)
        with _trytond(programs, cluster) as base_url:
            rpc = Rpc(base_url, password)
            try:
                key = founding.found(rpc)
            finally:
                rpc.close()
    _write(directory, State(built_with=version(), password=password, key=key))


def _initialize(programs: Path, cluster: Postgres, password: str) -> None:
    with tempfile.TemporaryDirectory(prefix="c360-tryton-") as scratch:
        given = Path(scratch) / "password"
        given.write_text(f"{password}\n")
        configuration = _configuration(Path(scratch), cluster, 0)
        command = [str(programs / "trytond-admin"), "-c", str(configuration), "-d", DATABASE, "--activate-dependencies"]
        done = subprocess.run(  # noqa: S603
            [*command, "--email", "admin@example.com", "-u", *MODULES],
            env={"TRYTONPASSFILE": str(given), "PATH": str(programs)},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise ServerFailed(f"trytond-admin ended with {done.returncode}: {done.stderr.decode()[-1000:].strip()}")


@contextmanager
def _trytond(programs: Path, cluster: Postgres) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="c360-tryton-") as scratch:

        def start(port: int) -> ServerProcess:
            configuration = _configuration(Path(scratch), cluster, port)
            command = [str(programs / "trytond"), "-c", str(configuration), "-d", DATABASE]
            return ServerProcess(command, log=Path(scratch) / "trytond.log")

        server, port = start_on_free_port(start, listens)
        try:
            yield f"http://{LOOPBACK}:{port}/{DATABASE}"
        finally:
            server.stop()


def _configuration(directory: Path, cluster: Postgres, port: int) -> Path:
    path = directory / "trytond.conf"
    path.touch(mode=0o600)
    uri = cluster.url("").rstrip("/")
    path.write_text(CONFIGURATION.format(uri=uri, host=LOOPBACK, port=port))
    return path


def _read(directory: Path) -> State | None:
    path = directory / STATE_FILE
    if not path.exists():
        return None
    state = msgspec.json.decode(path.read_bytes(), type=State)
    return state if state.built_with == version() and not state.half_loaded else None


def _write(directory: Path, state: State) -> None:
    path = directory / STATE_FILE
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(state))
