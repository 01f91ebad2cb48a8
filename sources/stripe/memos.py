"""Credit memos of an account: its credit notes, and what we gave to customers' balances."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from sources.canonical.billing import CreditMemo, CreditMemoStatus
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Answer, Page, Window
from sources.faults import NotOffered, SourceFault
from sources.paging import page_of
from sources.stripe import shapes
from sources.stripe.batches import each, or_fault
from sources.stripe.client import BALANCE
from sources.stripe.dialect import Params
from sources.stripe.mapping.common import BALANCE_MARK, CUSTOMER, OP_ID, UNDOES, held
from sources.stripe.mapping.credits import balance_memo, credit_memo, is_credit
from sources.stripe.reads import Reads

NOTES = "/v1/credit_notes"


class MemoReads(Reads):
    """CreditMemoReads: two calls for each customer, one where the server keeps no balances.

    A credit that was taken back by a counter entry is void here, though its document stands.
    """

    async def credit_memos(self, ids: Sequence[str]) -> Answer[str, CreditMemo | None]:
        """A call each, and one more for a credit of ours on a balance, which may have been countered."""

        async def ask(id: str) -> CreditMemo | None:
            transaction, mark, customer = id.partition(BALANCE_MARK)
            if not mark:
                note = await self.client.retrieve("credit_notes", id, shapes.CreditNote)
                if note is None:
                    return None
                memo = self.made(credit_memo, note, NOTES)
                return _void(memo) if await self.countered(note) else memo
            moved = await self.client.balance_transaction(customer, transaction, shapes.BalanceTransaction)
            if moved is None:
                return None
            memo = self.made(balance_memo, moved, BALANCE)
            if not is_credit(memo):
                return None
            return _void(memo) if moved.id in _undone(await self.moves_of(customer, moved.created)) else memo

        return await each(ids, ask)

    async def credit_memos_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[CreditMemo]]:
        async def ask(customer: CustomerRef) -> Page[CreditMemo]:
            if customer.type != CUSTOMER:
                return Page(())
            notes, moves = await asyncio.gather(
                or_fault(self._notes_of(customer, window)),
                or_fault(self._given_to(customer, window)),
            )
            if isinstance(notes, SourceFault):
                raise notes
            if isinstance(moves, SourceFault):
                raise moves
            given, undone = moves
            memos = (*notes.records, *(memo for memo in given.records if is_credit(memo)))
            ends = [page.next for page in (notes, given) if page.next is not None]
            records = [_void(memo) if _core(memo) in undone else memo for memo in memos]
            return page_of(records, window, exhausted=not ends, scanned_to=max(ends, default=None))

        return await each(customers, ask)

    async def moves_of(self, customer: str, since: int) -> tuple[shapes.BalanceTransaction, ...]:
        """All that moved a customer's balance since a time in epoch seconds, the newest first."""
        params: Params = (("created[gte]", str(since)),)

        async def page(more: Params) -> Any:
            return await self.client.balance_transactions(customer, shapes.BalanceTransaction, (*params, *more))

        return await self.all_pages(page, "movements of a balance")

    async def countered(self, note: shapes.CreditNote) -> bool:
        """Whether what a credit note of ours gave to the balance was taken back: one call, where it gave anything."""
        if not note.customer_balance_transaction or not held(note.metadata, OP_ID):
            return False
        return note.id in _undone(await self.moves_of(note.customer, note.created))

    async def _notes_of(self, customer: CustomerRef, window: Window) -> Page[CreditMemo]:
        async def fetch(cursor: Params) -> Any:
            return await self.client.listing("credit_notes", shapes.CreditNote, (("customer", customer.id), *cursor))

        return await self.window_of(customer, window, fetch, credit_memo, NOTES)

    async def _given_to(self, customer: CustomerRef, window: Window) -> tuple[Page[CreditMemo], set[str]]:
        """What moved the customer's balance, and which records the counter entries among it undo."""
        undone: set[str] = set()

        async def fetch(cursor: Params) -> Any:
            page = await self.client.balance_transactions(customer.id, shapes.BalanceTransaction, cursor)
            undone.update(_undone(page.data if page else ()))
            return page

        try:
            return await self.window_of(customer, window, fetch, balance_memo, BALANCE), undone
        except NotOffered:
            return Page(()), undone


def _undone(moves: Sequence[shapes.BalanceTransaction]) -> set[str]:
    """The ids of what counter entries of ours take back."""
    return {id for move in moves if (id := held(move.metadata, UNDOES))}


def _core(memo: CreditMemo) -> str:
    """The vendor's own id of what a memo was made of."""
    return memo.provenance.record_id.partition(BALANCE_MARK)[0]


def _void(memo: CreditMemo) -> CreditMemo:
    return msgspec.structs.replace(memo, status=CreditMemoStatus.VOID, remaining=None)
