"""A connector with its simulator served, its adapter on the real wire, and short ways to ask it."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sources import registry
from sources.canonical.provenance import CustomerRef, Listed, Origin, Position
from sources.canonical.support import CaseMessage
from sources.capabilities import CustomerBatch, Page, Window
from sources.faults import SourceFault
from sources.plugin import SourcePlugin
from sources.simulation.facts import Fact
from sources.simulation.serving import serving
from sources.wire.messages import Transport
from sources.wire.wire import open_wire

# What gives one record for a key, and the list that its keys are found in.
LIST_OF = {
    "cases": "cases_of",
    "contacts": "contacts_of",
    "contracts": "contracts_of",
    "opportunities": "opportunities_of",
    "subscriptions": "subscriptions_of",
    "invoices": "invoices_of",
    "payments": "payments_of",
    "credit_memos": "credit_memos_of",
    "orders": "orders_of",
}
LISTS = tuple(LIST_OF.values())
BY_CUSTOMER = ("customer_records", "ledger_accounts", "tax_contexts")
BY_ID = (*LIST_OF, "refunds", "disputes")
SEVERAL = ("customers_by_number", "invoice_lines", "disputes_of_payments", "ledger_documents")
BATCHED = (*LISTS, *BY_CUSTOMER, *BY_ID, *SEVERAL, "case_messages")
MAX_WINDOWS = 60  # a list of this suite has three full pages; more windows than this would be going in circles

UNKNOWN_REF_ID = "999999999999"


class Source:
    """The connector under test."""

    def __init__(self, plugin: SourcePlugin, simulator: Any, base_url: str) -> None:
        self.plugin = plugin
        self.simulator = simulator
        self.base_url = base_url
        self.origin = Origin("under-test", plugin.kind, f"src-{plugin.kind}", plugin.mapping_version)
        self._wires: list[Any] = []
        self.adapter: Any = self.another_adapter()

    def settings(self, **changes: Any) -> Any:
        section = {"kind": self.plugin.kind, **self.simulator.section(self.base_url), **changes}
        return self.plugin.settings.model_validate(section)

    def another_adapter(self, transport: Transport | None = None, **changes: Any) -> Any:
        """A fresh adapter with a wire of its own: no token, no breaker, no cache of the first one's."""
        settings = self.settings(**changes)
        wire = open_wire(self.origin.system, settings, self.plugin.classify, transport=transport)
        self._wires.append(wire)
        return self.plugin.adapter(settings, self.origin, wire)

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()

    def absorb(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            self.simulator.absorb(fact)

    @property
    def capabilities(self) -> tuple[str, ...]:
        return registry.capabilities_of(self.adapter)

    def offers(self, method: str) -> bool:
        return callable(getattr(self.adapter, method, None))

    def calls_so_far(self) -> int:
        count: int = self.simulator.harness.count
        return count

    async def scan(self) -> list[CustomerBatch]:
        return [batch async for batch in self.adapter.scan_customers()]

    async def ref_of(self, number: str) -> CustomerRef:
        """The record of a customer by its number; by its name where the source does not keep the number."""
        found = (await self.adapter.customers_by_number([number]))[number]
        if isinstance(found, SourceFault):
            raise found
        if found:
            return found[0].ref
        name = f"Contract Company {number[-3:]}"
        return next(record.ref for batch in await self.scan() for record in batch.records if record.name == name)

    async def unknown_ref(self) -> CustomerRef:
        """A reference of the right type to a customer that the source does not have."""
        batches = await self.scan()
        known = next(record.ref for batch in batches for record in batch.records)
        return CustomerRef(known.type, unknown_like(known.id))

    async def whole_list(self, method: str, key: Any, filter: Any = None, adapter: Any = None) -> list[Any]:
        """All records of a list, window by window, in the order in which they came."""
        return [record for page in await self.pages(method, key, filter, adapter) for record in page.records]

    async def pages(self, method: str, key: Any, filter: Any = None, adapter: Any = None) -> list[Page[Any]]:
        pages: list[Page[Any]] = []
        after: Position | None = None
        while len(pages) < MAX_WINDOWS:
            answer = await getattr(adapter or self.adapter, method)([key], Window(after=after, filter=filter))
            page = answer[key]
            if isinstance(page, SourceFault):
                raise page
            pages.append(page)
            if page.next is None:
                return pages
            assert after is None or page.next < after, f"{method} goes in circles at {page.next}"
            after = page.next
        raise AssertionError(f"{method} does not come to an end")

    async def ids(self, method: str, ref: CustomerRef) -> list[str]:
        """Keys that `method` knows, of one customer."""
        if method == "refunds":
            payments = await self.whole_list("payments_of", ref)
            return [refund.provenance.record_id for payment in payments for refund in payment.refunds]
        if method in ("disputes", "disputes_of_payments"):
            payments = [payment.provenance.record_id for payment in await self.whole_list("payments_of", ref)]
            if method == "disputes_of_payments":
                return payments
            found = await self.adapter.disputes_of_payments(payments)
            return [one.provenance.record_id for several in found.values() for one in several]
        listed = {"invoice_lines": "invoices_of", "case_messages": "cases_of", **LIST_OF}[method]
        return [record.provenance.record_id for record in await self.whole_list(listed, ref)]

    async def keys(self, method: str, number: str) -> list[Any]:
        """Keys of any batched method that this customer has something under."""
        if method == "customers_by_number":
            return [number]
        ref = await self.ref_of(number)
        if method in (*LISTS, *BY_CUSTOMER):
            return [ref]
        if method == "ledger_documents":
            return [f"INV-{number[-3:]}-{sequence:04}" for sequence in (1, 2, 3)]
        return await self.ids(method, ref)

    async def unknown_key(self, method: str, number: str) -> Any:
        """A key of the right form that the source does not have."""
        if method in (*LISTS, *BY_CUSTOMER):
            return await self.unknown_ref()
        if method in ("customers_by_number", "ledger_documents"):
            return "NO-SUCH-NUMBER"
        keys = await self.keys(method, number)
        return unknown_like(keys[0]) if keys else UNKNOWN_REF_ID

    async def ask(self, method: str, keys: Sequence[Any], adapter: Any = None, window: Window | None = None) -> Any:
        """The answer of a batched method, with a window where it takes one."""
        asked: Callable[..., Any] = getattr(adapter or self.adapter, method)
        if method in (*LISTS, "case_messages"):
            return await asked(keys, window or Window())
        return await asked(keys)


def position_of(record: Listed | CaseMessage) -> Position:
    return record.position if isinstance(record, Listed) else Position(record.at, record.record_id)


def unknown_like(record_id: str, salt: int = 0) -> str:
    """An id of the same form: digits for digits, letters kept, so that a check of the form lets it pass."""
    numbered = re.fullmatch(r"(\D*)(\d{4,})", record_id)
    if numbered:
        head, digits = numbered.groups()
        return head + f"{salt:04}".rjust(len(digits), "9")
    head, body = record_id[:3], record_id[3:]
    tail = f"{salt:04}zQ"[-len(body) :] if body else ""
    return head + "9" * (len(body) - len(tail)) + tail


@asynccontextmanager
async def source_under_test(kind: str) -> AsyncIterator[Source]:
    plugin = registry.plugin(kind)
    simulator = plugin.simulator()
    async with serving(simulator.harness) as base_url:
        source = Source(plugin, simulator, base_url)
        try:
            yield source
        finally:
            await source.close()
