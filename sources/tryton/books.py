"""Documents: customer invoices, credit notes and sales, by id, by party and by number."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sources.canonical.billing import CreditMemo, Invoice, InvoiceLine, InvoiceStatus
from sources.canonical.erp import LedgerDocument, Order
from sources.canonical.provenance import CustomerRef, Listed
from sources.capabilities import Answer, InvoiceFilter, Page, Window
from sources.faults import Malformed, NotOffered, SourceFault
from sources.tryton import documents, shapes
from sources.tryton.batches import ids_of, in_batches
from sources.tryton.client import BATCH, Client, Rows
from sources.tryton.lists import PARTIES, Book, pages_of
from sources.tryton.mapping import Mapper, order, ref_of
from sources.tryton.settings import TrytonSettings
from sources.tryton.values import Domain, day_value, id_of

R = TypeVar("R", bound=Listed)

INVOICE_FIELDS = (
    *("party", "number", "reference", "description", "state", "invoice_date", "create_date"),
    *("total_amount", "tax_amount", "amount_to_pay", "currency.code"),
    *("lines_to_pay.maturity_date", "lines_to_pay.reconciliation", "move.post_date", "origin_invoices"),
)
LINE_FIELDS = (
    *("description", "quantity", "unit_price", "amount", "taxes.type", "taxes.rate"),
    "invoice.currency.code",
)
SALE_FIELDS = (*("party", "number", "reference", "state", "sale_date", "create_date", "total_amount", "currency.code"),)
STATES = {
    InvoiceStatus.DRAFT: ("draft", "validated"),
    InvoiceStatus.OPEN: ("posted",),
    InvoiceStatus.PARTIALLY_PAID: ("posted",),
    InvoiceStatus.PAID: ("paid", "posted"),  # posted for nothing owes nothing
    InvoiceStatus.VOID: ("cancelled",),
}


class Books:
    """Implements InvoiceReads, CreditMemoReads, OrderReads, LedgerReads.ledger_documents and DocumentSearch."""

    def __init__(self, settings: TrytonSettings, client: Client, mapper: Mapper) -> None:
        self._client = client
        self._mapper = mapper
        self._ours: Domain = [["company", "=", settings.company]]
        self._invoices = self._book(documents.MODEL, "invoice_date", shapes.Invoice, INVOICE_FIELDS, self._invoice)
        self._credits = self._book(documents.MODEL, "invoice_date", shapes.Invoice, INVOICE_FIELDS, self._credit)
        self._sales = self._book("sale.sale", "sale_date", shapes.Sale, SALE_FIELDS, self._order)

    async def invoices(self, ids: Sequence[str]) -> Answer[str, Invoice | None]:
        """One call for 500 ids. A credit note's id holds None."""
        return await self._by_id(self._invoices, ids)

    async def invoices_of(self, refs: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Invoice]]:
        """One call for 100 parties."""
        return await self._lists(self._invoices, refs, window, _narrowing(window))

    async def credit_memos(self, ids: Sequence[str]) -> Answer[str, CreditMemo | None]:
        """One call for 500 ids. An invoice's id holds None."""
        return await self._by_id(self._credits, ids)

    async def credit_memos_of(
        self, refs: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[CreditMemo]]:
        """One call for 100 parties."""
        return await self._lists(self._credits, refs, window, [["total_amount", "<", 0]])

    async def orders(self, ids: Sequence[str]) -> Answer[str, Order | None]:
        """One call for 500 ids. Raises NotOffered where sales are kept elsewhere."""
        return await self._by_id(self._sales, ids)

    async def orders_of(self, refs: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Order]]:
        """One call for 100 parties. Raises NotOffered where sales are kept elsewhere."""
        return await self._lists(self._sales, refs, window, [])

    async def invoice_lines(self, ids: Sequence[str]) -> Answer[str, tuple[InvoiceLine, ...]]:
        """One call for 500 invoices."""
        wanted = ids_of(ids, id_of)

        async def ask(chunk: list[int]) -> dict[int, tuple[InvoiceLine, ...] | SourceFault]:
            lines: Domain = [["invoice", "in", chunk], ["type", "=", "line"], ["invoice.type", "=", "out"]]
            order = [("invoice", "ASC"), ("sequence", "ASC NULLS FIRST"), ("id", "ASC")]
            rows = await self._client.search(
                "account.invoice.line", lines, shapes.InvoiceLine, LINE_FIELDS, order=order
            )
            if rows.spoilt:
                raise Malformed("a line of an invoice did not fit its shape")
            found: dict[int, list[InvoiceLine]] = {number: [] for number in chunk}
            for row in rows.records:
                found[row.invoice.id].append(documents.invoice_line(row))
            return {number: tuple(those) for number, those in found.items()}

        answer = await in_batches(list(wanted), BATCH, ask)
        by_text: dict[str, tuple[InvoiceLine, ...] | SourceFault] = dict.fromkeys(ids, ())
        return {**by_text, **{wanted[number]: those for number, those in answer.items()}}

    async def ledger_documents(self, numbers: Sequence[str]) -> Answer[str, tuple[LedgerDocument, ...]]:
        """One call for 500 numbers: those that another system gave (the reference), or the ledger's own."""

        async def ask(chunk: list[str]) -> dict[str, tuple[LedgerDocument, ...] | SourceFault]:
            carrying: Domain = ["OR", [["reference", "in", chunk]], [["number", "in", chunk]]]
            rows = await self._client.search(
                documents.MODEL,
                [["type", "=", "out"], *self._ours, carrying],
                shapes.Invoice,
                INVOICE_FIELDS,
                order=[("id", "ASC")],
            )
            if rows.spoilt:
                raise Malformed("an invoice did not fit its shape")
            found: dict[str, tuple[LedgerDocument, ...] | SourceFault] = dict.fromkeys(chunk, ())
            for row in rows.records:
                document = documents.ledger_document(row, self._mapper, rows.fetched_at)
                for number in {row.reference, row.number} & set(chunk):
                    found[number] = (*found[number], document)  # type: ignore[index,misc]
            return found

        return await in_batches([number for number in numbers if number], BATCH, ask) | dict.fromkeys(
            [number for number in numbers if not number], ()
        )

    async def customers_of_document(self, number: str) -> tuple[CustomerRef, ...]:
        """Two calls, side by side: invoices and credit notes, and sales where they are kept here."""
        if not number:
            return ()
        carrying: Domain = ["OR", [["number", "=", number]], [["reference", "=", number]]]
        invoices, sales = await asyncio.gather(
            self._client.search(
                documents.MODEL, [["type", "=", "out"], *self._ours, carrying], shapes.Owned, ["party"]
            ),
            self._sales_that(carrying),
        )
        return tuple(dict.fromkeys(ref_of(row.party) for row in (*invoices.records, *sales)))

    async def _sales_that(self, carrying: Domain) -> tuple[shapes.Owned, ...]:
        try:
            return (await self._client.search("sale.sale", [*self._ours, carrying], shapes.Owned, ["party"])).records
        except NotOffered:
            return ()

    def _book(
        self, model: str, day: str, shape: type[Any], fields: Sequence[str], record: Callable[[Any, datetime], R | None]
    ) -> Book[Any, R]:
        kind: Domain = [["type", "=", "out"]] if model == documents.MODEL else []
        return Book(
            model=model,
            day_field=day,
            domain=[*kind, *self._ours],
            shape=shape,
            fields=tuple(fields),
            record=record,
        )

    async def _lists(
        self, book: Book[Any, R], refs: Sequence[CustomerRef], window: Window, narrowing: Domain
    ) -> dict[CustomerRef, Page[R] | SourceFault]:
        async def ask(chunk: list[CustomerRef]) -> dict[CustomerRef, Page[R] | SourceFault]:
            return await pages_of(self._client, book, chunk, window, narrowing)

        return await in_batches(refs, PARTIES, ask)

    async def _by_id(self, book: Book[Any, R], ids: Sequence[str]) -> Mapping[str, R | SourceFault | None]:
        wanted = ids_of(ids, id_of)

        async def ask(chunk: list[int]) -> dict[int, R | SourceFault | None]:
            rows: Rows[Any] = await self._client.search(
                book.model, [["id", "in", chunk], *book.domain], book.shape, book.fields
            )
            found: dict[int, R | SourceFault | None] = dict.fromkeys(chunk)
            for row in rows.records:
                try:
                    found[row.id] = book.record(row, rows.fetched_at)
                except Malformed as fault:
                    found[row.id] = fault
            found.update({row.id: Malformed(f"a record of {book.model} did not fit its shape") for row in rows.spoilt})
            return found

        answer = await in_batches(list(wanted), BATCH, ask)
        by_text: dict[str, R | SourceFault | None] = dict.fromkeys(ids)
        return {**by_text, **{wanted[number]: record for number, record in answer.items()}}

    def _invoice(self, row: shapes.Invoice, fetched_at: datetime) -> Invoice | None:
        return None if documents.is_credit(row) else documents.invoice(row, self._mapper, fetched_at)

    def _credit(self, row: shapes.Invoice, fetched_at: datetime) -> CreditMemo | None:
        return documents.credit_memo(row, self._mapper, fetched_at) if documents.is_credit(row) else None

    def _order(self, row: shapes.Sale, fetched_at: datetime) -> Order:
        return order(row, self._mapper, fetched_at)


def _narrowing(window: Window) -> Domain:
    """What of the filter the server can apply; the rest is applied to the page."""
    asked = window.filter
    narrowing: Domain = [["total_amount", ">=", 0]]
    if not isinstance(asked, InvoiceFilter):
        return narrowing
    if asked.status and not asked.status & {InvoiceStatus.OTHER}:
        states = sorted({state for status in asked.status for state in STATES.get(status, ())})
        narrowing.append(["state", "in", states])
    if asked.issued_after:
        narrowing.append(["invoice_date", ">", day_value(asked.issued_after)])
    if asked.overdue and asked.today:
        late: Domain = [["reconciliation", "=", None], ["maturity_date", "<", day_value(asked.today)]]
        narrowing += [["state", "=", "posted"], ["move.lines", "where", late]]
    return narrowing
