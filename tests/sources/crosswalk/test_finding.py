"""Finding customers: normalised keys, ranked search, classes, row limits, positions."""

import time
from typing import Any

import pytest

from sources.canonical.actor import RowLimit
from sources.canonical.customer import Address, CustomerKind
from sources.canonical.erp import TaxId
from sources.canonical.provenance import CustomerRef
from sources.canonical.sensitivity import Sensitivity
from sources.crosswalk import changes, reading, search
from sources.crosswalk.words import BadPosition, CustomerQuery, LookupKey
from sources.prepared import Prepared, Rows

ALL = frozenset(Sensitivity)
INTERNAL = frozenset([Sensitivity.INTERNAL])


@pytest.fixture
async def acme(world: Any) -> str:
    await world.see(
        "erp",
        "17",
        "C-000123",
        name="Müller & Söhne GmbH",
        tier="premium",
        owner="Anna",
        emails=("Info@Mueller.example",),
        phones=("030 1234567",),
        domains=("mueller.example",),
        tax_ids=(TaxId(type="eu_vat", value="DE123456789"),),
        addresses=(Address(country="DE"),),
    )
    await world.see("billing", "cus_AbC", "C-000123", name="Mueller")
    return str(await world.whose("erp", "17"))


async def find(world: Any, text: str | None, **query: Any) -> list[str]:
    return list((await world.crosswalk.search(CustomerQuery(**{"text": text, "classes": ALL, **query}))).uids)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "c-000123"),
        ("email", "INFO@mueller.example"),
        ("domain", "https://www.Mueller.example/x"),
        ("tax_id", "de 123.456.789"),
        ("tax_id", "123456789"),
        ("phone", "+49 (30) 123-45 67"),
        ("phone", "0301234567"),
        ("external", "cus_AbC"),
    ],
)
async def test_a_key_is_found_in_any_of_its_spellings(world: Any, acme: str, kind: str, value: str) -> None:
    assert await world.crosswalk.find(LookupKey(kind, value)) == (acme,)
    assert await find(world, value) == [acme]


async def test_an_external_id_can_be_asked_of_one_system(world: Any, acme: str) -> None:
    await world.see("crm", "17", "C-9")
    assert len(await world.crosswalk.find(LookupKey("external", "17"))) == 2
    assert await world.crosswalk.find(LookupKey("external", "17", world.uid("erp"))) == (acme,)
    assert await world.crosswalk.find(LookupKey("external", "17", world.uid("billing"))) == ()


async def test_a_key_that_several_customers_have_gives_all_of_them(world: Any) -> None:
    await world.observe(
        "erp", world.record("1", "A", emails=("x@y.example",)), world.record("2", "B", emails=("x@y.example",))
    )
    assert len(await world.crosswalk.find(LookupKey("email", "x@y.example"))) == 2


@pytest.mark.parametrize("value", ["", "   ", "@", "no mail", "++", "x" * 5000])
@pytest.mark.parametrize("kind", ["number", "email", "domain", "tax_id", "phone", "external"])
async def test_what_is_no_key_finds_nothing(world: Any, acme: str, kind: str, value: str) -> None:
    assert await world.crosswalk.find(LookupKey(kind, value)) == ()


@pytest.mark.parametrize(
    "text", ["muller", "MÜLL", "söh", "sohne muller", "mueller.ex", "cus_abc", "C-000123", "000123"]
)
async def test_names_are_found_by_the_beginnings_of_their_words_without_accents(
    world: Any, acme: str, text: str
) -> None:
    assert await find(world, text) == [acme]


@pytest.mark.parametrize(
    "text", ['"', "'", "* OR", "{tax} : x", "a & !b", ":*", "\\", "%", "NEAR(", "\x00", "' OR 1=1"]
)
async def test_no_text_is_taken_for_a_query_language(world: Any, acme: str, text: str) -> None:
    assert await find(world, text) == []


@pytest.mark.parametrize("text", ["info@mueller.example", "info", "0301234567", "+49301234567", "4930123"])
async def test_a_viewer_without_the_class_never_matches_by_personal_terms(world: Any, acme: str, text: str) -> None:
    assert await find(world, text) == [acme]
    assert await find(world, text, classes=ALL - {Sensitivity.PERSONAL}) == []


