"""Windows of a list: walked to the end they give every fitting record once, in order."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.canonical.billing import Invoice, InvoiceStatus
from sources.canonical.money import Money
from sources.canonical.provenance import Origin, Position
from sources.canonical.support import CasePriority, CaseStatus, SupportCase
from sources.capabilities import PAGE_SIZE, CaseFilter, InvoiceFilter, Window
from sources.faults import NotOffered
from sources.paging import fits, page_of, position_of

ORIGIN = Origin("billing", "any", "uid-1", 1)
START = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = date(2026, 6, 1)


def invoice(
    record_id: str,
    at: datetime = START,
    status: InvoiceStatus = InvoiceStatus.OPEN,
    due: date | None = None,
    owed: int = 100,
) -> Invoice:
    return Invoice(
        provenance=ORIGIN.stamp(record_id, START),
        at=at,
        number=record_id,
        status=status,
        issued_at=at.date(),
        due_at=due,
        total=Money(100, "EUR"),
        balance=Money(owed, "EUR"),
    )


def case(status: CaseStatus, priority: CasePriority) -> SupportCase:
    return SupportCase(
        provenance=ORIGIN.stamp("1", START),
        at=START,
        number="1",
        subject="s",
        status=status,
        priority=priority,
        opened_at=START,
        updated_at=START,
    )


# Few days, so that most lists are full of ties.
lists = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 5),
        st.sampled_from([InvoiceStatus.OPEN, InvoiceStatus.PAID]),
    ),
    unique_by=lambda row: row[0],
    max_size=350,
).map(lambda rows: [invoice(str(i), START + timedelta(days=day), status) for i, day, status in rows])
filters = st.sampled_from([None, InvoiceFilter(status=frozenset([InvoiceStatus.PAID]))])


@given(lists, filters, st.integers(1, 250))
def test_walking_all_windows_gives_every_fitting_record_once_and_in_order(records, filter, chunk) -> None:
    everything = sorted(records, key=position_of, reverse=True)
    window, walked, rounds = Window(filter=filter), [], 0
    while True:
        rest = [r for r in everything if window.after is None or position_of(r) < window.after]
        page = page_of(rest[:chunk], window, exhausted=len(rest) <= chunk)
        walked += page.records
        assert len(page.records) <= PAGE_SIZE
        if page.next is None:
            break
        window, rounds = Window(after=page.next, filter=filter), rounds + 1
        assert rounds < 1000
    assert walked == [r for r in everything if fits(r, filter)]


@given(lists, filters)
def test_a_source_that_always_gives_the_whole_list_is_walked_the_same(records, filter) -> None:
    window, walked = Window(filter=filter), []
    while True:
        page = page_of(records[::-1] + records, window, exhausted=True)
        walked += page.records
        if page.next is None:
            break
        window = Window(after=page.next, filter=filter)
    assert walked == sorted((r for r in records if fits(r, filter)), key=position_of, reverse=True)


def test_exactly_one_page_of_an_exhausted_list_has_no_next() -> None:
    records = [invoice(f"{i:03}") for i in range(PAGE_SIZE)]
    assert page_of(records, Window(), exhausted=True).next is None
    assert page_of([*records, invoice("999")], Window(), exhausted=True).next == Position(START, "001")


def test_a_page_made_short_by_a_filter_goes_on_after_the_last_record_scanned() -> None:
    records = [invoice("3", status=InvoiceStatus.PAID), invoice("2"), invoice("1")]
    page = page_of(records, Window(filter=InvoiceFilter(status=frozenset([InvoiceStatus.PAID]))), exhausted=False)
    assert [r.number for r in page.records] == ["3"]
    assert page.next == Position(START, "1")


def test_records_beyond_what_was_read_without_a_gap_wait_for_a_later_window() -> None:
    boundary = Position(START + timedelta(days=1), "")
    records = [invoice("2", START + timedelta(days=2)), invoice("1", START)]
    page = page_of(records, Window(), exhausted=False, scanned_to=boundary)
    assert [r.number for r in page.records] == ["2"]
    assert page.next == boundary


def test_a_list_that_cannot_be_gone_on_with_is_a_fault_and_never_an_endless_walk() -> None:
    with pytest.raises(NotOffered):
        page_of([invoice("9")], Window(after=Position(START, "5")), exhausted=False)
    with pytest.raises(NotOffered):
        page_of([], Window(), exhausted=False)


@pytest.mark.parametrize(
    ("record", "overdue"),
    [
        (invoice("late", due=date(2026, 5, 31)), True),
        (invoice("due today", due=TODAY), False),
        (invoice("no due date"), False),
        (invoice("late and paid", status=InvoiceStatus.PAID, due=date(2026, 5, 1)), False),
        (invoice("late, nothing owed", due=date(2026, 5, 1), owed=0), False),
        (invoice("late, in part", status=InvoiceStatus.PARTIALLY_PAID, due=date(2026, 5, 1), owed=1), True),
        (invoice("late and void", status=InvoiceStatus.VOID, due=date(2026, 5, 1)), False),
    ],
    ids=lambda value: value.number if isinstance(value, Invoice) else str(value),
)
def test_overdue_is_past_due_and_owed_and_open(record: Invoice, overdue: bool) -> None:
    assert fits(record, InvoiceFilter(overdue=True, today=TODAY)) is overdue
    assert fits(record, InvoiceFilter(overdue=False, today=TODAY)) is not overdue


def test_issued_after_a_day_leaves_that_day_out() -> None:
    assert not fits(invoice("1"), InvoiceFilter(issued_after=START.date()))
    assert fits(invoice("1"), InvoiceFilter(issued_after=START.date() - timedelta(days=1)))


def test_cases_fit_by_status_and_priority_together() -> None:
    filter = CaseFilter(status=frozenset([CaseStatus.OPEN]), priority=frozenset([CasePriority.HIGH]))
    assert fits(case(CaseStatus.OPEN, CasePriority.HIGH), filter)
    assert not fits(case(CaseStatus.OPEN, CasePriority.LOW), filter)
    assert not fits(case(CaseStatus.CLOSED, CasePriority.HIGH), filter)
    assert fits(case(CaseStatus.CLOSED, CasePriority.LOW), CaseFilter())


def test_a_filter_of_another_kind_of_record_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError):
        fits(invoice("1"), CaseFilter())
    with pytest.raises(TypeError):
        fits(invoice("1"), InvoiceFilter(overdue=True))
