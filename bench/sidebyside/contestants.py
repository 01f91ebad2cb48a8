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


class Contestant(msgspec.Struct, frozen=True):
    """A name, and how it is started. `node`: it needs bench/peers/node_modules."""

    name: str
    command: tuple[str, ...]
    node: bool = False
    ours: bool = False


GATEWAY = Contestant("gateway", (C360, "serve", "--config", "{cold}"), ours=True)
WARM = Contestant("gateway, warm L1", (C360, "serve", "--config", "{warm}"), ours=True)
FLOOR = Contestant("hand-written ASGI, aiohttp", (PYTHON, "-m", "bench.peers.floor", "{peers}"))
STRAWBERRY = Contestant("Strawberry, httpx", (PYTHON, "-m", "bench.peers.stock", "{peers}"))
APOLLO = Contestant("Apollo Server", ("node", "{here}/apollo.mjs", "{peers}"), node=True)
MERCURIUS = Contestant("mercurius, jit", ("node", "{here}/mercurius.mjs", "{peers}"), node=True)
HIVE = Contestant("Hive Gateway, Mesh REST", ("node", "{here}/hive.mjs", "{peers}"), node=True)
ALL = (GATEWAY, WARM, FLOOR, STRAWBERRY, APOLLO, MERCURIUS, HIVE)


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
    log = prepared.directory / f"{name.partition(',')[0].replace(' ', '-')}.log"
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
    if contestant.ours:
        places |= {"cold": str(_toml(prepared, "cold", 0)), "warm": str(_toml(prepared, "warm", WARM_SECONDS))}
    return [part.format(**places) for part in contestant.command]


def _toml(prepared: Prepared, name: str, cache_seconds: float) -> Path:
    """A gateway.toml in a directory of its own: two gateways share no SQLite file."""
    directory = prepared.directory / name
    if not directory.is_dir():
        directory.mkdir()
        for file in prepared.directory.glob("*.pem"):
            (directory / file.name).write_bytes(file.read_bytes())
            (directory / file.name).chmod(0o600)
        (directory / "c360.db").write_bytes((prepared.directory / "c360.db").read_bytes())
    sections = msgspec.json.decode((prepared.directory / "sections.json").read_bytes())
    tables = settings_tables(directory, sections, cache_seconds=cache_seconds, port=free_port())
    path = directory / "gateway.toml"
    path.write_text("".join(f"{table} = {_value(held)}\n" for table, held in tables.items()))
    return path


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{name}" = {_value(item)}' for name, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return msgspec.json.encode(value).decode()
