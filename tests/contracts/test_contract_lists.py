"""Lists: newest first, ties by record id descending, window by window without a gap or a repetition."""

from datetime import UTC, datetime, timedelta

import pytest

from sources.canonical.billing import InvoiceStatus
from sources.canonical.provenance import Position
from sources.canonical.support import CasePriority, CaseStatus
from sources.capabilities import PAGE_SIZE, CaseFilter, InvoiceFilter, Page, Window
from sources.paging import fits
from tests.contracts.small_world import BULKY, EMPTY, NOW, RICH
from tests.contracts.source_under_test import LISTS, Source, position_of


@pytest.mark.methods(*LISTS)
async def test_a_long_list_comes_window_by_window_in_order_and_whole(deep: Source, method: str) -> None:
    ref = await deep.ref_of(BULKY)
    pages = await deep.pages(method, ref)
    positions = [position_of(record) for page in pages for record in page.records]
    assert positions == sorted(positions, reverse=True)
    assert len(set(positions)) == len(positions)
    assert all(len(page.records) <= PAGE_SIZE for page in pages)
    assert all(page.records for page in pages[:-1]), "a window without a filter was empty though more was to come"


@pytest.mark.methods(*LISTS)
async def test_a_window_may_begin_at_any_record_of_a_list(deep: Source, method: str) -> None:
    ref = await deep.ref_of(BULKY)
    whole = await deep.whole_list(method, ref)
    for place in sorted({0, 1, len(whole) // 3, 101, 199, len(whole) - 2} & set(range(len(whole)))):
        answer = await deep.ask(method, [ref], window=Window(after=position_of(whole[place])))
        given = [position_of(record) for record in answer[ref].records]
        assert given == [position_of(record) for record in whole[place + 1 :]][: len(given)]
        assert given or place == len(whole) - 1


@pytest.mark.methods(*LISTS)
async def test_after_the_last_record_comes_an_empty_page_and_the_end(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    long_ago = Position(datetime(1990, 1, 1, tzinfo=UTC), "0")
    assert (await light.ask(method, [ref], window=Window(after=long_ago)))[ref] == Page((), None)


@pytest.mark.methods(*LISTS)
async def test_a_window_between_two_records_begins_with_the_older_one(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    whole = await light.whole_list(method, ref)
    tomorrow = Position(NOW + timedelta(days=400), "")
    assert await rest(light, method, ref, tomorrow) == [position_of(record) for record in whole]
    for record in whole[:3]:
        just_before = Position(record.at, record.provenance.record_id + "~")
        assert position_of(record) in await rest(light, method, ref, just_before)


async def rest(source: Source, method: str, ref: object, after: Position) -> list[Position]:
    page = (await source.ask(method, [ref], window=Window(after=after)))[ref]
    return [position_of(record) for record in page.records]


@pytest.mark.methods(*LISTS)
async def test_the_lists_of_several_customers_are_kept_apart(light: Source, method: str) -> None:
    refs = [await light.ref_of(number) for number in (RICH, BULKY, EMPTY)]
    together = await light.ask(method, refs)
    for ref in refs:
        alone = (await light.ask(method, [ref]))[ref]
        assert [position_of(r) for r in together[ref].records] == [position_of(r) for r in alone.records]
        assert all(record.customer_ref in (None, ref) for record in alone.records)
    assert await light.whole_list(method, refs[2]) == []


@pytest.mark.methods("case_messages")
async def test_the_messages_of_a_long_case_come_window_by_window(deep: Source, method: str) -> None:
    ref = await deep.ref_of(BULKY)
    cases = await deep.whole_list("cases_of", ref)
    talkative = next(case for case in cases if case.number == "20999")
    messages = await deep.whole_list(method, talkative.provenance.record_id)
    positions = [position_of(message) for message in messages]
    assert positions == sorted(positions, reverse=True)
    texts = [message.text for message in messages]
    assert {f"Message {n} of 20999" for n in range(1, 106)} <= set(texts)
    assert len(texts) == len(set(positions))


CASE_FILTERS = (
    CaseFilter(status=frozenset([CaseStatus.RESOLVED])),
    CaseFilter(status=frozenset([CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.ON_HOLD])),
    CaseFilter(status=frozenset([CaseStatus.CLOSED, CaseStatus.PENDING])),
    CaseFilter(priority=frozenset([CasePriority.HIGH])),
    CaseFilter(priority=frozenset([CasePriority.URGENT, CasePriority.NORMAL])),
    CaseFilter(status=frozenset([CaseStatus.RESOLVED]), priority=frozenset([CasePriority.HIGH, CasePriority.LOW])),
)
TODAY = NOW.date()
INVOICE_FILTERS = (
    InvoiceFilter(status=frozenset([InvoiceStatus.OPEN])),
    InvoiceFilter(status=frozenset([InvoiceStatus.PAID, InvoiceStatus.PARTIALLY_PAID])),
    InvoiceFilter(status=frozenset([InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE])),
    InvoiceFilter(overdue=True, today=TODAY),
    InvoiceFilter(overdue=False, today=TODAY),
    InvoiceFilter(issued_after=TODAY - timedelta(days=96)),
    InvoiceFilter(issued_after=TODAY - timedelta(days=672)),
    InvoiceFilter(status=frozenset([InvoiceStatus.OPEN]), overdue=True, today=TODAY),
)


@pytest.mark.methods("cases_of")
@pytest.mark.parametrize("number", [RICH, BULKY])
@pytest.mark.parametrize("wanted", CASE_FILTERS, ids=range(len(CASE_FILTERS)))
async def test_a_filter_gives_exactly_the_cases_that_fit(
    deep: Source, method: str, number: str, wanted: CaseFilter
) -> None:
    await held_against_the_whole(deep, method, number, wanted)


@pytest.mark.methods("invoices_of")
@pytest.mark.parametrize("number", [RICH, BULKY])
@pytest.mark.parametrize("wanted", INVOICE_FILTERS, ids=range(len(INVOICE_FILTERS)))
async def test_a_filter_gives_exactly_the_invoices_that_fit(
    deep: Source, method: str, number: str, wanted: InvoiceFilter
) -> None:
    await held_against_the_whole(deep, method, number, wanted)


async def held_against_the_whole(source: Source, method: str, number: str, wanted: object) -> None:
    ref = await source.ref_of(number)
    whole = await source.whole_list(method, ref)
    filtered = await source.whole_list(method, ref, wanted)
    expected = [position_of(record) for record in whole if fits(record, wanted)]
    assert [position_of(record) for record in filtered] == expected


@pytest.mark.methods(*LISTS)
async def test_a_record_of_a_list_is_the_same_when_it_is_asked_for_alone(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    listed = (await light.whole_list(method, ref))[:5]
    single = method.removesuffix("_of")
    alone = await light.ask(single, [record.provenance.record_id for record in listed])
    for record in listed:
        again = alone[record.provenance.record_id]
        assert again is not None, f"{single} does not know what {method} listed"
        assert position_of(again) == position_of(record)
        assert again.customer_ref == record.customer_ref
