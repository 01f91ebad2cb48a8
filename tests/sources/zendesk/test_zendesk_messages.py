"""The comments of a case, newest first."""

from datetime import timedelta

from sources.canonical.support import CaseMessage
from sources.capabilities import Page, Window
from sources.simulation.facts import MessageWritten
from tests.sources.zendesk.shop import NOW, Shop


def write(shop: Shop, case: str, place: int, author: str, *, public: bool = True, minutes: float | None = None) -> None:
    at = NOW - timedelta(days=1) + timedelta(minutes=place if minutes is None else minutes)
    fact = MessageWritten(
        at=at, customer="ACME", key=f"M-{case}-{place}", case=case, author=author, public=public, text=f"text {place}"
    )
    shop.simulator.absorb(fact)


async def read(shop: Shop, case: str, window: Window | None = None) -> Page[CaseMessage]:
    page = (await shop.adapter.case_messages([case], window or Window()))[case]
    assert isinstance(page, Page)
    return page


async def test_messages_say_who_wrote_them_and_notes_are_not_public(shop: Shop) -> None:
    shop.customer("ACME")
    case = shop.case("ACME", 1, at=NOW - timedelta(days=2))
    write(shop, case, 1, "agent:Ann Agent")
    write(shop, case, 2, "agent:Bo Agent", public=False)
    write(shop, case, 3, "ACME-1")
    await shop.warm()

    page = await read(shop, case)

    assert [(m.text, m.author, m.from_customer, m.public) for m in page.records] == [
        ("text 3", "Pat 1 of ACME", True, True),
        ("text 2", "Bo Agent", False, False),
        ("text 1", "Ann Agent", False, True),
        ("It does not work.", "Pat 1 of ACME", True, True),
    ]
    assert page.next is None
    assert shop.asked() == ["tickets/1/comments"]


async def test_the_messages_of_three_cases_cost_three_calls(shop: Shop) -> None:
    shop.customer("ACME")
    cases = [shop.case("ACME", key) for key in (1, 2, 3)]
    await shop.warm()

    answer = await shop.adapter.case_messages([*cases, "1", "99", "no-id"], Window())

    assert sorted(shop.asked()) == [f"tickets/{id}/comments" for id in ("1", "2", "3", "99")]
    assert answer["99"] == answer["no-id"] == Page((), None)
    assert len(answer) == 5


async def test_a_long_conversation_comes_whole_with_ties(shop: Shop) -> None:
    shop.customer("ACME")
    case = shop.case("ACME", 1, at=NOW - timedelta(days=2))
    for place in range(1, 321):
        write(shop, case, place, "ACME-1", minutes=place // 40)

    texts, window = [], Window()
    while True:
        page = await read(shop, case, window)
        texts += [message.text for message in page.records]
        if page.next is None:
            break
        window = Window(page.next)

    assert len(texts) == len(set(texts)) == 321


async def test_more_messages_in_one_second_than_a_page_holds_are_not_lost(shop: Shop) -> None:
    shop.customer("ACME")
    case = shop.case("ACME", 1, at=NOW - timedelta(days=2))
    for place in range(1, 151):
        write(shop, case, place, "ACME-1", minutes=0)

    first = await read(shop, case)
    assert first.next is not None
    second = await read(shop, case, Window(first.next))
    third = await read(shop, case, Window(second.next)) if second.next else Page[CaseMessage](())

    assert len({m.record_id for page in (first, second, third) for m in page.records}) == 151
