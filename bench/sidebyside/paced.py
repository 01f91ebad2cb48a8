"""The latency that is added to the vendors', where the processors have time to spare: `--paced [REQUESTS_PER_SECOND]`.

Sixteen clients ask on beats of their own, together at a share of what the gateway does cold when nothing limits it. An
answer that is late delays its client's next request, and that one's time counts from when it was due.
"""

import asyncio
from contextlib import ExitStack

from rich.console import Console

from bench.sidebyside.bars import CLIENTS
from bench.sidebyside.contestants import Contestant, Running, running, upstreams
from bench.sidebyside.load import put_under_load, put_under_pace
from bench.sidebyside.measuring import Paced, Results, vendors_take, warm_up
from bench.sidebyside.operations import Operation
from bench.sidebyside.preparing import Prepared
from bench.sidebyside.tables import footer, show_paced

SHARE = 0.3  # of the gateway's own throughput: requests overlap, and none waits for a processor for long
LATENCY_MS = 20.0
SECONDS = 10.0  # some 400 requests of the view: p99 is the fourth of them from above
SATURATED_SECONDS = 2.0


def pace(
    prepared: Prepared, contestants: list[Running], results: Results, operation: Operation, per_second: float
) -> None:
    """Each contestant's turn at one operation; the vendors take LATENCY_MS from now on."""
    bodies = [operation.body(nth) for nth in range(CLIENTS)]
    vendors_take(prepared, LATENCY_MS)
    for each in contestants:
        load = asyncio.run(put_under_pace(each.url, bodies, prepared.token, CLIENTS, SECONDS, per_second))
        if load.failed or not load.seconds:
            what = f"{each.contestant.name}, {operation.title}, paced"
            results.complaints.append(f"{what}: {load.failed} failed: {load.failure}")
            continue
        results.paced[operation.title, each.contestant.name] = Paced(
            per_second=load.per_second,
            p50=load.percentile(0.5),
            p99=load.percentile(0.99),
            waiting=operation.waves * LATENCY_MS,
        )


def run(console: Console, prepared: Prepared, chosen: list[Contestant], per_second: float, latency_ms: float) -> bool:
    """Every operation, and a table; 0 requests a second: SHARE of the first contestant's own throughput."""
    results = Results()
    with ExitStack() as opened:
        opened.enter_context(upstreams(prepared, latency_ms))
        contestants = [opened.enter_context(running(each, prepared)) for each in chosen]
        warm_up(prepared, contestants)
        for operation in prepared.operations:
            vendors_take(prepared, latency_ms)
            console.print(f"{operation.title} …")
            pace(
                prepared,
                contestants,
                results,
                operation,
                per_second or SHARE * _most(prepared, contestants[0], operation),
            )
    show_paced(console, results)
    for sentence in results.complaints:
        console.print(f"! {sentence}", markup=False)
    console.print(footer())
    return not results.complaints


def _most(prepared: Prepared, each: Running, operation: Operation) -> float:
    bodies = [operation.body(nth) for nth in range(CLIENTS)]
    return asyncio.run(put_under_load(each.url, bodies, prepared.token, CLIENTS, SATURATED_SECONDS)).per_second