@pytest.mark.parametrize("text", ["DE123456789", "123456789", "de12345"])
async def test_a_viewer_without_the_class_never_matches_by_tax_terms(world: Any, acme: str, text: str) -> None:
    assert await find(world, text) == [acme]
    assert await find(world, text, classes=ALL - {Sensitivity.TAX}) == []


async def test_a_persons_mailbox_domain_is_no_internal_term(world: Any) -> None:
    await world.see("erp", "1", "A", kind=CustomerKind.PERSON, emails=("jo@smith.example",))
    assert await find(world, "smith.example", classes=INTERNAL) == []


async def test_what_is_meant_exactly_comes_first_then_names_that_begin_so(world: Any) -> None:
    await world.observe(
        "erp",
        world.record("1", "N1", name="Zeta Alpha"),
        world.record("2", "N2", name="Alpha Two"),
        world.record("3", "Alpha", name="Unlike"),
        world.record("4", "N4", name="Alpha One"),
    )
    expected = [await world.whose("erp", i) for i in ("3", "4", "2", "1")]
    assert await find(world, "alpha") == expected


async def test_pages_follow_one_another_without_gap_or_double(world: Any) -> None:
    await world.observe("erp", *(world.record(str(i), f"N{i}", name=f"Alpha {i % 3}") for i in range(25)))
    for text in ("alpha", None):
        seen: list[str] = []
        after = None
        while True:
            page = await world.crosswalk.search(CustomerQuery(text=text, classes=ALL, first=7, after=after))
            assert page.total == 25
            seen += page.uids
            if not page.has_next:
                break
            after = page.cursors[-1]
        assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize("text", ["alpha", "beta", "a", "alpha beta", "n1"])
