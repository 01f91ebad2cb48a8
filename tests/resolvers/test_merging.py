"""Merged lists: walking all pages gives every record of every part once, newest first."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import cursors
from resolvers.merging import MAX_READS, Part, merge
from sources.canonical.provenance import Position
from sources.capabilities import Page
from sources.faults import Unavailable

START = datetime(2026, 1, 1, tzinfo=UTC)


class Thing(msgspec.Struct, frozen=True):
    position: Position


def thing(day: int, name: str) -> Thing:
    return Thing(Position(START + timedelta(days=day), name))


def part(key: str, records: list[Thing], *, page: int = 4, broken: bool = False) -> Part:
    """A source that gives `page` records at a time, or, where the page is 0, scans on without finding any."""
    ordered = sorted(records, key=lambda each: each.position, reverse=True)

    async def read(after: Position | None) -> Page[Thing]:
        if broken:
            raise Unavailable("is down")
        rest = [each for each in ordered if after is None or each.position < after]
        shown = rest[:page]
        return Page(tuple(shown), shown[-1].position if len(rest) > page else None)

    return Part(key, key, read)  # type: ignore[arg-type]  # the system is only handed on


async def walk(parts: list[Part], first: int) -> list[Thing]:
    found: list[Thing] = []
    after: str | None = None
    for _ in range(200):
        connection = (await merge(parts, first, after)).connection
        found += connection.nodes
        after = connection.page_info.end_cursor
        if not connection.page_info.has_next_page:
            return found
    raise AssertionError("the walk does not end")


days = st.lists(st.integers(0, 12), max_size=14)


@given(days, days, days, st.integers(1, 7), st.integers(1, 5))
def test_walking_all_pages_gives_every_record_once_newest_first(a, b, c, first, page):
    lists = [
        [thing(day, f"{name}{n:02}") for n, day in enumerate(of)] for name, of in zip("abc", (a, b, c), strict=True)
    ]
    found = asyncio.run(walk([part(str(n), records, page=page) for n, records in enumerate(lists)], first))
    expected = sorted((each for records in lists for each in records), key=lambda each: each.position, reverse=True)
    assert found == expected


async def test_what_a_broken_part_missed_comes_with_a_later_page():
    fine = [thing(day, f"f{day}") for day in range(6)]
    missed = [thing(day, f"m{day}") for day in range(6)]
    first_page = await merge([part("fine", fine), part("other", missed, broken=True)], 3, None)
    assert [each.position.record_id for each in first_page.connection.nodes] == ["f5", "f4", "f3"]
    assert [failed.key for failed, _ in first_page.faults] == ["other"]
    later = await merge([part("fine", fine), part("other", missed)], 100, first_page.connection.page_info.end_cursor)
    assert {each.position.record_id for each in later.connection.nodes} >= {f"m{day}" for day in range(2, 6)}
    assert not {"f5", "f4", "f3"} & {each.position.record_id for each in later.connection.nodes}


async def test_a_part_that_scans_on_without_finding_ends_the_page_and_says_that_there_is_more():
    reads = 0

    async def scanned(after: Position | None) -> Page[Thing]:
        nonlocal reads
        reads += 1
        day = 20 if after is None else (after.at - START).days - 1
        return Page((), Position(START + timedelta(days=day), "x") if day >= 0 else None)

    parts = [Part("s", "s", scanned), part("o", [thing(day, f"o{day:02}") for day in range(20)], page=100)]  # type: ignore[arg-type]
    first_page = (await merge(parts, 50, None)).connection
    assert reads == 1 + MAX_READS
    assert [each.position.record_id for each in first_page.nodes] == ["o19", "o18", "o17", "o16"]
    assert first_page.page_info.has_next_page
    assert [each.position.record_id for each in await walk(parts, 50)] == [f"o{day:02}" for day in reversed(range(20))]


async def test_a_page_is_filled_from_older_windows_of_a_part_that_gave_little():
    records = [thing(day, f"r{day}") for day in range(9)]
    connection = (await merge([part("r", records, page=2)], 5, None)).connection
    assert [each.position.record_id for each in connection.nodes] == ["r8", "r7", "r6", "r5", "r4"]


@pytest.mark.parametrize("bad", ["", "x", "ä", "gg==", "A" * 5000, cursors.encode({})[:-1]])
def test_what_is_no_cursor_is_refused(bad):
    with pytest.raises(cursors.NotACursor):
        cursors.decode(bad)


moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


@given(st.dictionaries(st.text(max_size=8), st.builds(Position, moments, st.text(max_size=20)), max_size=4))
def test_a_cursor_gives_back_its_positions(positions):
    assert cursors.decode(cursors.encode(positions)) == positions
