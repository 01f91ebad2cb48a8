"""SOQL text out of values, held against the simulator's own parser."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.salesforce import soql
from sources.salesforce.simulator.errors import ApiRefusal
from sources.salesforce.simulator.ids import canonical
from sources.salesforce.simulator.parser import parse
from sources.salesforce.simulator.syntax import Comparison, Group

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@given(st.text())
def test_a_quoted_text_is_read_as_what_it_was(text: str) -> None:
    where = parse(f"SELECT Id FROM Account WHERE Name = {soql.quoted(text)}").where
    assert where == Comparison("Name", "=", (text,))


@given(st.lists(st.text(max_size=60), max_size=60), st.integers(200, 4000))
def test_lists_keep_every_value_once_and_stay_within_the_room(values: list[str], room: int) -> None:
    parts = list(soql.lists(values, room))
    assert [value for part, _ in parts for value in part] == values
    for part, text in parts:
        assert len(text) <= room
        where = parse(f"SELECT Id FROM Account WHERE Name IN {text}").where
        assert where == Comparison("Name", "IN", part)


def test_one_hundred_and_eighty_ids_and_a_position_fit_one_where_clause() -> None:
    ids = [f"001{place:012}" for place in range(180)]
    ((part, _),) = soql.lists([soql.full_id(one) or "" for one in ids], soql.WHERE_CHARACTERS - 150)
    assert len(part) == 180


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("001000000000000", "001000000000000AAA"),
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("00ABCDE0000000z", "00ABCDE0000000z2DA"),
        ("001AAAAABBBBBCC", "001AAAAABBBBBCCY55"),
    ],
)
def test_the_suffix_says_which_letters_are_capitals(short: str, full: str) -> None:
    assert soql.full_id(short) == soql.full_id(full) == full


@given(st.text(LETTERS, min_size=15, max_size=15))
def test_an_id_of_fifteen_has_one_form_of_eighteen(short: str) -> None:
    full = soql.full_id(short)
    assert full is not None
    assert full[:15] == short
    assert soql.full_id(full) == full == canonical(short)


@given(st.text(max_size=20))
def test_what_is_no_id_is_never_taken_for_one(text: str) -> None:
    assert soql.full_id(text) == canonical(text)


def test_a_suffix_that_does_not_belong_to_the_id_is_no_id() -> None:
    assert soql.full_id("001000000000000AAB") is None


def test_a_moment_is_written_in_utc_without_quotes() -> None:
    berlin = timezone(timedelta(hours=1))
    assert soql.moment(datetime(2026, 11, 21, 11, 0, 0, 999, tzinfo=berlin)) == "2026-11-21T10:00:00Z"
    where = parse(f"SELECT Id FROM Account WHERE CreatedDate < {soql.moment(datetime(999, 1, 1, tzinfo=UTC))}").where
    assert where == Comparison("CreatedDate", "<", (datetime(999, 1, 1, tzinfo=UTC),))


def test_a_statement_is_read_with_all_its_parts() -> None:
    select = parse(
        "select Id, Owner.Name from Account where (A = 'x' or B != null) and not C like 'a\\_%' and D in (1, -2.5)"
        " and E >= 2026-01-02 order by CreatedDate desc, Id limit 10 offset 3"
    )
    assert (select.columns, select.entity) == (("Id", "Owner.Name"), "Account")
    assert (select.order, select.limit, select.offset) == ((("CreatedDate", True), ("Id", False)), 10, 3)
    assert isinstance(select.where, Group)
    assert [type(part).__name__ for part in select.where.parts] == ["Group", "Group", "Comparison", "Comparison"]
    assert parse("SELECT COUNT() FROM Account").count


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT Id FROM Account WHERE Name = 'a\\d'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'it's'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name IS NULL", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE A = 1 AND B = 2 OR C = 3", "MALFORMED_QUERY"),
        ("SELECT Id, id FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT ten", "MALFORMED_QUERY"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        (f"SELECT Id FROM Account WHERE Name = '{'x' * 4000}'", "MALFORMED_QUERY"),
        (f"SELECT Id FROM Account WHERE Name = 'x' {' ' * 100_000}", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "NOT_MODELLED"),
        ("SELECT FIELDS(ALL) FROM Account", "NOT_MODELLED"),
        ("SELECT Id FROM Account WHERE CreatedDate = TODAY", "NOT_MODELLED"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "NOT_MODELLED"),
        ("SELECT Name, COUNT(Id) FROM Account GROUP BY Name", "NOT_MODELLED"),
        ("SELECT Id FROM Account ORDER BY Name NULLS LAST", "NOT_MODELLED"),
    ],
)
def test_what_is_no_soql_or_is_not_modelled_is_refused(statement: str, code: str) -> None:
    with pytest.raises(ApiRefusal) as caught:
        parse(statement)
    assert caught.value.code == code


@given(st.text(st.sampled_from("ab01_.-' (),=<>:%&+#ü\n~"), max_size=40))
def test_a_statement_is_escaped_as_any_url_is(statement: str) -> None:
    assert soql.escaped(statement) == quote(statement, safe="")
