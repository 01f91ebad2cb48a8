"""What a Tryton refuses is refused by the simulator with the same status, and understood as the same fault."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from sources.faults import SourceFault
from sources.tryton.client import classify
from sources.tryton.real.loading import TrytonLoader
from sources.tryton.values import day_value
from sources.wire.messages import Response
from tests.sources.tryton.writing_books import ENTRY, INVOICE, Books, real_books_of, simulated_books, today

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("tryton-writes")]
Asked = Callable[["Hand"], Awaitable[httpx.Response]]


class Hand:
    """Writes past the adapter."""

    def __init__(self, books: Books, client: httpx.AsyncClient) -> None:
        self.books = books
        self._client = client

    async def send(self, method: str, path: str, values: Any = None) -> httpx.Response:
        import msgspec

        headers = self.books.client._headers
        url = f"{self.books.client._base}/{path}"
        return await self._client.request(method, url, content=msgspec.json.encode(values or {}), headers=headers)

    async def draft(self) -> str:
        order = await self.books.credit()
        return (await self.books.adapter.draft_credit(order)).record_id

    async def posted(self) -> str:
        order = await self.books.credit()
        draft = await self.books.adapter.draft_credit(order)
        return (await self.books.adapter.post_credit(draft.record_id, order.reference, order.amount)).record_id

    async def entry(self) -> str:
        return (await self.books.adapter.draft_refund(await self.books.refund())).record_id

    async def booked(self) -> str:
        order = await self.books.refund()
        draft = await self.books.adapter.draft_refund(order)
        return (await self.books.adapter.post_refund(draft.record_id, order.reference, order.amount)).record_id

    async def dated(self, **changes: Any) -> str:
        number = await self.draft()
        await self.books.client.change(INVOICE, int(number), changes)
        return number

    async def values(self, model: str) -> dict[str, Any]:
        """What the last draft was made of."""
        await (self.draft() if model == INVOICE else self.entry())
        made = [question for path, question, _ in self.books.ledger.sent.exchanges if path == f"{model}?f=id"]
        return {**made[-1], "reference" if model == INVOICE else "description": self.books.reference()}


async def posting_what_is_posted(hand: Hand) -> httpx.Response:
    return await hand.send("POST", f"{INVOICE}/{await hand.posted()}/post")


async def cancelling_what_is_posted(hand: Hand) -> httpx.Response:
    return await hand.send("POST", f"{INVOICE}/{await hand.posted()}/cancel")


async def deleting_what_is_posted(hand: Hand) -> httpx.Response:
    return await hand.send("DELETE", f"{INVOICE}/{await hand.posted()}")


async def deleting_an_entry_that_is_posted(hand: Hand) -> httpx.Response:
    return await hand.send("DELETE", f"{ENTRY}/{await hand.booked()}")


async def posting_an_entry_that_is_posted(hand: Hand) -> httpx.Response:
    return await hand.send("POST", f"{ENTRY}/{await hand.booked()}/post")


async def deleting_nothing(hand: Hand) -> httpx.Response:
    return await hand.send("DELETE", f"{INVOICE}/99999")


async def posting_nothing(hand: Hand) -> httpx.Response:
    return await hand.send("POST", f"{INVOICE}/99999/post")


async def a_button_that_is_none(hand: Hand) -> httpx.Response:
    return await hand.send("POST", f"{INVOICE}/{await hand.draft()}/nope")


async def cancelling_an_entry(hand: Hand) -> httpx.Response:
    return await hand.send("POST", f"{ENTRY}/{await hand.entry()}/cancel")


async def answering_a_warning(hand: Hand) -> httpx.Response:
    return await hand.send("POST", "res.user.warning/skip", {"name": "x.invoice_payment_term"})


async def a_number_that_goes_back(hand: Hand) -> httpx.Response:
    await hand.posted()
    number = await hand.dated(invoice_date=day_value(date(2026, 1, 20)))
    return await hand.send("POST", f"{INVOICE}/{number}/post")


async def a_payment_date_that_is_past(hand: Hand) -> httpx.Response:
    number = await hand.dated(payment_term_date=day_value(date(2026, 1, 20)))
    return await hand.send("POST", f"{INVOICE}/{number}/post")


async def a_date_that_is_to_come(hand: Hand) -> httpx.Response:
    number = await hand.dated(invoice_date=day_value(today() + timedelta(days=3)))
    return await hand.send("POST", f"{INVOICE}/{number}/post")


async def a_party_that_is_none(hand: Hand) -> httpx.Response:
    return await hand.send("POST", INVOICE, {**await hand.values(INVOICE), "party": 99999})


async def a_field_that_is_none(hand: Hand) -> httpx.Response:
    return await hand.send("POST", INVOICE, {**await hand.values(INVOICE), "nope": 1})


async def a_period_of_another_day(hand: Hand) -> httpx.Response:
    return await hand.send("POST", ENTRY, {**await hand.values(ENTRY), "date": day_value(date(2026, 2, 3))})


async def no_journal(hand: Hand) -> httpx.Response:
    return await hand.send("POST", ENTRY, {**await hand.values(ENTRY), "journal": None})


async def another_amount_of_what_is_posted(hand: Hand) -> httpx.Response:
    return await hand.send("PUT", f"{INVOICE}/{await hand.posted()}", {"invoice_date": day_value(date(2026, 1, 20))})


ASKED: tuple[Asked, ...] = (
    posting_what_is_posted,
    cancelling_what_is_posted,
    deleting_what_is_posted,
    deleting_an_entry_that_is_posted,
    posting_an_entry_that_is_posted,
    deleting_nothing,
    posting_nothing,
    a_button_that_is_none,
    cancelling_an_entry,
    answering_a_warning,
    a_number_that_goes_back,
    a_payment_date_that_is_past,
    a_date_that_is_to_come,
    a_party_that_is_none,
    a_field_that_is_none,
    a_period_of_another_day,
    no_journal,
    another_amount_of_what_is_posted,
)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
async def test_both_refuse_it_alike(ask: Asked, real_books: TrytonLoader) -> None:
    async with simulated_books() as pretended, real_books_of(real_books) as genuine:
        said = [await told(books, ask) for books in (pretended, genuine)]
    assert said[0] == said[1]
    assert said[0][0] >= 400


async def told(books: Books, ask: Asked) -> tuple[int, str, str, str]:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await ask(Hand(books, client))
    fault = classify(Response(status=answer.status_code, headers={}, body=answer.content))
    kind = answer.headers["content-type"]
    return answer.status_code, kind, type(fault).__name__, fault.reason if isinstance(fault, SourceFault) else ""