async def test_a_search_that_hits_too_many_to_sort_gives_the_same_in_the_same_order(
    world: Any, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    names = ("Alpha", "Alpha Beta", "Beta Alpha", "Aaron Alpha", "Zeta Beta Alpha", "Unlike")
    await world.observe(
        "erp",
        *(world.record(str(i), f"N{i}", name=f"{names[i % 6]} {i % 4}", tier=("a", "b")[i % 2]) for i in range(60)),
        world.record("x", "Alpha", name="Meant exactly", tier="a"),
        world.record("y", "Beta", name="Beta meant exactly", tier="b"),
    )
    sorted_pages = {tier: await all_pages(world, text, tier) for tier in (None, "a")}
    monkeypatch.setattr(search, "MAX_TOTAL", 4)
    for tier, (seen, _) in sorted_pages.items():
        walked, total = await all_pages(world, text, tier)
        assert walked == seen
        assert total == (None if len(seen) > 4 else len(seen))


async def all_pages(world: Any, text: str, tier: str | None) -> tuple[list[str], int | None]:
    """All hits, four at a time, and how many there are said to be."""
    seen: list[str] = []
    after = None
    while True:
        page = await world.crosswalk.search(CustomerQuery(text=text, classes=ALL, first=4, after=after, tier=tier))
        seen += page.uids
        if not page.has_next:
            return seen, page.total
        after = page.cursors[-1]


async def test_without_a_text_the_newest_customers_come_first(world: Any) -> None:
    from datetime import UTC, datetime

    for year in (2021, 2023, 2022):
        await world.see("erp", str(year), str(year), created_at=datetime(year, 1, 1, tzinfo=UTC))
    assert await find(world, None) == [await world.whose("erp", y) for y in ("2023", "2022", "2021")]


@pytest.mark.parametrize("after", ["x", "!", "W10", "eyJhIjoxfQ", ""])
async def test_a_position_of_no_list_is_refused(world: Any, after: str) -> None:
    for text in ("a", None):
        with pytest.raises(BadPosition):
            await find(world, text, after=after)


async def test_filters_and_row_limits_hold_for_every_hit(world: Any, acme: str) -> None:
    await world.see("erp", "2", "C-2", name="Müller Zwei", tier="standard", owner="Ben")
    other = await world.whose("erp", "2")
    assert set(await find(world, "müller")) == {acme, other}
    assert await find(world, "müller", tier="premium") == [acme]
    assert await find(world, "müller", owner="Ben") == [other]
    assert await find(world, "müller", linked_to=world.uid("billing")) == [acme]
    assert await find(world, "müller", rows=RowLimit(tier="standard")) == [other]
    assert await find(world, "müller", rows=RowLimit(owner="Anna")) == [acme]
    assert await find(world, "müller", rows=RowLimit(customers=frozenset(["c-2"]))) == [other]
    assert await find(world, None, rows=RowLimit(customers=frozenset([acme]))) == [acme]
    assert await find(world, "C-000123", rows=RowLimit(customers=frozenset())) == []
    assert await find(world, None, tier="premium", rows=RowLimit(tier="standard")) == []
    assert await find(world, "nothing", also=(acme,), rows=RowLimit(owner="Ben")) == []


async def test_customers_found_elsewhere_come_first_under_the_same_filters(world: Any, acme: str) -> None:
    await world.see("erp", "2", "C-2", name="INV-7 Ltd")
    assert await find(world, "INV-7", also=(acme,)) == [acme, await world.whose("erp", "2")]


async def test_a_document_that_was_found_elsewhere_shows_to_a_viewer_of_no_class(world: Any, acme: str) -> None:
    assert await find(world, "INV-7", also=(acme,), classes=frozenset()) == [acme]
    assert await find(world, "C-000123", classes=frozenset()) == []


async def test_children_are_listed_by_their_parent_though_it_came_later_or_was_merged(world: Any) -> None:
    await world.see("crm", "child", "N1", parent=CustomerRef("party", "top"))
    await world.see("crm", "top", "N0")
    child, top = await world.whose("crm", "child"), await world.whose("crm", "top")
    assert (await world.crosswalk.customers([child]))[child].parent_uid == top
    assert (await world.crosswalk.children(top, RowLimit(), 10)).uids == (child,)
    await world.see("erp", "1", "N9")
    await world.see("crm", "top", "N9")
    survivor = await world.whose("erp", "1")
    assert (await world.crosswalk.children(top, RowLimit(), 10)).uids == (child,)
    assert (await world.crosswalk.children(survivor, RowLimit(), 10)).uids == (child,)


async def test_a_customer_without_records_is_not_found(world: Any, acme: str) -> None:
    await world.crosswalk.gone(world.origins["erp"], [CustomerRef("party", "17")])
    assert await find(world, "söhne") == []
    await world.crosswalk.gone(world.origins["billing"], [CustomerRef("party", "cus_AbC")])
    assert await find(world, "mueller") == []
    assert await find(world, None) == []


async def test_a_search_among_a_thousand_takes_milliseconds(world: Any) -> None:
    await world.observe("erp", *(world.record(str(i), f"N{i}", name=f"Alpha {i}") for i in range(1000)))
    await find(world, "alpha")
    started = time.process_time()
    for _ in range(5):
        await find(world, "alpha 77")
    assert (time.process_time() - started) / 5 < 0.1


async def test_fifty_customers_cost_three_queries_and_a_second_look_one_of_a_row(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.observe("erp", *(world.record(str(i), f"N{i}") for i in range(50)))
    uids = (await world.crosswalk.search(CustomerQuery(first=50))).uids
    asked: list[Prepared] = []
    ask = world.crosswalk.database.ask

    async def counted(read: Any, keys: int) -> Any:
        def noting(rows: Rows) -> Any:
            def noted(statement: Prepared, **given: Any) -> Any:
                asked.append(statement)
                return rows(statement, **given)

            return read(noted)

        return await ask(noting, keys)

    monkeypatch.setattr(world.crosswalk.database, "ask", counted)
    assert None not in (await world.crosswalk.customers(uids)).values()
    assert asked == [changes.SINCE, reading.CUSTOMERS, reading.LINKS]
    asked.clear()
    await world.crosswalk.customers(uids)
    assert asked == [changes.SINCE]
    await world.see("erp", "7", "N7", name="Changed")
    known = (await world.crosswalk.customers(uids)).values()
    assert "Changed" in {customer.display_name for customer in known}
