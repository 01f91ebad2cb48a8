"""Credit memos: drafted, posted, taken back, countered."""

import asyncio
from datetime import date
from functools import partial
from typing import Any

import msgspec

from sources.canonical.money import Money
from sources.faults import Malformed, Refused
from sources.tryton.client import Client
from sources.tryton.mapping import Mapper, money
from sources.tryton.refusals import Warned
from sources.tryton.settings import TrytonSettings
from sources.tryton.shapes import Coded, Shape
from sources.tryton.values import Day, Domain, Numeric, day_value, id_of
from sources.tryton.writes.calendar import Calendar
from sources.tryton.writes.copying import (
    SOURCE_FIELDS,
    Head,
    Source,
    Tax,
    account_lines,
    counter_lines,
    credit_lines,
    document,
)
from sources.tryton.writes.drafting import Document, drafted, kept, posted, same, standing
from sources.tryton.writes.parties import Debtor, debtor, receivable_of
from sources.writing import LedgerCreditOrder, Order, Receipt, ReceiptState

MODEL = "account.invoice"
STATES = {
    "draft": ReceiptState.PREPARED,
    "validated": ReceiptState.PREPARED,
    "posted": ReceiptState.DONE,
    "paid": ReceiptState.DONE,
    "cancelled": ReceiptState.UNDONE,
}
CREDIT, COUNTER = -1, 1  # the sign of the total
# What posting may warn of and is passed over. A credit that is due at once has its day in the past by the next morning;
# the gateway's day may have begun before the company's; a tax number that was not looked up yet stands on the posted
# invoice too. The others (taxes that are not the default ones, a credit limit) are for a person. Tryton passes over all
# or none: what posting checks after the first of these is on the list as well, or cannot be met (taxes are compared
# with a product's, and there is none). Source: Tryton 8.2, account_invoice, Invoice.post.
PASSED_OVER = frozenset(["invoice_payment_term", "invoice_date_future", "invoice_tax_identifier"])
NO_TABLE = "a credit without an invoice needs the key `credit` of this source: { account, journal, tax }"


class Posted(Shape, frozen=True, kw_only=True):
    """account.invoice, as far as a receipt tells of it"""

    state: str
    number: str | None
    party: int
    invoice_date: Day | None
    total_amount: Numeric
    currency: Coded = msgspec.field(name="currency.")


FIELDS = ("state", "number", "party", "invoice_date", "total_amount", "currency.code")


class Notes:
    """The customer invoices of one sign, as a shelf of drafts."""

    model = MODEL

    def __init__(self, client: Client, ours: Domain, sign: int | None) -> None:
        self._client = client
        self._ours = ours
        self._sign = sign

    async def of(self, reference: str) -> list[Document]:
        return [self._document(row) for row in await self.rows([["reference", "=", reference]])]

    async def rows(self, domain: Domain) -> tuple[Posted, ...]:
        """Invoices and credit notes that fit, by id."""
        found = await self._client.search(
            MODEL, [["type", "=", "out"], *self._ours, *domain], Posted, FIELDS, order=[("id", "ASC")]
        )
        if found.spoilt or any(row.state not in STATES for row in found.records):
            raise Malformed("a document of this reference did not fit its shape, or has a state that is not known")
        return found.records

    def _document(self, row: Posted) -> Document:
        total = money(row.total_amount, row.currency.code)
        sign = self._sign if self._sign is not None else -1 if total.minor < 0 else 1
        return Document(
            id=row.id,
            state=STATES[row.state],
            number=row.number,
            amount=Money(sign * total.minor, total.currency),
            party=row.party,
            day=row.invoice_date.date if row.invoice_date else None,
        )


