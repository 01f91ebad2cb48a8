"""What a Tryton database gives of what an ERP has: parties, what they owe, documents, tax data, orders, changes."""

from collections.abc import AsyncIterator, Sequence

from sources.canonical.billing import CreditMemo, Invoice, InvoiceLine
from sources.canonical.customer import CustomerRecord
from sources.canonical.erp import ErpAccount, LedgerDocument, Order, TaxContext
from sources.canonical.provenance import CustomerRef, Origin
from sources.capabilities import Answer, Changes, CustomerBatch, Page, Window
from sources.tryton.books import Books
from sources.tryton.changes import ChangeFeed
from sources.tryton.checking import complaints
from sources.tryton.client import Client
from sources.tryton.mapping import Mapper
from sources.tryton.parties import Parties
from sources.tryton.settings import TrytonSettings
from sources.wire.messages import Sender


class TrytonAdapter:
    """One company's books in one database."""

    def __init__(self, settings: TrytonSettings, origin: Origin, sender: Sender) -> None:
        self.origin = origin
        self._settings = settings
        self._client = Client(settings, sender)
        mapper = Mapper(
            origin=origin,
            base_url=settings.base_url,
            identifier_type=settings.identifier_type,
            parent_relation=settings.fields.get("parent_relation"),
        )
        self._parties = Parties(settings, self._client, mapper)
        self._books = Books(settings, self._client, mapper)
        self._changes = ChangeFeed(self._client, settings.company)

    async def check(self) -> tuple[str, ...]:
        return await complaints(self._settings, self._client)

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, CustomerRecord | None]:
        return await self._parties.customer_records(refs)

    async def customers_by_number(self, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]:
        return await self._parties.customers_by_number(numbers)

    def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]:
        return self._parties.scan_customers(resume)

    async def changes(self, watermark: str | None) -> Changes:
        return await self._changes.changes(watermark)

    async def ledger_accounts(self, customers: Sequence[CustomerRef]) -> Answer[CustomerRef, ErpAccount | None]:
        return await self._parties.ledger_accounts(customers)

    async def ledger_documents(self, numbers: Sequence[str]) -> Answer[str, tuple[LedgerDocument, ...]]:
        return await self._books.ledger_documents(numbers)

    async def tax_contexts(self, customers: Sequence[CustomerRef]) -> Answer[CustomerRef, TaxContext | None]:
        return await self._parties.tax_contexts(customers)

    async def invoices(self, ids: Sequence[str]) -> Answer[str, Invoice | None]:
        return await self._books.invoices(ids)

    async def invoices_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Invoice]]:
        return await self._books.invoices_of(customers, window)

    async def invoice_lines(self, ids: Sequence[str]) -> Answer[str, tuple[InvoiceLine, ...]]:
        return await self._books.invoice_lines(ids)

    async def credit_memos(self, ids: Sequence[str]) -> Answer[str, CreditMemo | None]:
        return await self._books.credit_memos(ids)

    async def credit_memos_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[CreditMemo]]:
        return await self._books.credit_memos_of(customers, window)

    async def orders(self, ids: Sequence[str]) -> Answer[str, Order | None]:
        return await self._books.orders(ids)

    async def orders_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Order]]:
        return await self._books.orders_of(customers, window)

    async def customers_of_document(self, number: str) -> tuple[CustomerRef, ...]:
        return await self._books.customers_of_document(number)
