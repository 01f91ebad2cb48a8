"""How cost grows: with the customers in a list, the entries behind a timeline, the customers in the crosswalk.

`--growth`. One client, so that no two requests share a fetch, and nothing in the cache.
"""

import asyncio
import os
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.sidebyside.contestants import Cached, Running, configured, gateway, running, upstreams
from bench.sidebyside.growing import DEPTHS, SIZES, history, operations
from bench.sidebyside.load import put_under_load
from bench.sidebyside.measuring import told
from bench.sidebyside.operations import Operation
from bench.sidebyside.preparing import Prepared, prepare
from bench.sidebyside.rows import COMMON, fill, number_of, place_of

ROWS = (10_000, 100_000, 1_000_000)
ROUNDS, SECONDS = 2, 2.5  # a list of a thousand takes half a second
GROWN = Cached("grown", 0)
HITS = "{ nodes { id number displayName } totalCount }"
BY_NUMBER = "query ByNumber($number: String!) { customerBy(key: {number: $number}) { id number displayName } }"
SEARCH = f"query Search($text: String) {{ customers(search: $text, first: 10) {HITS} }}"
SOUGHT = 5_000  # the customer that is looked for: it is there in each size


class Cost(msgspec.Struct):
    """Of one request."""

    cpu_ms: float
    p50: float
    calls: float


def cost_of(prepared: Prepared, each: Running, operation: Operation) -> Cost:
    """The cheaper of the rounds: what else the machine does only ever adds."""
    bodies, found = [operation.body(0)], []
    asyncio.run(put_under_load(each.url, bodies, prepared.token, 1, SECONDS / 5))
    for _ in range(ROUNDS):
        told(prepared)
        before = each.cpu_seconds()
        load = asyncio.run(put_under_load(each.url, bodies, prepared.token, 1, SECONDS))
        count = len(load.seconds)
        if load.failed or not count:
            raise SystemExit(f"{operation.title}: {load.failed} requests were not answered well: {load.failure}")
        spent = (each.cpu_seconds() - before) / count * 1000
        found.append(Cost(spent, load.percentile(0.5), sum(vendor["calls"] for vendor in told(prepared)) / count))
    return min(found, key=lambda cost: cost.cpu_ms)


def run(console: Console, directory: Path, latency_ms: float) -> bool:
    """Measure and print. Always true: there is no bar for it."""
    prepared = asyncio.run(prepare(directory, history, operations))
    lists, timelines = prepared.operations[: len(SIZES)], prepared.operations[len(SIZES) :]
    with ExitStack() as opened:
        opened.enter_context(upstreams(prepared, latency_ms))
        with running(gateway("gateway, grown", GROWN), prepared) as each:
            costs = [cost_of(prepared, each, operation) for operation in lists]
            show(console, "Customers in a list, 3 cases and the ledger's balance each", SIZES, costs)
            costs = [cost_of(prepared, each, operation) for operation in timelines]
            show(console, "Entries behind a timeline, of which 20 are shown", DEPTHS, costs)
        searches: dict[str, list[Cost]] = {}
        path = configured(prepared, GROWN).with_name("c360.db")
        for begin, end in zip((0, *ROWS), ROWS, strict=False):
            console.print(f"{end:,} customers in the crosswalk …")
            fill(path, begin + 1, end + 1)
            with running(gateway("gateway, grown", GROWN), prepared) as each:
                for operation in looks():
                    searches.setdefault(operation.title, []).append(cost_of(prepared, each, operation))
    for title, costs in searches.items():
        show(console, title, ROWS, costs)
    console.print(f"One client, nothing in the cache. Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    return True


def looks() -> list[Operation]:
    """What is looked for in the crosswalk."""
    number, place = number_of(SOUGHT), place_of(SOUGHT)
    return [
        Operation("ByNumber", "Crosswalk: one customer by its number", BY_NUMBER, [{"number": number}]),
        Operation("Search", "Crosswalk: search for a number", SEARCH, [{"text": number}]),
        Operation("Search", "Crosswalk: search for a word that a thousandth have", SEARCH, [{"text": place}]),
        Operation("Search", "Crosswalk: search for a word that all have", SEARCH, [{"text": COMMON}]),
        Operation("Search", "Crosswalk: the newest, without a text", SEARCH, [{"text": None}]),
    ]


def show(console: Console, title: str, sizes: tuple[int, ...], costs: list[Cost]) -> None:
    """A row for each size, with what one item costs and how the cost compares with the row before."""
    table = Table(title=title, title_justify="left")
    for column in ("items", "CPU ms", "CPU µs an item", "/ row before", "items / before", "p50 ms", "calls"):
        table.add_column(column, justify="right")
    before: tuple[int, Cost] | None = None
    for size, cost in zip(sizes, costs, strict=True):
        ratios = (f"{cost.cpu_ms / before[1].cpu_ms:.2f}", f"{size / before[0]:g}") if before else ("", "")
        per_item = f"{cost.cpu_ms / size * 1000:,.4g}"
        table.add_row(f"{size:,}", f"{cost.cpu_ms:.2f}", per_item, *ratios, f"{cost.p50:.1f}", f"{cost.calls:.1f}")
        before = size, cost
    console.print(table)
