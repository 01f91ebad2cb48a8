"""`PLUGIN.loader`: a running Tryton to be filled with the world's facts, and reached by the gateway."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sources.simulation.facts import Fact
from sources.tryton.real.documents import Ledger
from sources.tryton.real.founding import accounts
from sources.tryton.real.parties import References, complete, create_parties
from sources.tryton.real.plan import Plan, plan_of
from sources.tryton.real.rpc import Rpc
from sources.tryton.real.server import RunningTryton, running
from sources.tryton.simulator.parties import PARENT_RELATION

BULK = 50  # documents posted at once: more lock the number sequence longer and gain nothing
COMPANY = 1
UNCHECKED = "that tax numbers have a type: made-up ones do not pass the server's check"

T = TypeVar("T")


class TrytonLoader:
    """Implements Loader: the data stay in their directory, and the same history is loaded once."""

    def __init__(self, server: RunningTryton) -> None:
        self._server = server

    async def absorb_all(self, history: Sequence[Fact], progress: Callable[[int, int], None]) -> list[str]:
        """Load the newest 300 invoices and 200 orders of all customers; gives what was left out.

        Takes some minutes. Data that were loaded before stay as they are. Raises RpcError.
        """
        state = self._server.state
        if state.loaded is not None:
            return state.left_out
        plan = plan_of(history)
        state.half_loaded = True
        self._server.keep()
        rpc = await asyncio.to_thread(Rpc, self._server.base_url, state.password)
        try:
            await _load(rpc, plan, progress)
        finally:
            rpc.close()
        state.loaded = datetime.now(UTC)
        state.half_loaded = False
        state.left_out = [*plan.left_out, UNCHECKED]
        self._server.keep()
        return state.left_out

    def section(self) -> dict[str, Any]:
        return {
            "kind": "tryton",
            "base_url": self._server.base_url,
            "key": self._server.state.key,
            "company": COMPANY,
            "credit": self._server.state.credit,
            "fields": {"parent_relation": PARENT_RELATION},
        }


@contextmanager
def tryton(directory: Path) -> Iterator[TrytonLoader]:
    """A running Tryton whose data are kept in a directory. The first start builds it, which takes a minute or two."""
    with running(directory) as server:
        if not server.state.credit:
            server.state.credit = _credit(server)
            server.keep()
        yield TrytonLoader(server)


def _credit(server: RunningTryton) -> dict[str, int]:
    rpc = Rpc(server.base_url, server.state.password)
    try:
        journal = rpc.one("account.journal", [["type", "=", "revenue"]])
        return {"account": accounts(rpc, COMPANY)["revenue"], "journal": journal}
    finally:
        rpc.close()


async def _load(rpc: Rpc, plan: Plan, progress: Callable[[int, int], None]) -> None:
    done = 0

    def further(steps: int) -> None:
        nonlocal done
        done += steps
        progress(done, plan.steps)

    references, today = References(rpc), datetime.now(UTC).date()
    parties: dict[str, int] = {}
    for customers in _bulks(plan.customers):
        parties |= await asyncio.to_thread(create_parties, rpc, references, customers)
        further(len(customers))
    ledger = await asyncio.to_thread(Ledger, rpc, references, parties)
    for documents in _bulks(plan.documents):
        await asyncio.to_thread(ledger.post_invoices, documents)
        further(len(documents))
    for credits in _bulks([credit for document in plan.documents for credit in document.credits]):
        await asyncio.to_thread(ledger.post_credits, credits, today)
        further(len(credits))
    for document in plan.documents:
        if document.paid > 0:
            await asyncio.to_thread(ledger.pay, document, today)
            further(1)
    for orders in _bulks(plan.orders):
        await asyncio.to_thread(ledger.order, orders)
        further(len(orders))
    await asyncio.to_thread(ledger.settle)
    await asyncio.to_thread(complete, rpc, references, plan.customers, parties)


def _bulks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BULK] for start in range(0, len(items), BULK))
