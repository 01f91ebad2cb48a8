"""Refunds: entries that book received money out again; drafted, posted, deleted, countered."""

import asyncio
from datetime import date
from functools import partial
from typing import Any

import msgspec

from sources.canonical.money import Money, NotExact
from sources.faults import Malformed, Refused
from sources.tryton.client import Client
from sources.tryton.mapping import Mapper
from sources.tryton.settings import TrytonSettings
from sources.tryton.shapes import Shape
from sources.tryton.values import Day, Domain, day_value, id_of
from sources.tryton.writes.bookings import (
    LINE_FIELDS,
    PAID_FIELDS,
    EntryLine,
    PaidInvoice,
    Way,
    amount_of,
    counter_lines,
    entry_lines,
    per_unit,
    way_of,
)
from sources.tryton.writes.calendar import Calendar
from sources.tryton.writes.copying import usable
from sources.tryton.writes.drafting import Document, drafted, kept, posted, same, standing
from sources.tryton.writes.parties import Debtor, debtor, receivable_of
from sources.writing import LedgerRefundOrder, Order, Receipt, ReceiptState

MODEL, INVOICE = "account.move", "account.invoice"
STATES = {"draft": ReceiptState.PREPARED, "posted": ReceiptState.DONE}
NOWHERE = "nothing says where the money was booked: the key `refund` of this source is needed: { journal, account }"


class Entry(Shape, frozen=True, kw_only=True):
    """account.move"""

    state: str
    number: str | None
    date: Day
    journal: int
    lines: tuple[EntryLine, ...] = msgspec.field(name="lines.")


FIELDS = ("state", "number", "date", "journal", *(f"lines.{name}" for name in LINE_FIELDS))


class Entries:
    """Entries by what they are called, as a shelf of drafts."""

    model = MODEL

    def __init__(self, client: Client, ours: Domain) -> None:
        self._client = client
        self._ours = ours

    async def of(self, reference: str) -> list[Document]:
        currency = (await self._client.company()).currency.code
        return [_document(row, currency) for row in await self.rows([["description", "=", reference]])]

    async def rows(self, domain: Domain) -> tuple[Entry, ...]:
        """Entries that fit, by id."""
        found = await self._client.search(MODEL, [*self._ours, *domain], Entry, FIELDS, order=[("id", "ASC")])
        if found.spoilt or any(row.state not in STATES for row in found.records):
            raise Malformed("an entry of this reference did not fit its shape, or has a state that is not known")
        return found.records


