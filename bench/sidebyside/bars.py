"""What has to be reached, and whether it is: CPU a request at 16 clients, within one run."""

from collections.abc import Iterator

import msgspec

from bench.sidebyside.contestants import APOLLO, FLOOR, GATEWAY, MERCURIUS, STRAWBERRY, WARM
from bench.sidebyside.measuring import Results

CLIENTS = 16
RATIOS = (
    ("view", APOLLO, 0.6),
    ("view", MERCURIUS, 1.5),
    ("view", STRAWBERRY, 0.12),
    ("view", FLOOR, 2.0),
    ("list", APOLLO, 0.35),
    ("list", STRAWBERRY, 0.12),
    ("list", FLOOR, 2.0),
    ("list-one-by-one", APOLLO, 0.8),
)
CALLS = {"view": 6, "list": 6, "list-one-by-one": 50}
"""Those of the budgets: view 1 support, 3 billing, 2 ERP; list 2 searches, 2 reads, 2 ERP; a call for each customer."""
WARM_SHARE = 0.35
P50_MS, P99_MS = 5.0, 25.0


class Bar(msgspec.Struct):
    """One of them; `found` is None where it was not measured."""

    what: str
    limit: float
    found: float | None

    @property
    def verdict(self) -> str:
        if self.found is None:
            return "not measured"
        return "met" if self.found <= self.limit else "not met"


def bars(results: Results) -> Iterator[Bar]:
    """All of them, in the order in which they are promised."""
    for title, peer, limit in RATIOS:
        yield Bar(f"{title}: CPU of the gateway / {peer.name}", limit, ratio(results, title, GATEWAY.name, peer.name))
    for title in CALLS:
        yield Bar(f"{title}: CPU warm L1 / own cold", WARM_SHARE, ratio(results, title, WARM.name, GATEWAY.name))
    for title, calls in CALLS.items():
        cell = results.cell(title, CLIENTS, GATEWAY.name)
        yield Bar(f"{title}: calls to the vendors", calls, round(cell.of("calls"), 2) if cell else None)
    view = results.paced.get(("view", GATEWAY.name))
    yield Bar("view, paced: added to the slowest vendor, p50 ms", P50_MS, view.p50 - view.waiting if view else None)
    yield Bar("view, paced: added to the slowest vendor, p99 ms", P99_MS, view.p99 - view.waiting if view else None)


def ratio(results: Results, title: str, ours: str, theirs: str, clients: int = CLIENTS) -> float | None:
    """Our CPU a request over theirs."""
    one, other = results.cell(title, clients, ours), results.cell(title, clients, theirs)
    return one.of("cpu_ms") / other.of("cpu_ms") if one and other and other.of("cpu_ms") else None
