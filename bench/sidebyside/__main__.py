"""The gateway beside its peers: `python -m bench.sidebyside [--quick | --full] [--latency-ms 5] [--only NAME …]`.

Everybody gets the same questions, the same canned vendors and the same token, and must give the same answers.
--quick, the default, takes some two minutes; --full measures with 1, 16 and 64 clients.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.console import Console

from bench.sidebyside import endurance, growth, paced
from bench.sidebyside.bars import CLIENTS
from bench.sidebyside.contestants import ALL, FLOOR, GATEWAY, PEERS, WARM, WARM_L2, Contestant, running, upstreams
from bench.sidebyside.measuring import Results, compare, measure, warm_up
from bench.sidebyside.paced import pace
from bench.sidebyside.preparing import Prepared, prepare
from bench.sidebyside.tables import show
from sources.simulation.real.valkey import valkey

QUICK = (2, 1.5, (16,))  # rounds, seconds of each turn, clients
FULL = (5, 3.0, (1, 16, 64))
LATENCY_MS = 5.0  # of each answer of a vendor: so that requests overlap, and the processors stay the bottleneck


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="The gateway beside its peers, on the same vendors.")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="16 clients, two rounds (the default)")
    extent.add_argument("--full", action="store_true", help="1, 16 and 64 clients, five rounds")
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS, help="of each answer of a vendor")
    parser.add_argument("--only", nargs="+", help="contestants whose names hold one of these words; the gateway always")
    parser.add_argument("--rounds", type=int, help="how often everybody has its turn")
    parser.add_argument("--clients", type=int, nargs="+", help="how many at the same time, one measurement for each")
    parser.add_argument(
        "--paced",
        type=float,
        nargs="?",
        const=0.0,
        metavar="REQUESTS_PER_SECOND",
        help="only the latency that is added",
    )
    parser.add_argument("--growth", action="store_true", help="only how cost grows with size, ten minutes")
    parser.add_argument(
        "--endurance", type=int, nargs="?", const=endurance.COUNT, metavar="COUNT", help="memory over so many requests"
    )
    parser.add_argument("--keep", action="store_true", help="leave the directory, with everybody's log")
    return parser.parse_args()


def invited(console: Console, only: list[str] | None) -> list[Contestant]:
    """Who takes part: without Node.js or its packages, the Python peers alone."""
    node = shutil.which("node") is not None and (PEERS / "node_modules").is_dir()
    chosen = []
    for each in ALL:
        if only and each is not GATEWAY and not any(word.lower() in each.name.lower() for word in only):
            continue
        if each.node and not node:
            console.print(f"{each.name} is left out: it needs Node.js, and `npm ci` in bench/peers")
            continue
        chosen.append(each)
    return chosen


def side_by_side(console: Console, given: argparse.Namespace, prepared: Prepared) -> bool:
    """Everybody in turn, then the bars. Gives whether all answered alike and asked only what was recorded."""
    rounds, seconds, clients = FULL if given.full else QUICK
    rounds, clients = given.rounds or rounds, tuple(given.clients or clients)
    chosen = invited(console, given.only)
    results = Results()
    with ExitStack() as opened:
        if WARM_L2 in chosen:
            prepared.redis_url = opened.enter_context(valkey())
        opened.enter_context(upstreams(prepared, given.latency_ms))
        contestants = [opened.enter_context(running(each, prepared)) for each in chosen]
        compare(prepared, contestants, results)
        warm_up(prepared, contestants)
        for operation in prepared.operations:
            for number in clients:
                console.print(f"{operation.title}, {number} clients …")
                measure(prepared, contestants, results, operation, number, rounds, seconds)
        if cold := results.cell("view", CLIENTS, GATEWAY.name):
            console.print("view, paced …")
            beside = [each for each in contestants if each.contestant in (GATEWAY, FLOOR)]
            pace(prepared, beside, results, prepared.operations[0], paced.SHARE * cold.of("per_second"))
    show(console, results, [each.name for each in chosen], clients)
    (prepared.directory / "results.json").write_bytes(
        msgspec.json.encode([[*key, cell] for key, cell in results.cells.items()])
    )
    return not (results.differing or results.complaints)


def measured(console: Console, given: argparse.Namespace, directory: Path) -> bool:
    """What was asked for, printed. Gives whether nothing was amiss."""
    if given.growth:
        return growth.run(console, directory, given.latency_ms)
    prepared = asyncio.run(prepare(directory))
    if given.endurance:
        return endurance.run(console, prepared, given.endurance, given.latency_ms)
    if given.paced is not None:
        chosen = [each for each in invited(console, given.only) if each not in (WARM, WARM_L2)]
        return paced.run(console, prepared, chosen, given.paced, given.latency_ms)
    return side_by_side(console, given, prepared)


def main() -> int:
    given = arguments()
    console = Console(width=None if sys.stdout.isatty() else 130)
    directory = Path(tempfile.mkdtemp(prefix="c360-bench-"))
    try:
        console.print("recording what the vendors answer …")
        good = measured(console, given, directory)
    finally:
        if given.keep:
            console.print(f"kept: {directory}")
        else:
            shutil.rmtree(directory)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
