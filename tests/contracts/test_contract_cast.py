"""The demo's world in every simulator: absorbed quickly, and its stories can be found through the adapters."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from sources.canonical.billing import DisputeStatus, InvoiceStatus, PaymentStatus, SubscriptionStatus
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.simulation.facts import CaseOpened, CustomerKnown, InvoiceIssued
from sources.simulation.world import BY_KEY, Living, customers_only, world
from sources.simulation.world.amounts import gross_money
from tests.contracts.source_under_test import Source

UNTIL = datetime.now(UTC).replace(microsecond=0)
HISTORY = world(until=UNTIL, customers=30)


@pytest.fixture
async def told(source: Source) -> Source:
    """The connector with the cast and a few more customers."""
    source.absorb(HISTORY)
    return source


def known(key: str) -> CustomerKnown:
    return [f for f in HISTORY if isinstance(f, CustomerKnown) and f.customer == BY_KEY[key].number][-1]


def invoices(key: str) -> list[InvoiceIssued]:
    return [f for f in HISTORY if isinstance(f, InvoiceIssued) and f.customer == BY_KEY[key].number]


def cases_told(key: str) -> list[CaseOpened]:
    return [f for f in HISTORY if isinstance(f, CaseOpened) and f.customer == BY_KEY[key].number]


async def ref_of(source: Source, key: str) -> CustomerRef:
    return (await source.adapter.customers_by_number([BY_KEY[key].number]))[BY_KEY[key].number][0].ref


async def unlinked(source: Source, name: str) -> list:
    """The records of that name that carry no customer number."""
    return [r for batch in await source.scan() for r in batch.records if r.name == name and r.number is None]


async def test_the_whole_demo_is_absorbed_within_seconds(source: Source) -> None:
    facts = world(until=UNTIL)
    started = time.process_time()
    source.absorb(facts)
    assert time.process_time() - started < 8
    living = Living(facts)
    source.absorb(living.next_fact(UNTIL + timedelta(seconds=place)) for place in range(300))


async def test_ten_thousand_customers_are_no_trouble(source: Source) -> None:
    started = time.process_time()
    source.absorb(islice(customers_only(10_000, until=UNTIL), 10_000))
    assert time.process_time() - started < 10
    found = await source.adapter.customers_by_number(["C-009999", "C-000500"])
    assert len([records for records in found.values() if records]) >= 1


@pytest.mark.roles("erp")
async def test_the_ledger_has_another_total_for_one_invoice(told: Source) -> None:
    fact = next(fact for fact in invoices("ledger-mismatch") if fact.ledger == "differs")
    documents = (await told.adapter.ledger_documents([fact.number]))[fact.number]
    assert [document.total for document in documents] == [Money.of(fact.ledger_total, fact.currency)]
    assert documents[0].total != gross_money(fact.lines, fact.currency)


@pytest.mark.roles("erp")
async def test_one_invoice_is_missing_from_the_ledger(told: Source) -> None:
    fact = next(fact for fact in invoices("ledger-missing") if fact.ledger == "missing")
    assert (await told.adapter.ledger_documents([fact.number]))[fact.number] == ()


@pytest.mark.roles("erp")
async def test_two_documents_of_the_ledger_have_the_same_number(told: Source) -> None:
    number = next(fact.number for fact in invoices("duplicate-reference") if fact.ledger_copies == 2)
    assert len((await told.adapter.ledger_documents([number]))[number]) == 2


@pytest.mark.roles("billing")
async def test_billing_has_the_duplicated_invoice_once(told: Source) -> None:
    number = next(fact.number for fact in invoices("duplicate-reference") if fact.ledger_copies == 2)
    listed = await told.whole_list("invoices_of", await ref_of(told, "duplicate-reference"))
    assert [record.number for record in listed].count(number) == 1


@pytest.mark.roles("billing")
async def test_a_billing_record_without_a_number_shares_its_mailbox_with_two_customers(told: Source) -> None:
    records = await unlinked(told, known("ambiguous").names_by_system["billing"])
    assert [record.emails for record in records] == [("office@zwartveen.example",)]
    assert records[0].tax_ids == ()


@pytest.mark.roles("billing")
async def test_a_billing_record_shares_the_tax_number_with_its_customer_and_nothing_else(told: Source) -> None:
    fact = known("tax-id-only")
    (record,) = await unlinked(told, fact.names_by_system["billing"])
    assert [tax.value for tax in record.tax_ids] == [fact.tax_id]
    assert record.emails == (fact.emails_by_system["billing"],)
    assert record.name != fact.name


@pytest.mark.methods("invoices_of")
async def test_one_customer_has_three_pages_of_invoices(told: Source, method: str) -> None:
    pages = await told.pages(method, await ref_of(told, "many-invoices"))
    assert len(pages) >= 3
    assert sum(len(page.records) for page in pages) == len(invoices("many-invoices"))


@pytest.mark.roles("billing")
async def test_a_card_was_declined_and_the_subscription_is_past_due(told: Source) -> None:
    ref = await ref_of(told, "failed-payment")
    payments = await told.whole_list("payments_of", ref)
    assert payments[0].status is PaymentStatus.FAILED
    assert payments[0].failure_reason
    assert (await told.whole_list("invoices_of", ref))[0].status is InvoiceStatus.OPEN
    subscriptions = await told.whole_list("subscriptions_of", ref)
    assert [subscription.status for subscription in subscriptions] == [SubscriptionStatus.PAST_DUE]


@pytest.mark.roles("billing")
async def test_a_dispute_awaits_an_answer(told: Source) -> None:
    payments = await told.whole_list("payments_of", await ref_of(told, "disputed"))
    found = await told.adapter.disputes_of_payments([payment.provenance.record_id for payment in payments])
    assert DisputeStatus.OPEN in {dispute.status for several in found.values() for dispute in several}


@pytest.mark.roles("support")
async def test_an_urgent_case_has_broken_its_promise(told: Source) -> None:
    cases = await told.whole_list("cases_of", await ref_of(told, "sla-breach"))
    urgent = next(case for case in cases if case.subject.startswith("Service is down"))
    assert urgent.sla_milestones is None or any(milestone.breached for milestone in urgent.sla_milestones)
    (number,) = next(fact.invoices for fact in cases_told("sla-breach") if fact.subject.startswith("Service is down"))
    if "invoice_numbers" in told.plugin.optional_fields:
        assert urgent.invoice_numbers == (number,)


@pytest.mark.roles("billing")
async def test_the_invoice_of_that_case_is_owed_and_what_was_paid_before_can_be_refunded(told: Source) -> None:
    ref = await ref_of(told, "sla-breach")
    (number,) = next(fact.invoices for fact in cases_told("sla-breach") if fact.subject.startswith("Service is down"))
    owed = next(invoice for invoice in await told.whole_list("invoices_of", ref) if invoice.number == number)
    assert owed.status is InvoiceStatus.OPEN
    assert owed.balance.minor > 50_000
    payments = await told.whole_list("payments_of", ref)
    assert any(payment.status is PaymentStatus.SUCCEEDED and payment.amount.minor > 50_000 for payment in payments)


@pytest.mark.roles("crm")
async def test_the_contract_behind_that_case_has_a_credit_cap(told: Source) -> None:
    contracts = await told.whole_list("contracts_of", await ref_of(told, "sla-breach"))
    assert contracts[0].credit_cap is not None


@pytest.mark.roles("crm")
async def test_a_parent_and_its_children_are_told_apart(told: Source) -> None:
    parent = await ref_of(told, "parent")
    children = [await ref_of(told, f"child-{place}") for place in (1, 2, 3)]
    records = await told.adapter.customer_records(children)
    assert {record.parent for record in records.values()} <= {parent, None}


async def test_only_the_crm_knows_the_prospect(told: Source) -> None:
    number = BY_KEY["crm-only"].number
    found = (await told.adapter.customers_by_number([number]))[number]
    assert bool(found) == (told.plugin.role == "crm")


async def test_a_person_is_a_person(told: Source) -> None:
    number = BY_KEY["person"].number
    found = (await told.adapter.customers_by_number([number]))[number]
    assert [record.name for record in found] == ["Paloma Garrano"]
