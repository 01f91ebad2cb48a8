"""Customers: one, by number, all of them, and whose a document is."""

import time_machine

from sources.canonical.provenance import CustomerRef
from sources.stripe.adapter import StripeAdapter
from sources.stripe.customers import quoted
from sources.stripe.simulator import StripeSimulator
from tests.sources.stripe.conftest import START, Adapters, Tale


async def test_a_customer_has_its_number_address_and_tax_numbers(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    record = (await adapter.customer_records([ref]))[ref]
    assert record is not None
    assert (record.number, record.name, record.emails) == ("C-1", "Company C-1", ("c-1@a.example",))
    assert [(a.city, a.purpose) for a in record.addresses] == [("Berlin", "billing")]
    assert [(t.type, t.value, t.verified) for t in record.tax_ids] == [("eu_vat", "DE123456789", True)]


async def test_a_deleted_customer_is_known_to_be_deleted(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    ref = tale.customer()
    simulator.delete_customer("C-1")
    record = (await adapter.customer_records([ref]))[ref]
    assert record is not None
    assert record.deleted


async def test_an_unknown_customer_is_nothing(adapter: StripeAdapter, tale: Tale) -> None:
    ref, unknown = tale.customer(), CustomerRef("customer", "cus_nope")
    answer = await adapter.customer_records([unknown, ref])
    assert answer[unknown] is None
    assert answer[ref] is not None


async def test_a_number_kept_elsewhere_is_read_from_there(adapters: Adapters, simulator: StripeSimulator) -> None:
    tale = Tale(simulator.absorb)
    ref = tale.customer()
    record = simulator.shop.customers.by_id[ref.id]
    simulator.shop.describe("customers", record, {"erp": "K-7"})
    adapter = adapters(customer_key="metadata.erp")
    assert [r.ref for r in (await adapter.customers_by_number(["K-7"]))["K-7"]] == [ref]


async def test_numbers_that_differ_only_in_case_are_kept_apart(adapter: StripeAdapter, tale: Tale) -> None:
    tale.customer("c-1")
    upper = tale.customer("C-1")
    answer = await adapter.customers_by_number(["C-1", "C-9"])
    assert [record.ref for record in answer["C-1"]] == [upper]
    assert answer["C-9"] == ()


async def test_a_number_with_quotes_cannot_widen_the_search(adapter: StripeAdapter, tale: Tale) -> None:
    tale.customer("C-1")
    odd = tale.customer("O'Neil\\")
    answer = await adapter.customers_by_number(["x' OR email:'c-1@a.example", "O'Neil\\"])
    assert answer["x' OR email:'c-1@a.example"] == ()
    assert [record.ref for record in answer["O'Neil\\"]] == [odd]
    assert quoted("a'b\\c") == "'a\\'b\\\\c'"


async def test_a_fresh_customer_is_found_once_the_index_has_caught_up(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    with time_machine.travel(START, tick=True) as clock:
        tale.customer()
        assert (await adapter.customers_by_number(["C-1"]))["C-1"] == ()
        clock.shift(simulator.search_lag_seconds + 1)
        assert len((await adapter.customers_by_number(["C-1"]))["C-1"]) == 1


async def test_all_customers_come_a_hundred_a_call_and_from_where_it_was_left(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    refs = {tale.customer(f"C-{n}") for n in range(250)}
    batches = [batch async for batch in adapter.scan_customers()]
    assert [len(batch.records) for batch in batches] == [100, 100, 50]
    assert {record.ref for batch in batches for record in batch.records} == refs
    assert simulator.harness.count == 3
    again = [batch async for batch in adapter.scan_customers(batches[0].resume)]
    assert [len(batch.records) for batch in again] == [100, 50]
    assert batches[-1].resume is None


async def test_a_scan_goes_on_though_the_customer_at_its_mark_is_gone(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    for n in range(150):
        tale.customer(f"C-{n}", at=START.replace(minute=n % 60, second=n // 60))
    first = await anext(adapter.scan_customers())
    del simulator.shop.customers.by_id[first.records[-1].ref.id]
    rest = [record.ref for batch in [b async for b in adapter.scan_customers(first.resume)] for record in batch.records]
    given = {record.ref for record in first.records}
    assert len(given | set(rest)) == 150


async def test_an_invoice_number_leads_to_its_customer(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    assert await adapter.customers_of_document("INV-1") == (ref,)
    assert await adapter.customers_of_document("INV-2") == ()
