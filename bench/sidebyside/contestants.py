"""Who is measured: each is a process of its own that is told the directory and says `ready URL`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from bench.sidebyside.preparing import WARM_SECONDS, Prepared, free_port, settings_tables

HERE = Path(__file__).resolve().parents[2]
PEERS = HERE / "bench" / "peers"
PYTHON = sys.executable
C360 = str(Path(PYTHON).with_name("c360"))


class Cached(msgspec.Struct, frozen=True):
    """How a gateway caches: its directory's name, for how long, [cache], and whether Redis is its second level."""

    name: str
    seconds: float
    cache: dict[str, Any] = {}
    redis: bool = False


class Contestant(msgspec.Struct, frozen=True):
    """A name, and how it is started. `node`: it needs bench/peers/node_modules; `cached`: it is the gateway itself."""

    name: str
    command: tuple[str, ...]
    node: bool = False
    cached: Cached | None = None
    least_clients: int = 1
    """With fewer it would not be what its name says."""


def gateway(name: str, cached: Cached, least_clients: int = 1) -> Contestant:
    """The gateway as it is delivered, with this cache."""
    return Contestant(name, (C360, "serve", "--config", "{toml}"), cached=cached, least_clients=least_clients)


# The fewest records that the first level can be told to hold: two lists. What many clients ask for in turn has left it
# before it is asked for again; a single client's would stay.
EMPTIED = {"entries": 100}
GATEWAY = gateway("gateway", Cached("cold", 0))
WARM = gateway("gateway, warm L1", Cached("warm", WARM_SECONDS))
WARM_L2 = gateway("gateway, warm L2", Cached("shared", WARM_SECONDS, EMPTIED, redis=True), least_clients=16)
FLOOR = Contestant("hand-written ASGI", (PYTHON, "-m", "bench.peers.floor", "{peers}"))
STRAWBERRY = Contestant("Strawberry, httpx", (PYTHON, "-m", "bench.peers.stock", "{peers}"))
APOLLO = Contestant("Apollo Server", ("node", "{here}/apollo.mjs", "{peers}"), node=True)
MERCURIUS = Contestant("mercurius, jit", ("node", "{here}/mercurius.mjs", "{peers}"), node=True)
HIVE = Contestant("Hive Gateway, Mesh REST", ("node", "{here}/hive.mjs", "{peers}"), node=True)
ALL = (GATEWAY, WARM, WARM_L2, FLOOR, STRAWBERRY, APOLLO, MERCURIUS, HIVE)


class Running:
    """One that answers."""

    def __init__(self, contestant: Contestant, process: subprocess.Popen[bytes], url: str) -> None:
        self.contestant = contestant
        self.process = process
        self.url = url

    def cpu_seconds(self) -> float:
        """Of the process and its children, user and system, so far."""
        total = 0.0
        for one in self._tree():
            times = one.cpu_times()
            total += times.user + times.system
        return total

    def rss_bytes(self) -> int:
        """What the process and its children hold now."""
        return sum(one.memory_info().rss for one in self._tree())

    def memory_bytes(self) -> int:
        """Of the process and its children, what they share counted once; RSS where the system does not tell."""
        return sum(getattr(one.memory_full_info(), "pss", one.memory_info().rss) for one in self._tree())

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def running(contestant: Contestant, prepared: Prepared) -> Iterator[Running]:
    """Start one; it is stopped at the end."""
    process = started(_command(contestant, prepared), prepared, contestant.name)
    try:
        yield Running(contestant, process, _ready(process, contestant.name))
    finally:
        stopped(process)


@contextmanager
def upstreams(prepared: Prepared, latency_ms: float) -> Iterator[None]:
    """The vendors while inside."""
    command = [PYTHON, "-m", "bench.sidebyside.upstreams", str(prepared.canned), str(latency_ms)]
    process = started(command, prepared, "upstreams")
    try:
        _ready(process, "upstreams")
        yield
    finally:
        stopped(process)


def started(command: list[str], prepared: Prepared, name: str) -> subprocess.Popen[bytes]:
    """A process whose standard error goes to a file of the directory."""
    log = prepared.directory / f"{name.replace(',', '').replace(' ', '-')}.log"
    environment = os.environ | {"PYTHONPATH": str(HERE), "NODE_ENV": "production"}
    with log.open("ab") as errors:
        return subprocess.Popen(  # noqa: S603
            command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=errors
        )


def stopped(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ready(process: subprocess.Popen[bytes], name: str) -> str:
    assert process.stdout is not None  # noqa: S101
    line = process.stdout.readline().decode().split()
    if not line or line[0] != "ready":
        raise SystemExit(f"{name} did not start; its log is in the directory of the bench (--keep)")
    return line[1] if len(line) > 1 else ""


def _command(contestant: Contestant, prepared: Prepared) -> list[str]:
    places = {"peers": str(prepared.peers), "here": str(PEERS)}
    if contestant.cached is not None:
        places["toml"] = str(configured(prepared, contestant.cached))
    return [part.format(**places) for part in contestant.command]


def configured(prepared: Prepared, cached: Cached) -> Path:
    """A gateway.toml in a directory of its own: two gateways share no SQLite file."""
    directory = prepared.directory / cached.name
    if not directory.is_dir():
        directory.mkdir()
        for file in prepared.directory.glob("*.pem"):
            (directory / file.name).write_bytes(file.read_bytes())
            (directory / file.name).chmod(0o600)
        (directory / "c360.db").write_bytes((prepared.directory / "c360.db").read_bytes())
    sections = msgspec.json.decode((prepared.directory / "sections.json").read_bytes())
    tables = settings_tables(
        directory,
        sections,
        cache_seconds=cached.seconds,
        cache=cached.cache,
        redis_url=prepared.redis_url if cached.redis else None,
        port=free_port(),
    )
    path = directory / "gateway.toml"
    path.write_text("".join(f"{table} = {_value(held)}\n" for table, held in tables.items()))
    return path


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{name}" = {_value(item)}' for name, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return msgspec.json.encode(value).decode()
