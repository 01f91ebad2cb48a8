"""What carries one reference: look it up, keep the lowest draft, delete the others, check the amount."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Protocol

import msgspec

from sources.canonical.money import Money
from sources.faults import Busy, OutcomeUnknown, Refused, SourceFault
from sources.tryton.client import Client
from sources.tryton.refusals import WrongState
from sources.writing import Receipt, ReceiptState


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document or entry that carries a reference, its amount positive."""

    id: int
    state: ReceiptState  # PREPARED, DONE or UNDONE
    number: str | None
    amount: Money
    party: int | None
    day: date | None

    def receipt(self, url: str | None) -> Receipt:
        """What is told of it."""
        return Receipt(record_id=str(self.id), state=self.state, number=self.number, url=url, amount=self.amount)


class Shelf(Protocol):
    """Where the documents of one kind lie."""

    model: str

    async def of(self, reference: str) -> list[Document]:
        """Those that carry the reference, by id."""
        ...


def standing(documents: list[Document]) -> Document | None:
    """The one that counts: what is posted, else the lowest draft, else what was taken back."""
    order = (ReceiptState.DONE, ReceiptState.PREPARED, ReceiptState.UNDONE)
    return next((each for state in order for each in documents if each.state is state), None)


async def kept(client: Client, shelf: Shelf, reference: str) -> Document | None:
    """The one that counts; all other drafts of the reference are deleted. Raises Busy where they change meanwhile."""
    documents = await shelf.of(reference)
    counting = standing(documents)
    for other in documents:
        if other is not counting and other.state is ReceiptState.PREPARED:
            try:
                await client.delete(shelf.model, other.id)
            except WrongState:
                raise Busy("another draft of the same reference is being posted") from None
    return counting


async def drafted(
    client: Client, shelf: Shelf, reference: str, compose: Callable[[], Awaitable[dict[str, object]]], want: Money
) -> Document:
    """The draft of a reference, made where there is none, for exactly that amount.

    Raises Refused where the ledger makes another amount of it (the draft is deleted).
    """
    found = await kept(client, shelf, reference)
    if found is None or found.state is ReceiptState.UNDONE:
        await client.create(shelf.model, await compose())
        with following():
            found = await kept(client, shelf, reference)
        if found is None:
            raise OutcomeUnknown("what was drafted just now is not there")
    if found.amount != want:
        if found.state is ReceiptState.PREPARED:
            await client.delete(shelf.model, found.id)
        raise Refused(f"the ledger makes {_told(found.amount)} of {_told(want)}")
    return found


async def posted(shelf: Shelf, reference: str, press: Callable[[], Awaitable[None]]) -> Document:
    """What carries the reference after it was posted by `press`, or by somebody else just now."""
    refused: WrongState | None = None
    try:
        await press()
    except WrongState as fault:
        refused = fault
    with following():
        found = standing(await shelf.of(reference))
    if found is not None and found.state is ReceiptState.DONE:
        return found
    raise refused or OutcomeUnknown("what was posted just now is not there")


@contextmanager
def following() -> Iterator[None]:
    """Around what is asked after a write was done: that it cannot be asked does not say that nothing was done."""
    try:
        yield
    except SourceFault as fault:
        raise OutcomeUnknown(fault.reason) from None


def same(document: Document, want: Money) -> None:
    """Raises Refused where the amount is another."""
    if document.amount != want:
        raise Refused(f"the ledger has {_told(document.amount)}, not {_told(want)}")


def _told(money: Money) -> str:
    return f"{money.amount} {money.currency}"