class Credits:
    """Implements LedgerCreditWrites. One posting at a time: two at once, and one of them gets no lock."""

    def __init__(self, settings: TrytonSettings, client: Client, mapper: Mapper, posting: asyncio.Lock) -> None:
        self._settings = settings
        self._client = client
        self._mapper = mapper
        self._posting = posting
        self._ours: Domain = [["company", "=", settings.company]]
        self._calendar = Calendar(client, settings.company)
        self._credits = Notes(client, self._ours, CREDIT)
        self._counters = Notes(client, self._ours, COUNTER)
        self._either = Notes(client, self._ours, None)

    async def draft_credit(self, order: LedgerCreditOrder) -> Receipt:
        """Eight calls for a new draft, on an invoice; two where it was drafted before."""

        async def compose() -> dict[str, Any]:
            party = await debtor(self._client, order.party)
            if order.invoice_number is None:
                return await self._on_account(order, party)
            source = await self._invoice(order.invoice_number, order, party)
            return await self._values(source.head, order, credit_lines(source, order.shares, order.description))

        if order.amount.minor <= 0 or sum(share.gross.minor for share in order.shares) != order.amount.minor:
            raise Refused("the shares do not add up to the amount, or the amount is not above zero")
        made = await drafted(self._client, self._credits, order.reference, compose, order.amount)
        if made.party != id_of(order.party.id):
            raise Refused("what carries this reference is another party's")
        return self._receipt(made)

    async def find_credit(self, reference: str) -> Receipt | None:
        """One call; two for a posted one, which may have been countered."""
        found = standing(await self._either.of(reference))
        if found is None:
            return None
        if found.state is ReceiptState.DONE and await self._countered(found):
            return msgspec.structs.replace(self._receipt(found), state=ReceiptState.UNDONE)
        return self._receipt(found)

    async def post_credit(self, record_id: str, reference: str, amount: Money) -> Receipt:
        found = await kept(self._client, self._credits, reference)
        return await self._post(found, reference, amount, self._credits, credit=True)

    async def discard_credit(self, record_id: str, reference: str) -> Receipt:
        """A draft is cancelled, not deleted: so it can be told from one that never was."""
        found = await kept(self._client, self._credits, reference)
        if found is None or found.state is ReceiptState.UNDONE:
            return Receipt(record_id=str(found.id) if found else record_id, state=ReceiptState.UNDONE)
        if found.state is ReceiptState.DONE:
            raise Refused("it is posted: it can be countered, and not be taken back")
        await self._client.press(MODEL, found.id, "cancel")
        return msgspec.structs.replace(self._receipt(found), state=ReceiptState.UNDONE)

    async def reverse_credit(self, record_id: str, order: Order, on: date) -> Receipt:
        """A customer invoice with the credit's lines and the opposite sign, posted."""
        credited = await self._credit(record_id)

        async def compose() -> dict[str, Any]:
            values = document(credited.head, self._settings.company, order.reference, "", on)
            day = await self._calendar.invoice_day(on, credit=False)
            return {**values, "invoice_date": day_value(day), "lines": [["create", counter_lines(credited)]]}

        amount = -money(credited.total_amount, credited.code.code)
        made = await drafted(self._client, self._counters, order.reference, compose, amount)
        return await self._post(made, order.reference, amount, self._counters, credit=False)

    async def _post(
        self, found: Document | None, reference: str, amount: Money, notes: Notes, *, credit: bool
    ) -> Receipt:
        if found is None or found.state is ReceiptState.UNDONE:
            raise Refused("there is no draft that could be posted")
        same(found, amount)
        if found.state is ReceiptState.PREPARED:
            found = await posted(notes, reference, partial(self._press, found, credit=credit))
        return self._receipt(found)

    async def _press(self, draft: Document, *, credit: bool) -> None:
        async with self._posting:
            day = await self._calendar.invoice_day(draft.day or date.min, credit=credit)
            if day != draft.day:
                await self._client.change(MODEL, draft.id, {"invoice_date": day_value(day)})
            try:
                await self._client.press(MODEL, draft.id, "post")
            except Warned as warning:
                if warning.kind not in PASSED_OVER:
                    raise
                await self._client.press(MODEL, draft.id, "post", passing_warnings=True)

    async def _values(self, head: Head, order: LedgerCreditOrder, lines: list[dict[str, Any]]) -> dict[str, Any]:
        day = await self._calendar.invoice_day(order.on, credit=True)
        values = document(head, self._settings.company, order.reference, order.description, day)
        return {**values, "lines": [["create", lines]]}

    async def _on_account(self, order: LedgerCreditOrder, party: Debtor) -> dict[str, Any]:
        chosen = self._settings.credit
        if chosen is None:
            raise Refused(NO_TABLE)
        if party.address is None:
            raise Refused("the party has no address that a document could be written to")
        code = order.amount.currency
        currencies = await self._client.search("currency.currency", [["code", "=", code]], Shape, ["id"])
        if not currencies.records:
            raise Refused(f"the ledger has no currency {code}")
        currency = currencies.records[0].id
        head = Head(
            party=party.id,
            invoice_address=party.address,
            account=await receivable_of(self._client, party),
            journal=chosen.journal,
            payment_term=party.customer_payment_term,
            currency=currency,
            party_tax_identifier=party.tax_identifier,
        )
        tax = await self._tax(chosen.tax) if chosen.tax is not None else None
        return await self._values(
            head, order, account_lines(chosen.account, currency, order.amount, tax, order.description)
        )

    async def _tax(self, number: int) -> Tax:
        rows = await self._client.search("account.tax", [["id", "=", number]], Tax, ["type", "rate"])
        if not rows.records:
            raise Refused("the ledger has no tax of the id that credit.tax names")
        return rows.records[0]

    async def _invoice(self, number: str, order: LedgerCreditOrder, party: Debtor) -> Source:
        carrying: Domain = ["OR", [["reference", "=", number]], [["number", "=", number]]]
        issued: Domain = [carrying, ["state", "in", ["posted", "paid"]], ["total_amount", ">", 0]]
        found = [row for row in await self._sources(issued) if row.party == party.id]
        if not found:
            raise Refused("the ledger has no posted invoice of this number for this party")
        if found[0].code.code != order.amount.currency:
            raise Refused("the ledger's invoice is in another currency")
        return found[0]

    async def _credit(self, record_id: str) -> Source:
        number = id_of(record_id)
        found = await self._sources([["id", "=", number], ["total_amount", "<", 0]]) if number else ()
        if not found:
            raise Refused("the ledger has no such credit memo")
        if STATES.get(found[0].state) is not ReceiptState.DONE:
            raise Refused("it is not posted: a draft is taken back, not countered")
        return found[0]

    async def _sources(self, domain: Domain) -> tuple[Source, ...]:
        rows = await self._client.search(
            MODEL, [["type", "=", "out"], *self._ours, *domain], Source, SOURCE_FIELDS, order=[("id", "ASC")]
        )
        return rows.records

    async def _countered(self, credited: Document) -> bool:
        against: Domain = [["origin_invoices", "=", credited.id], ["state", "in", ["posted", "paid"]]]
        return any(row.total_amount.decimal > 0 for row in await self._either.rows(against))

    def _receipt(self, document: Document) -> Receipt:
        return document.receipt(self._mapper.url(MODEL, document.id))
