"""What the gateway's memory does over many requests: `--endurance [COUNT]`.

Most requests are the cheapest that there are, of what is in memory; the rest make calls and much garbage. Memory is
read every so many requests, between two of them.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import msgspec
from rich.console import Console

from bench.sidebyside.contestants import Cached, Running, gateway, running, upstreams
from bench.sidebyside.load import request_of, send_all
from bench.sidebyside.operations import Operation
from bench.sidebyside.preparing import WARM_SECONDS, Prepared

COUNT = 200_000
STEPS = 20  # how often memory is read
CLIENTS = 16
FLAT = 0.05  # by which the last quarter may be above the second; the first is still filling caches and pools
STEP_SECONDS = 3600.0  # after which something hangs
TOLERATED = 0.01  # where others keep the disk busy, what the audit log cannot record within two seconds is withheld
MIXED = gateway("gateway, warm and cold", Cached("mixed", WARM_SECONDS, {"seconds": {"payment": 0.0, "ledger": 0.0}}))

GLANCE = """query Glance($id: ID!) {
  customer(id: $id) { id number displayName tier cases(first: 3) { nodes { id number subject status } } }
}"""
PAID = """query Paid($id: ID!) {
  customer(id: $id) { id number payments(first: 10) { nodes { id status method paidAt amount { amount currency } } } }
}"""
COLD, LISTS = frozenset(range(3, 93, 10)), frozenset([98])  # of each hundred requests; all others are glances


class Reading(msgspec.Struct):
    """After so many requests."""

    requests: int
    bytes: int
    cpu_ms: float
    per_second: float
    failed: int


def requests_of(prepared: Prepared, url: str) -> Iterator[bytes]:
    """Without end: of each hundred 90 glances, answered from memory, and 9 payments and a list of fifty, with calls."""
    view, many = prepared.operations[0], prepared.operations[1]

    def all_of(operation: Operation) -> list[bytes]:
        bodies = [operation.body(nth) for nth in range(len(operation.variables))]
        return [request_of(url, body, prepared.token) for body in bodies]

    glances = all_of(Operation("Glance", "glance", GLANCE, view.variables))
    cold = all_of(Operation("Paid", "paid", PAID, view.variables))
    lists = all_of(many)
    number = 0
    while True:
        place = number % 100
        ready = cold if place in COLD else lists if place in LISTS else glances
        yield ready[number % len(ready)]
        number += 1


def measure(prepared: Prepared, each: Running, count: int) -> Iterator[Reading]:
    """Memory after each part of the requests; the first reading is after one part that is not counted."""
    requests = requests_of(prepared, each.url)
    part = max(1, count // STEPS)
    for nth in range(STEPS + 1):
        before = each.cpu_seconds()
        load = asyncio.run(send_all(each.url, islice(requests, part), CLIENTS, STEP_SECONDS))
        if load.failed > TOLERATED * part:
            raise SystemExit(f"{load.failed} requests were not answered well: {load.failure}")
        spent = (each.cpu_seconds() - before) / len(load.seconds) * 1000
        yield Reading(nth * part, each.memory_bytes(), spent, load.per_second, load.failed)


def growth_of(readings: list[Reading]) -> float:
    """How far the last quarter lies above the second, as a share."""
    held = [reading.bytes for reading in readings[1:]]
    quarter = len(held) // 4
    second, last = held[quarter : 2 * quarter], held[-quarter:]
    return (sum(last) / len(last)) / (sum(second) / len(second)) - 1


def run(console: Console, prepared: Prepared, count: int, latency_ms: float) -> bool:
    """Measure, and print each reading as it comes. Gives whether memory stays flat."""
    readings = []
    console.print(f"{'requests':>10} {'MB':>8} {'CPU ms':>8} {'req/s':>8} {'failed':>8}")
    with ExitStack() as opened:
        opened.enter_context(upstreams(prepared, latency_ms))
        each = opened.enter_context(running(MIXED, prepared))
        for reading in measure(prepared, each, count):
            readings.append(reading)
            console.print(
                f"{reading.requests:>10,} {reading.bytes / 2**20:>8.1f} {reading.cpu_ms:>8.2f} "
                f"{reading.per_second:>8.0f} {reading.failed:>8}"
            )
    share = growth_of(readings)
    verdict = "flat" if share <= FLAT else "grows"
    console.print(
        f"Last quarter / second quarter: {1 + share:.3f}, at most {1 + FLAT:g}: {verdict}.\n"
        "Proportional set size of the process; RSS where the system does not tell it. Of each hundred requests 90 are\n"
        f"answered from memory, 9 make a call, and one is a list of fifty. Load average {os.getloadavg()[0]:.1f}."
    )
    return share <= FLAT
