"""Where the CPU of a read goes: `PYTHONPATH=. python bench/profile_read.py [--warm] [--top 30] [--count 400]`.

The gateway runs in this process, on its own port; the simulators and the clients run in another. For the view and the
list, with one client and with sixteen, it prints the CPU of a request (all threads of the gateway), and what the event
loop's thread spent its own time in. Without --warm nothing is cached (cache_seconds = 0).
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO, Any, cast

import uvloop

from bench.sidebyside.world import LISTS, history, numbers_listed, numbers_viewed
from gateway.app import create_app
from gateway.development_issuer import DevelopmentIssuer
from gateway.serving import address_of, listen, served
from gateway.settings import Settings
from gateway.telemetry import configure_logs
from gateway.wiring import Gateway, open_gateway
from resolvers.ids import encode
from sources import registry
from sources.crosswalk.backfill import backfill
from sources.simulation.serving import serving

VIEW = """query View($id: ID!) { customer(id: $id) {
  id displayName legalName tier owner emails identities { system recordId method }
  cases(first: 10) { nodes { id number subject status priority channel requester assignee openedAt updatedAt
    provenance { system fetchedAt } } }
  invoices(first: 12) { nodes { id number status issuedAt dueAt total { amount currency } balance { amount currency }
    lines { description quantity unitPrice total { amount currency } taxRate } } }
  subscriptions(first: 3) { nodes { id plan status quantity recurring { amount currency } currentPeriodEnd } }
  payments(first: 10) { nodes { id status method paidAt amount { amount currency } } }
  erpAccount { customerNumber receivable { amount currency } overdue { amount currency } creditHold paymentTerms }
} }"""
LIST = """query List($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer {
  id displayName tier owner emails
  cases(first: 3) { nodes { id number subject status priority openedAt } }
  erpAccount { customerNumber receivable { amount currency } overdue { amount currency } } } } }"""
WARM_SECONDS = 3600.0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# -------------------------------------------------------------------------------- the other process


async def outside(lists: int) -> None:
    """Simulators of every connector, and clients that ask as they are told on standard input."""
    known = {*numbers_viewed(), *(number for nth in range(lists) for number in numbers_listed(nth))}
    facts = [fact for fact in history() if fact.customer in known]
    async with AsyncExitStack() as opened:
        sections = {}
        for kind, plugin in registry.installed().items():
            simulator = plugin.simulator()
            for fact in facts:
                simulator.absorb(fact)
            simulator.harness.calls = _Forgetful()
            url = await opened.enter_async_context(serving(simulator.harness))
            sections[plugin.role] = {"kind": kind, **simulator.section(url)}
        say(json.dumps(sections, default=lambda secret: secret.get_secret_value()))
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            say(json.dumps(await asked(**json.loads(line))))


class _Forgetful(list[Any]):
    """Keeps no calls: tens of thousands of them are nothing that this program looks at."""

    def append(self, _: Any) -> None:
        pass


async def asked(url: str, token: str, bodies: list[Any], count: int, clients: int) -> dict[str, Any]:
    """Ask `count` times with so many clients; gives what took how long, and what failed."""
    left, failed, seconds = iter(range(count)), [], []
    host, port = url.removeprefix("http://").split(":")
    payloads = [json.dumps(body).encode() for body in bodies]

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for nth in left:
            body = payloads[nth % len(payloads)]
            head = (
                f"POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\naccept: application/json"
                f"\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            began = time.perf_counter()
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            size = next(int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            told = await reader.readexactly(size)
            seconds.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in told:
                failed.append(told[-400:].decode())
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    seconds.sort()
    return {"failed": len(failed), "first": failed[:1], "p50": seconds[len(seconds) // 2]}


# -------------------------------------------------------------------------------- the gateway's process


class Outside:
    """The other process, asked line by line."""

    def __init__(self, lists: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, __file__, "--outside", "--lists", str(lists)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._orders, self._answers = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self.sections = json.loads(self._line())

    async def ask(self, **order: Any) -> dict[str, Any]:
        self._orders.write(json.dumps(order).encode() + b"\n")
        self._orders.flush()
        answer: dict[str, Any] = json.loads(await asyncio.to_thread(self._line))
        if answer["failed"]:
            say(f"{answer['failed']} answers had errors: {answer['first']}")
        return answer

    def _line(self) -> bytes:
        return self._answers.readline()

    def close(self) -> None:
        self._orders.close()
        self._process.wait()


async def ids_of(gateway: Gateway, numbers: list[str]) -> list[str]:
    """The global ids of customers by their numbers."""
    found = await gateway.crosswalk.of_numbers(numbers)
    return [encode("Customer", "", *found[number]) for number in numbers]


async def measure(arguments: argparse.Namespace, sources: Outside, directory: Path) -> dict[str, float]:
    seconds = WARM_SECONDS if arguments.warm else 0.0
    settings = Settings(
        gateway={
            "database_url": f"sqlite:///{directory / 'c360.db'}",
            "data_directory": directory,
            "deadline_seconds": 60,  # the profiler makes everything three times as slow
        },
        identity={"development": True},
        limits={"requests_per_minute": 1_000_000},
        sources={name: {**section, "cache_seconds": seconds} for name, section in sources.sections.items()},
    )
    async with AsyncExitStack() as opened:
        gateway = await opened.enter_async_context(open_gateway(settings))
        for system in gateway.systems.all:
            await backfill(gateway.crosswalk, system, lambda done, total: None)
        listener = listen("127.0.0.1", 0, "")
        await opened.enter_async_context(served(create_app(gateway), listener))
        url, token = address_of(listener), cast(DevelopmentIssuer, gateway.issuer).token("finance_analyst")
        viewed = await ids_of(gateway, numbers_viewed())
        listed = [await ids_of(gateway, numbers_listed(nth)) for nth in range(arguments.lists)]
        operations = {
            "view": [{"query": VIEW, "variables": {"id": each}} for each in viewed],
            "list": [{"query": LIST, "variables": {"ids": some}} for some in listed],
        }
        figures = {}
        for name in arguments.operations:
            for clients in arguments.clients:
                order = {"url": url, "token": token, "bodies": operations[name], "clients": clients}
                await sources.ask(**order, count=max(64, clients))
                label = f"{name} c={clients}"
                figures[label] = await one(label, arguments, sources, order)
        return figures


async def one(label: str, arguments: argparse.Namespace, sources: Outside, order: dict[str, Any]) -> float:
    """The CPU milliseconds of a request; measured without the profiler, then looked into with it."""
    count = arguments.count
    gc.collect()
    rounds = []
    for _ in range(arguments.rounds):
        began = time.process_time()
        answer = await sources.ask(**order, count=count)
        rounds.append((time.process_time() - began) / count * 1000)
    best = min(rounds)
    if not arguments.json:
        say(f"\n== {label}: {best:.2f} CPU ms a request, p50 {answer['p50'] * 1000:.1f} ms")
    if arguments.top:
        profiler = cProfile.Profile(time.thread_time)  # of the loop alone, whatever else the machine does
        profiler.enable()
        await sources.ask(**order, count=count)
        profiler.disable()
        stats = pstats.Stats(profiler)
        stats.sort_stats("tottime").print_stats(arguments.top)
        tell_by_part(stats, count)
    return best


def tell_by_part(stats: pstats.Stats, count: int) -> None:
    """Own time by package, of what is ours by folder: milliseconds of a request, as the profiler slows it down."""
    parts: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        _, installed, rest = file.partition("site-packages/")
        path = Path(rest if installed else file.removeprefix(f"{Path.cwd()}/"))
        parts["/".join(path.parts[: 1 if installed else 3]) if not file.startswith("~") else f"C {name}"] += own
    for part, own in parts.most_common(40):
        say(f"{own / count * 1000:8.3f} ms  {part}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--outside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--warm", action="store_true", help="answers stay in the first level of the cache")
    parser.add_argument("--json", action="store_true", help="print the figures only, for a comparison of two checkouts")
    parser.add_argument("--lists", type=int, default=LISTS, help="lists of other customers: fewer are joined more")
    parser.add_argument("--top", type=int, default=30)
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=2, help="the quickest one counts")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--operations", nargs="+", default=["view", "list"])
    arguments = parser.parse_args()
    configure_logs("error")
    if arguments.outside:
        uvloop.run(outside(arguments.lists))
        return
    sources = Outside(arguments.lists)
    try:
        with tempfile.TemporaryDirectory() as directory, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(measure(arguments, sources, Path(directory)))
    finally:
        sources.close()
    if arguments.json:
        say(json.dumps(figures))


if __name__ == "__main__":
    main()
