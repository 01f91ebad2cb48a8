"""What the systems say about one customer's account, each kind of record asked for once and only where needed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from resolvers.context import Context
from resolvers.edges import CASES, INVOICES, SUBSCRIPTIONS
from resolvers.lists import records_in
from resolvers.loaders import EVERYTHING, settled
from sources.canonical.billing import InvoiceStatus
from sources.canonical.customer import Customer
from sources.canonical.provenance import CustomerRef
from sources.canonical.support import CaseStatus
from sources.capabilities import MAX_UPSTREAM_PAGES, CaseFilter, InvoiceFilter, Page, Window
from sources.faults import NotOffered, SourceFault
from sources.systems import System

OPEN_CASES = frozenset({CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.PENDING, CaseStatus.ON_HOLD, CaseStatus.OTHER})
OPEN_INVOICES = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PARTIALLY_PAID})
CASE_WINDOW = Window(filter=CaseFilter(status=OPEN_CASES))
INVOICE_WINDOW = Window(filter=InvoiceFilter(status=OPEN_INVOICES))
Read = Callable[[System, CustomerRef], Awaitable[Sequence[Any]]]


class Heard(msgspec.Struct):
    """What the systems of one kind said: their records, and who was silent."""

    records: list[Any]
    silent: list[str]

    @property
    def known(self) -> list[Any] | None:
        """The records; None where a system was silent."""
        return None if self.silent else self.records


class Hearing:
    """Asks for cases, invoices, booked invoices, subscriptions and the ledger's account of one customer."""

    def __init__(self, shared: Context, customer: Customer) -> None:
        self.shared = shared
        self.customer = customer
        self._tasks: dict[str, asyncio.Task[Heard]] = {}
        self._reads: dict[str, Callable[[], Awaitable[Heard]]] = {
            "case": self._read_cases,
            "invoice": self._read_invoices,
            "booked": self._read_booked,
            "subscription": self._read_subscriptions,
            "ledger": self._read_account,
        }

    async def of(self, kind: str) -> Heard:
        """What was said about a kind: case, invoice, booked, subscription or ledger."""
        if kind not in self._tasks:
            self._tasks[kind] = asyncio.ensure_future(self._reads[kind]())
        return await asyncio.shield(self._tasks[kind])

    async def of_all(self) -> list[Heard]:
        """What was said about everything."""
        return await asyncio.gather(*(self.of(kind) for kind in self._reads))

    async def _read_cases(self) -> Heard:
        heard = await self._ask(CASES.kind, lambda system, ref: self._open(system, ref, CASES.method, CASE_WINDOW))
        heard.records = [case for case in heard.records if case.status in OPEN_CASES]
        return heard

    async def _read_invoices(self) -> Heard:
        return await self._ask(
            INVOICES.kind, lambda system, ref: self.shared.loaders.everything(system, INVOICES.method, ref)
        )

    async def _read_booked(self) -> Heard:
        """Open invoices in a ledger that is not the system of record of invoices."""
        of_record = {system.uid for system in self.shared.systems.of(INVOICES.kind)}
        places = [each for each in records_in(self.shared, self.customer, "ledger") if each[0].uid not in of_record]
        return await self._ask_all(places, lambda system, ref: self._walk(system, ref, INVOICES.method, INVOICE_WINDOW))

    async def _read_subscriptions(self) -> Heard:
        return await self._ask(
            SUBSCRIPTIONS.kind, lambda system, ref: self.shared.loaders.everything(system, SUBSCRIPTIONS.method, ref)
        )

    async def _read_account(self) -> Heard:
        async def account(system: System, ref: CustomerRef) -> Sequence[Any]:
            found = await self.shared.loaders.one(system, "ledger_accounts", ref)
            return () if found is None else (found,)

        return await self._ask("ledger", account)

    async def _open(self, system: System, ref: CustomerRef, method: str, window: Window) -> Sequence[Any]:
        """The whole list where one answer holds it, since other edges ask for it too; else only the open ones."""
        page: Page[Any] = await self.shared.loaders.one(system, method, ref, EVERYTHING)
        return page.records if page.next is None else await self._walk(system, ref, method, window)

    async def _walk(self, system: System, ref: CustomerRef, method: str, window: Window) -> Sequence[Any]:
        found: list[Any] = []
        for _ in range(MAX_UPSTREAM_PAGES):
            page: Page[Any] = await self.shared.loaders.one(system, method, ref, window)
            found.extend(page.records)
            if page.next is None:
                break
            window = Window(after=page.next, filter=window.filter)
        return found

    async def _ask(self, kind: str, read: Read) -> Heard:
        return await self._ask_all(records_in(self.shared, self.customer, kind), read)

    async def _ask_all(
        self,
        places: Sequence[tuple[System, CustomerRef]],
        read: Read,
    ) -> Heard:
        answers = await settled([read(system, ref) for system, ref in places])
        heard = Heard([], [])
        for (system, _), answer in zip(places, answers, strict=True):
            if isinstance(answer, NotOffered):
                continue
            if isinstance(answer, SourceFault):
                heard.silent.append(system.name)
            else:
                heard.records.extend(answer)
        return heard