class Refunds:
    """Implements LedgerRefundWrites. An entry has no field for a reference: its description is one.

    Tryton counts an entry in what a party owes from its draft on.
    """

    def __init__(self, settings: TrytonSettings, client: Client, mapper: Mapper, posting: asyncio.Lock) -> None:
        self._settings = settings
        self._client = client
        self._mapper = mapper
        self._posting = posting
        self._ours: Domain = [["company", "=", settings.company]]
        self._calendar = Calendar(client, settings.company)
        self._entries = Entries(client, self._ours)

    async def draft_refund(self, order: LedgerRefundOrder) -> Receipt:
        """Six calls for a new draft; one where it was drafted before."""

        async def compose() -> dict[str, Any]:
            party = await debtor(self._client, order.party)
            invoice = await self._invoice(order.invoice_number, order, party) if order.invoice_number else None
            company = (await self._client.company()).currency.code
            way = self._way(invoice, order.amount, company)
            owed_on = invoice.receivable.id if invoice else await receivable_of(self._client, party)
            other = await self._currency(order.amount.currency) if order.amount.currency != company else None
            lines = entry_lines(owed_on, party.id, way, order.amount, company, other, order.description)
            origin = f"{INVOICE},{invoice.id}" if invoice else None
            return await self._values(way.journal, order.reference, origin, lines, order.on)

        if order.amount.minor <= 0:
            raise Refused("the amount is not above zero")
        made = await drafted(self._client, self._entries, order.reference, compose, order.amount)
        if made.party != id_of(order.party.id):
            raise Refused("what carries this reference is another party's")
        return self._receipt(made)

    async def find_refund_entry(self, reference: str) -> Receipt | None:
        """One call; two for a posted one, which may have been countered."""
        found = standing(await self._entries.of(reference))
        if found is None:
            return None
        against: Domain = [["origin", "=", f"{MODEL},{found.id}"], ["state", "=", "posted"]]
        if found.state is ReceiptState.DONE and await self._entries.rows(against):
            return msgspec.structs.replace(self._receipt(found), state=ReceiptState.UNDONE)
        return self._receipt(found)

    async def post_refund(self, record_id: str, reference: str, amount: Money) -> Receipt:
        found = await kept(self._client, self._entries, reference)
        if found is None:
            raise Refused("there is no draft that could be posted")
        return await self._post(found, reference, amount)

    async def discard_refund(self, record_id: str, reference: str) -> Receipt:
        """A draft is deleted: an entry has no state for what was taken back."""
        found = await kept(self._client, self._entries, reference)
        if found is None:
            return Receipt(record_id=record_id, state=ReceiptState.UNDONE)
        if found.state is ReceiptState.DONE:
            raise Refused("it is posted: it can be countered, and not be taken back")
        await self._client.delete(MODEL, found.id)
        return msgspec.structs.replace(self._receipt(found), state=ReceiptState.UNDONE)

    async def reverse_refund(self, record_id: str, order: Order, on: date) -> Receipt:
        """An entry with debit and credit exchanged, posted; its origin is the refund's."""
        number = id_of(record_id)
        rows = await self._entries.rows([["id", "=", number]]) if number else ()
        if not rows or STATES[rows[0].state] is not ReceiptState.DONE:
            raise Refused("the ledger has no such entry that is posted")
        entry = rows[0]
        company = (await self._client.company()).currency.code
        amount = amount_of(entry.lines, company)

        async def compose() -> dict[str, Any]:
            other = await self._currency(amount.currency) if amount.currency != company else None
            lines = counter_lines(entry.lines, other)
            return await self._values(entry.journal, order.reference, f"{MODEL},{entry.id}", lines, on)

        made = await drafted(self._client, self._entries, order.reference, compose, amount)
        return await self._post(made, order.reference, amount)

    async def _post(self, found: Document, reference: str, amount: Money) -> Receipt:
        same(found, amount)
        if found.state is ReceiptState.PREPARED:
            found = await posted(self._entries, reference, partial(self._press, found))
        return self._receipt(found)

    async def _press(self, draft: Document) -> None:
        """Its day stays: a period is not closed while it has drafts in it."""
        async with self._posting:
            await self._client.press(MODEL, draft.id, "post")

    def _way(self, invoice: PaidInvoice | None, amount: Money, company: str) -> Way:
        chosen = self._settings.refund
        payments = invoice.payments if invoice else ()
        if chosen is not None:
            worth = per_unit(payments, amount.currency, company)
            return Way(journal=chosen.journal, account=chosen.account, per_unit=worth)
        if not payments:
            raise Refused(NOWHERE)
        return way_of(payments, amount.currency, company, amount)

    async def _values(
        self, journal: int, reference: str, origin: str | None, lines: list[dict[str, Any]], on: date
    ) -> dict[str, Any]:
        booking = await self._calendar.booking(on)
        return {
            "company": self._settings.company,
            "journal": journal,
            "period": booking.period,
            "date": day_value(booking.day),
            "description": reference,
            "origin": origin,
            "lines": [["create", lines]],
        }

    async def _invoice(self, number: str, order: LedgerRefundOrder, party: Debtor) -> PaidInvoice:
        carrying: Domain = ["OR", [["reference", "=", number]], [["number", "=", number]]]
        issued: Domain = [["type", "=", "out"], carrying, ["state", "in", ["posted", "paid"]], ["total_amount", ">", 0]]
        rows = await self._client.search(
            INVOICE, [*self._ours, *issued], PaidInvoice, PAID_FIELDS, order=[("id", "ASC")]
        )
        found = next((row for row in rows.records if row.party == party.id), None)
        if found is None:
            raise Refused("the ledger has no posted invoice of this number for this party")
        if found.code.code != order.amount.currency:
            raise Refused("the ledger's invoice is in another currency")
        usable([found.receivable])
        return found

    async def _currency(self, code: str) -> int:
        rows = await self._client.search("currency.currency", [["code", "=", code]], Shape, ["id"])
        if not rows.records:
            raise Refused(f"the ledger has no currency {code}")
        return rows.records[0].id

    def _receipt(self, entry: Document) -> Receipt:
        return entry.receipt(self._mapper.url(MODEL, entry.id))


def _document(row: Entry, company_currency: str) -> Document:
    try:
        amount = amount_of(row.lines, company_currency)
    except NotExact:
        raise Malformed("an entry's amount is finer than the currency's minor unit") from None
    return Document(
        id=row.id,
        state=STATES[row.state],
        number=row.number,
        amount=amount,
        party=next((line.party for line in row.lines if line.party is not None), None),
        day=row.date.date,
    )
