"""Rounds: everybody in turn, again and again, so that what else the machine does hits all of them alike."""

import asyncio
import json
import statistics
import urllib.request
from typing import Any

import msgspec

from bench.sidebyside.contestants import Running
from bench.sidebyside.load import answer_of, put_under_load
from bench.sidebyside.operations import Operation, leaves
from bench.sidebyside.preparing import Prepared

WARM_UP_SECONDS = 1.0  # for every contestant and operation: pools, caches, compilers
WARM_UP_CLIENTS = (16, 64)  # the second opens every connection that is ever used


class Round(msgspec.Struct):
    """One contestant's turn."""

    cpu_ms: float
    per_second: float
    p50: float
    p99: float
    calls: float
    rss: int


class Cell(msgspec.Struct):
    """All turns of one contestant at one operation with so many clients; each figure is the median of its turns."""

    rounds: list[Round]

    def of(self, name: str) -> float:
        return statistics.median(getattr(each, name) for each in self.rounds)


class Paced(msgspec.Struct):
    """One contestant's turn on a beat; all but the first in milliseconds."""

    per_second: float
    p50: float
    p99: float
    waiting: float
    """For the slowest vendor, one wave of calls after the other: what nobody could do without."""


class Results(msgspec.Struct):
    """Everything that was measured: by operation, clients and contestant."""

    cells: dict[tuple[str, int, str], Cell] = {}
    answers: dict[str, tuple[int, int]] = {}
    """By operation: leaves and bytes of an answer."""
    paced: dict[tuple[str, str], Paced] = {}
    """By operation and contestant."""
    differing: list[str] = []
    complaints: list[str] = []

    def cell(self, operation: str, clients: int, name: str) -> Cell | None:
        return self.cells.get((operation, clients, name))


def compare(prepared: Prepared, contestants: list[Running], results: Results) -> None:
    """Every contestant gives the gateway's own answers, down to the last value."""
    for operation in prepared.operations:
        for nth in range(min(4, len(operation.variables))):
            body = operation.body(nth)
            given = {
                each.contestant.name: asyncio.run(answer_of(each.url, body, prepared.token)) for each in contestants
            }
            first, *others = given.items()
            reference = json.loads(first[1])
            results.answers[operation.title] = (leaves(reference["data"]), len(first[1]))
            for name, answer in others:
                if _canonical(answer) != _canonical(first[1]):
                    results.differing.append(f"{name} answers {operation.title} otherwise than {first[0]}")


def _canonical(answer: bytes) -> str:
    try:
        return json.dumps(json.loads(answer), sort_keys=True)
    except ValueError:
        return repr(answer[:200])


def warm_up(prepared: Prepared, contestants: list[Running]) -> None:
    """Nobody is measured while it compiles, connects or fills."""
    for each in contestants:
        for operation in prepared.operations:
            for clients in WARM_UP_CLIENTS:
                bodies = [operation.body(nth) for nth in range(clients)]
                asyncio.run(put_under_load(each.url, bodies, prepared.token, clients, WARM_UP_SECONDS / 2))


def measure(
    prepared: Prepared,
    contestants: list[Running],
    results: Results,
    operation: Operation,
    clients: int,
    rounds: int,
    seconds: float,
) -> None:
    """A B C A B C …: each turn so many seconds."""
    bodies = [operation.body(nth) for nth in range(clients)]
    for _ in range(rounds):
        for each in contestants:
            if clients < each.contestant.least_clients:
                continue
            told(prepared)
            before = each.cpu_seconds()
            load = asyncio.run(put_under_load(each.url, bodies, prepared.token, clients, seconds))
            spent = each.cpu_seconds() - before
            vendors = told(prepared)
            count = max(1, len(load.seconds))
            if load.failed or not load.seconds:
                results.complaints.append(
                    f"{each.contestant.name}, {operation.title}: {load.failed} failed: {load.failure}"
                )
            for unknown in (path for vendor in vendors for path in vendor["unknown"]):
                if not unknown.startswith("/api/v2/incremental"):  # a poll, which belongs to no request
                    results.complaints.append(f"{each.contestant.name} asked {unknown[:80]}, which nobody recorded")
            turn = Round(
                cpu_ms=spent / count * 1000,
                per_second=load.per_second,
                p50=load.percentile(0.5) if load.seconds else 0.0,
                p99=load.percentile(0.99) if load.seconds else 0.0,
                calls=sum(vendor["calls"] for vendor in vendors) / count,
                rss=each.rss_bytes(),
            )
            key = (operation.title, clients, each.contestant.name)
            results.cells.setdefault(key, Cell([])).rounds.append(turn)


def told(prepared: Prepared) -> list[dict[str, Any]]:
    """What the vendors were asked since the last time, and begin anew."""
    answers = []
    for port in prepared.ports.values():
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/_bench", method="DELETE")
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            answers.append(json.load(answer))
    return answers


def vendors_take(prepared: Prepared, milliseconds: float) -> None:
    """How long each answer takes from now on."""
    for port in prepared.ports.values():
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/_bench", data=str(milliseconds).encode(), method="PUT")
        urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310
