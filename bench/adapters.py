"""What the vendors' adapters cost, without sockets: `PYTHONPATH=. python bench/adapters.py [METHOD …]` prints a table.

CPU time of one call, best of several rounds, one thread. The simulators are asked once and their answers kept; then
the adapters get these again: what is measured is the question's making, decoding, mapping and what waits for it.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import uvloop

from bench.sidebyside.world import LISTED, billing, cases, customer, number_of
from gateway.collecting import seldom
from sources import registry
from sources.canonical.provenance import CustomerRef, Origin
from sources.capabilities import Window
from sources.plugin import SourcePlugin
from sources.wire.messages import Request, Response

ROUNDS = 40  # short and many: one of them falls where nobody else is busy
ROUND_SECONDS = 0.015
BASE = "http://simulator.invalid"
VIEWED = 1  # the customer with much of everything; those after it stand in a list, each with little
QUESTIONS = (
    ("support", "cases_of"),
    ("support", "contacts_of"),
    ("billing", "invoices_of"),
    ("billing", "payments_of"),
    ("billing", "subscriptions_of"),
    ("erp", "ledger_accounts"),
    ("erp", "invoices_of"),
    ("erp", "orders_of"),
    ("crm", "contacts_of"),
    ("crm", "customer_records"),
)
WITHOUT_WINDOW = frozenset(["ledger_accounts", "customer_records"])


class Kept:
    """A sender whose questions a simulator answers once."""

    def __init__(self, app: Any) -> None:
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE)
        self._answers: dict[tuple[str, str, bytes], Response] = {}
        self.bytes = 0

    async def send(self, request: Request) -> Response:
        question = (request.method, request.url, request.body)
        found = self._answers.get(question)
        if found is None:
            found = self._answers[question] = await self._ask(request)
        self.bytes += len(found.body)
        return found

    def report_quota(self, remaining: float) -> None:
        """Nobody looks at it here."""

    async def _ask(self, request: Request) -> Response:
        answer = await self._client.request(
            request.method, request.url, headers=dict(request.headers), content=request.body
        )
        return Response(status=answer.status_code, headers=dict(answer.headers), body=answer.content)


async def opened(plugin: SourcePlugin) -> tuple[Any, Kept, list[CustomerRef]]:
    """An adapter, what answers it, and the customers: first the one that is viewed, then those of the list."""
    simulator = plugin.simulator()
    facts = [*customer(VIEWED), *cases(VIEWED, 10), *billing(VIEWED, 12, 3)]
    numbers = [number_of(VIEWED)]
    for index in range(VIEWED + 1, VIEWED + 1 + LISTED):
        facts += [*customer(index), *cases(index, 3), *billing(index, 3, 1)]
        numbers.append(number_of(index))
    for fact in sorted(facts, key=lambda fact: fact.at):
        simulator.absorb(fact)
    settings = plugin.settings.model_validate({"kind": plugin.kind, **simulator.section(BASE)})
    sender = Kept(simulator.harness)
    origin = Origin(plugin.role, plugin.kind, f"src-{plugin.kind}", plugin.mapping_version)
    adapter: Any = plugin.adapter(settings, origin, sender)
    found = await adapter.customers_by_number(numbers)
    return adapter, sender, [found[number][0].ref for number in numbers]


async def best(ask: Callable[[], Awaitable[object]]) -> float:
    """CPU seconds for one call, in the best round: a busy machine changes little of them."""
    for _ in range(3):
        await ask()
    rounds = []
    for _ in range(ROUNDS):
        calls, start = 0, time.thread_time()
        while time.thread_time() - start < ROUND_SECONDS:
            await ask()
            calls += 1
        rounds.append((time.thread_time() - start) / calls)
    return min(rounds)


async def measured(adapter: Any, sender: Kept, method: str, keys: Sequence[CustomerRef]) -> str:
    """A row of the table."""
    args = () if method in WITHOUT_WINDOW else (Window(),)
    ask = getattr(adapter, method)
    await ask(keys, *args)
    sender.bytes = 0
    await ask(keys, *args)
    read = sender.bytes
    seconds = await best(lambda: ask(keys, *args))
    return f"{adapter.origin.kind:<12}{method:<20}{len(keys):>5}{read / 1000:>10.1f}{seconds * 1e6:>10.0f}\n"


async def main(chosen: Sequence[str]) -> None:
    sys.stdout.write(f"{'source':<12}{'method':<20}{'keys':>5}{'kB':>10}{'µs':>10}\n")
    for plugin in registry.installed().values():
        methods = [method for role, method in QUESTIONS if role == plugin.role and (not chosen or method in chosen)]
        if not methods:
            continue
        adapter, sender, refs = await opened(plugin)
        with seldom():
            for method in methods:
                for keys in (refs[:1], refs[1:]):
                    sys.stdout.write(await measured(adapter, sender, method, keys))
                    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
