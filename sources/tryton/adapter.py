"""What a Tryton database gives of what an ERP has: parties, what they owe, documents, tax data, orders, changes.

And what it can be told: credit memos and refunds.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date

from sources.canonical.billing import CreditMemo, Invoice, InvoiceLine
from sources.canonical.customer import CustomerRecord
from sources.canonical.erp import ErpAccount, LedgerDocument, Order, TaxContext
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef, Origin
from sources.capabilities import Answer, Changes, CustomerBatch, Page, Window
from sources.tryton.books import Books
from sources.tryton.changes import ChangeFeed
from sources.tryton.checking import complaints
from sources.tryton.client import Client
from sources.tryton.mapping import Mapper
from sources.tryton.parties import Parties
from sources.tryton.settings import TrytonSettings
from sources.tryton.writes.credits import Credits
from sources.tryton.writes.refunds import Refunds
from sources.wire.messages import Sender
from sources.writing import LedgerCreditOrder, LedgerCreditWrites, LedgerRefundOrder, LedgerRefundWrites, Receipt
from sources.writing import Order as WriteOrder

ON_ACCOUNT = "draft_credit_on_account"  # draft_credit without an invoice


def _methods(protocol: type) -> frozenset[str]:
    return frozenset(name for name in vars(protocol) if not name.startswith("_"))


OFFERED = _methods(LedgerCreditWrites) | _methods(LedgerRefundWrites)


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
        posting = asyncio.Lock()  # what is posted takes numbers, for which the server waits for nobody
        self._credits = Credits(settings, self._client, mapper, posting)
        self._refunds = Refunds(settings, self._client, mapper, posting)

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

    async def offered_writes(self) -> frozenset[str]:
        """Every method; and ON_ACCOUNT where `credit` says what a credit without an invoice is posted with."""
        return OFFERED | {ON_ACCOUNT} if self._settings.credit else OFFERED

    async def draft_credit(self, order: LedgerCreditOrder) -> Receipt:
        return await self._credits.draft_credit(order)

    async def find_credit(self, reference: str) -> Receipt | None:
        return await self._credits.find_credit(reference)

    async def post_credit(self, record_id: str, reference: str, amount: Money) -> Receipt:
        return await self._credits.post_credit(record_id, reference, amount)

    async def discard_credit(self, record_id: str, reference: str) -> Receipt:
        return await self._credits.discard_credit(record_id, reference)

    async def reverse_credit(self, record_id: str, order: WriteOrder, on: date) -> Receipt:
        return await self._credits.reverse_credit(record_id, order, on)

    async def draft_refund(self, order: LedgerRefundOrder) -> Receipt:
        return await self._refunds.draft_refund(order)

    async def find_refund_entry(self, reference: str) -> Receipt | None:
        return await self._refunds.find_refund_entry(reference)

    async def post_refund(self, record_id: str, reference: str, amount: Money) -> Receipt:
        return await self._refunds.post_refund(record_id, reference, amount)

    async def discard_refund(self, record_id: str, reference: str) -> Receipt:
        return await self._refunds.discard_refund(record_id, reference)

    async def reverse_refund(self, record_id: str, order: WriteOrder, on: date) -> Receipt:
        return await self._refunds.reverse_refund(record_id, order, on)
