"""Credits: a note on the invoice, or a movement of the customer's balance where there is no invoice.

Source: Stripe API, Credit notes, Customer balance transactions; Stripe, Issue credit notes: a note is void only while
its invoice is open, and what it gave to the balance is taken back by a counter entry alone.
"""

from urllib.parse import quote

from sources.faults import OutcomeUnknown, Refused, SourceFault
from sources.stripe import shapes
from sources.stripe.client import BALANCE, ID, KeyOfAnother
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import BALANCE_MARK, UNDOES, held
from sources.stripe.memos import MemoReads
from sources.stripe.orders import (
    NotNow,
    amount_of,
    balance_credit_form,
    balance_receipt,
    counter_form,
    credit_note_form,
    is_ours,
    note_receipt,
    of_customer,
    since_of,
    unsent,
)
from sources.writing import BillingCreditOrder, Receipt

NOTES = "/v1/credit_notes"
GONE = "there is no such credit to take back"


class CreditsWrites(MemoReads):
    """BillingCreditWrites."""

    async def issue_credit(self, order: BillingCreditOrder) -> Receipt:
        """On an invoice two calls (the invoice tells how a credit is split), on the balance one."""
        amount = amount_of(order)
        if order.invoice_id is None:
            return await self._credit_balance(order, amount)
        try:
            return await self._credit_invoice(order, order.invoice_id, amount)
        except KeyOfAnother as fault:
            # The invoice stood otherwise when this order was first sent, perhaps because of that very credit.
            return await self._done_before(order, OutcomeUnknown(fault.reason, key_spent=True))
        except NotNow as fault:
            return await self._done_before(order, Refused(fault.reason))

    async def find_issued_credit(self, order: BillingCreditOrder) -> Receipt | None:
        """By our reference in the list of the invoice's notes, or of the customer's balance."""
        if order.invoice_id is None:
            moves = await self.moves_of(order.customer.id, since_of(order))
            found = next((move for move in moves if is_ours(move.metadata, order) and move.amount < 0), None)
            if found is None:
                return None
            countered = any(held(move.metadata, UNDOES) == found.id for move in moves)
            return balance_receipt(self.mapping(), found, countered=countered)
        params = (("invoice", order.invoice_id), ("created[gte]", str(since_of(order))))
        notes: tuple[shapes.CreditNote, ...] = await self.all_of("credit_notes", shapes.CreditNote, params)
        note = next((note for note in notes if is_ours(note.metadata, order)), None)
        if note is None:
            return None
        return note_receipt(self.mapping(), note, countered=await self.countered(note))

    async def withdraw_credit(self, record_id: str, order: BillingCreditOrder) -> Receipt:
        """A note on an open invoice is void; what went to the balance is countered, where it is still there."""
        id, mark, customer = record_id.partition(BALANCE_MARK)
        with unsent():
            if mark:
                moved = await self.client.balance_transaction(customer, id, shapes.BalanceTransaction)
            else:
                note = await self.client.retrieve("credit_notes", id, shapes.CreditNote)
        if mark:
            return await self._take_back(moved, order)
        return await self._withdraw_note(note, order)

    async def _take_back(self, moved: shapes.BalanceTransaction | None, order: BillingCreditOrder) -> Receipt:
        if moved is None:
            raise Refused(GONE)
        await self._counter(moved.id, moved.customer, -moved.amount, moved.currency, moved.created, order)
        return balance_receipt(self.mapping(), moved, countered=True)

    async def _withdraw_note(self, note: shapes.CreditNote | None, order: BillingCreditOrder) -> Receipt:
        if note is None:
            raise Refused(GONE)
        if note.status == "void":
            return note_receipt(self.mapping(), note)
        if note.post_payment_amount == 0:
            path = f"{NOTES}/{quote(note.id)}/void"
            voided = await self.client.write(path, (), order.key, shapes.CreditNote, f"{NOTES}/{{id}}/void")
            return note_receipt(self.mapping(), voided)
        if note.pre_payment_amount or not note.customer_balance_transaction:
            raise Refused("the credit was split, or paid out: a person must take it back")
        await self._counter(note.id, note.customer, note.amount, note.currency, note.created, order)
        return note_receipt(self.mapping(), note, countered=True)

    async def _counter(
        self, undone: str, customer: str, amount: int, currency: str, created: int, order: BillingCreditOrder
    ) -> None:
        """Take an amount back from a balance, unless that was done. Raises Refused where it is used up."""
        with unsent():
            moves = await self.moves_of(customer, created)
        if any(held(move.metadata, UNDOES) == undone for move in moves):
            return
        newest = next((move for move in moves if move.currency == currency), None)
        if newest is None or newest.ending_balance > -amount:
            raise Refused("the credit is used up: taking it back would make the customer owe it")
        await self._move(customer, counter_form(order, undone, amount, currency), order.key)

    async def _move(self, customer: str, form: Params, key: str) -> shapes.BalanceTransaction:
        if not ID.fullmatch(customer):
            raise Refused("there is no such customer")
        path = f"/v1/customers/{quote(customer)}/balance_transactions"
        return await self.client.write(path, form, key, shapes.BalanceTransaction, BALANCE)

    async def _credit_balance(self, order: BillingCreditOrder, amount: int) -> Receipt:
        form = balance_credit_form(order, amount, self.settings.metadata_key("case_number"))
        moved = await self._move(order.customer.id, form, order.key)
        return balance_receipt(self.mapping(), moved)

    async def _credit_invoice(self, order: BillingCreditOrder, invoice_id: str, amount: int) -> Receipt:
        with unsent():
            invoice = await self.client.retrieve("invoices", invoice_id, shapes.Invoice)
        if invoice is None:
            raise Refused("there is no such invoice")
        of_customer(invoice, order)
        form = credit_note_form(order, invoice, amount, self.settings.metadata_key("case_number"))
        note = await self.client.write(NOTES, form, order.key, shapes.CreditNote, NOTES)
        return note_receipt(self.mapping(), note)

    async def _done_before(self, order: BillingCreditOrder, otherwise: SourceFault) -> Receipt:
        """What an earlier sending of the order has done. Raises `otherwise` where that is nothing."""
        found = await self.find_issued_credit(order)
        if found is None:
            raise otherwise
        return found
