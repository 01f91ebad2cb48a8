"""Every key asked for is in the answer, once, whatever the order, the duplicates or the number of them."""

import pytest

from sources.canonical.provenance import CustomerRef
from sources.capabilities import Page
from sources.faults import SourceFault
from tests.contracts.small_world import RICH, crowd
from tests.contracts.source_under_test import (
    BATCHED,
    BY_CUSTOMER,
    BY_ID,
    LISTS,
    SEVERAL,
    UNKNOWN_REF_ID,
    Source,
    unknown_like,
)

MANY = 300  # more than any vendor's batch


@pytest.mark.methods(*BATCHED)
async def test_nothing_asked_is_nothing_answered_without_a_call(light: Source, method: str) -> None:
    before = light.calls_so_far()
    assert await light.ask(method, []) == {}
    assert light.calls_so_far() == before


@pytest.mark.methods(*BATCHED)
async def test_what_is_asked_twice_is_answered_once_at_the_same_cost(light: Source, method: str) -> None:
    keys = (await light.keys(method, RICH))[:3]
    assert keys, "nothing of the kind in the small world"
    await light.ask(method, keys)  # tokens and lookups that are made once
    before = light.calls_so_far()
    once = await light.ask(method, keys)
    cost = light.calls_so_far() - before
    again = await light.ask(method, [*keys, *reversed(keys)])
    assert light.calls_so_far() - before == 2 * cost
    assert set(again) == set(keys) == set(once)


@pytest.mark.methods(*LISTS, "case_messages")
async def test_an_unknown_key_of_a_list_holds_an_empty_page(light: Source, method: str) -> None:
    unknown = await light.unknown_key(method, RICH)
    known = (await light.keys(method, RICH))[:1]
    answer = await light.ask(method, [unknown, *known])
    assert answer[unknown] == Page((), None)
    assert all(isinstance(answer[key], Page) for key in known)


@pytest.mark.methods(*BY_CUSTOMER, *BY_ID)
async def test_an_unknown_key_of_a_record_holds_none(light: Source, method: str) -> None:
    unknown = await light.unknown_key(method, RICH)
    known = (await light.keys(method, RICH))[:1]
    answer = await light.ask(method, [unknown, *known])
    assert answer[unknown] is None
    assert all(answer[key] is not None and not isinstance(answer[key], SourceFault) for key in known)


@pytest.mark.methods(*SEVERAL)
async def test_an_unknown_key_of_several_holds_nothing(light: Source, method: str) -> None:
    unknown = await light.unknown_key(method, RICH)
    assert await light.ask(method, [unknown]) == {unknown: ()}


@pytest.mark.methods(*BY_ID, "case_messages", "invoice_lines")
@pytest.mark.parametrize("nonsense", ["", "no such id", "../../etc", "1,2", "x' OR 1=1", "ä" * 40])
async def test_an_id_that_cannot_be_one_harms_nobody_else(light: Source, method: str, nonsense: str) -> None:
    known = (await light.keys(method, RICH))[:1]
    answer = await light.ask(method, [nonsense, *known])
    assert set(answer) == {nonsense, *known}
    assert answer[nonsense] in (None, (), Page((), None)) or isinstance(answer[nonsense], SourceFault)
    assert not any(isinstance(answer[key], SourceFault) for key in known)


@pytest.mark.methods("customer_records", *LISTS)
async def test_a_reference_of_another_sources_type_is_unknown(light: Source, method: str) -> None:
    foreign = CustomerRef("no_such_type", UNKNOWN_REF_ID)
    known = await light.ref_of(RICH)
    answer = await light.ask(method, [foreign, known])
    assert answer[foreign] in (None, Page((), None))
    assert not isinstance(answer[known], SourceFault)


@pytest.mark.methods(*BATCHED)
async def test_three_hundred_keys_are_answered_however_small_the_vendors_batch(source: Source, method: str) -> None:
    source.absorb(crowd(MANY))
    keys = await many_keys(source, method)
    answer = await source.ask(method, keys)
    assert set(answer) == set(keys)
    assert not [value for value in answer.values() if isinstance(value, SourceFault)]


async def many_keys(source: Source, method: str) -> list[object]:
    """Three hundred keys: as many as there are, filled up with unknown ones."""
    batches = await source.scan()
    records = [record for batch in batches for record in batch.records]
    if method in (*LISTS, *BY_CUSTOMER):
        return [record.ref for record in records]
    if method == "customers_by_number":
        return [record.number for record in records if record.number]
    if method == "ledger_documents":
        return [f"INV-C-2{n:05}" for n in range(MANY)]
    seed = [] if method.startswith(("refunds", "disputes")) else await source.keys(method, "C-200000")
    example = seed[0] if seed else UNKNOWN_REF_ID
    return [*seed, *(unknown_like(example, salt) for salt in range(1, MANY))]


async def test_every_customer_of_the_crowd_is_found_by_its_number(source: Source) -> None:
    source.absorb(crowd(MANY))
    numbers = [f"C-2{n:05}" for n in range(MANY)]
    answer = await source.adapter.customers_by_number(numbers)
    assert set(answer) == set(numbers)
    for number in numbers:
        assert [record.number for record in answer[number]] == [number]
