"""In front of each simulator: finds out which case and which step a write is of, and lets happen what is to happen."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from sources.simulation.harness import App, Harness, Receive, Scope, Send, read_body
from sources.simulation.write_faults import LateWrites, client_gone
from tests.faults.proof.ways import AT_VENDOR, SETTLES_SECONDS, SETTLING, WAYS, Way, directives

REFERENCE = re.compile(r"c360:([^:\"&]+):([\w.]+)")
CORRELATION = b"x-correlation-id"


class Door:
    """One vendor's door. `held` is told of each call of a case that is at the vendor when its process shall die."""

    def __init__(self, role: str, harness: Harness, held: Callable[[str], None], simulator: Any = None) -> None:
        self.role = role
        self._simulator = simulator
        self.behind: App = harness.app
        self.is_write = harness.is_write
        self.sent: Counter[tuple[str, str]] = Counter()  # writes by case and step
        self.late = LateWrites()
        self._held = held
        self._countering: dict[str, str] = {}  # cases whose entry in the ledger is being countered, and the step
        self._silent: set[str] = set()
        self._deaf: set[str] = set()

    def relent(self) -> None:
        """Answer again about everything."""
        self._deaf |= self._silent
        self._silent.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        case = next((value.decode() for key, value in scope.get("headers", ()) if key == CORRELATION), "")
        if scope["type"] != "http" or ":" not in case:
            await self.behind(scope, receive, send)
            return
        body = await read_body(receive)
        if case in self._silent:
            await client_gone(receive)
            return
        way = self._way(case, self._step(case, scope, body))
        if way is not None and way.settles is not None:
            await self._accepted(way.settles, body, scope, _again(body, receive), send)
            return
        if way is None or way.switches is None:
            await self.behind(scope, _again(body, receive), send)
            return
        if way.silent:
            self._silent.add(case)
        fault = Harness(self.behind)
        fault.switches = msgspec.structs.replace(way.switches)
        fault.late = self.late
        await fault(scope, _again(body, receive), send)

    async def _accepted(self, end: str, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """A refund that is not final yet; it comes to its end later."""
        named = REFERENCE.search(unquote(body.decode()))
        self._simulator.refunds_are("pending")
        await self.behind(scope, receive, send)
        self._simulator.refunds_are("succeeded")
        made = self._simulator.shop.refunds.by_id
        ids = [id for id, refund in made.items() if named and refund.metadata.get("op_id") == named[0]]
        for id in ids:
            asyncio.get_running_loop().call_later(SETTLES_SECONDS, self._simulator.settle_refund, id, end)

    def _way(self, case: str, step: str | None) -> Way | None:
        """What happens to this write; None where nothing does."""
        if step is None or case in self._deaf:
            return None
        self.sent[case, step] += 1
        name = directives(case).get(step, "ok")
        if name in AT_VENDOR:
            if self.sent[case, step] > 1:
                return None
            # The call must have come to its end at the vendor before the process is killed.
            asyncio.get_running_loop().call_later(0.2, self._held, case)
            return AT_VENDOR[name]
        way = WAYS.get(name) or SETTLING.get(name)
        return way if way and (way.times is None or self.sent[case, step] <= way.times) else None

    def _step(self, case: str, scope: Scope, body: bytes) -> str | None:
        """The step that a call is the write of; None of those that only read, or only prepare one."""
        method, path = scope["method"], scope["path"]
        if not self.is_write(method, path):
            return None
        if self.role == "erp":
            return self._in_ledger(case, method, path, body)
        if path.endswith("/void"):
            return "billing_credit.undo"
        named = REFERENCE.search(unquote(body.decode("utf-8", "replace")))
        return named[2] if named else None

    def _in_ledger(self, case: str, method: str, path: str, body: bytes) -> str | None:
        if method == "DELETE" or path.endswith("/cancel"):
            return "erp_draft.undo"
        if path.endswith("/post"):
            return self._countering.get(case, "erp_post")
        if method == "PUT":
            return None
        named = REFERENCE.search(body.decode("utf-8", "replace"))
        if named and named[2] != "erp_draft":
            self._countering[case] = named[2]
            return None
        return "erp_draft" if named else None


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more; then whatever comes."""
    told = False

    async def replayed():  # type: ignore[no-untyped-def]
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
