"""What an adapter says equals what happened in the world: nothing lost, every amount to the minor unit."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

import pytest

from sources.canonical.billing import InvoiceStatus, PaymentStatus, RefundStatus
from sources.canonical.crm import ContractStatus
from sources.canonical.money import Money
from sources.canonical.support import CasePriority, CaseStatus
from sources.simulation.facts import (
    CaseMoved,
    CaseOpened,
    ContractSigned,
    CreditIssued,
    CustomerKnown,
    DisputeOpened,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    MessageWritten,
    OpportunityMoved,
    OrderPlaced,
    PaymentTried,
    PersonJoined,
    RefundMade,
    SubscriptionChanged,
)
from sources.simulation.world.amounts import gross_money, tax_money
from tests.contracts import small_world
from tests.contracts.small_world import BULKY, CHILD, DINAR, NOW, RICH, UNKEYED, YEN
from tests.contracts.source_under_test import Source

CUSTOMERS = (RICH, BULKY, YEN, DINAR, UNKEYED, CHILD)
STATUS = {
    "new": CaseStatus.NEW,
    "open": CaseStatus.OPEN,
    "pending": CaseStatus.PENDING,
    "hold": CaseStatus.ON_HOLD,
    "solved": CaseStatus.RESOLVED,
    "closed": CaseStatus.CLOSED,
}
PRIORITY = {
    "low": CasePriority.LOW,
    "normal": CasePriority.NORMAL,
    "high": CasePriority.HIGH,
    "urgent": CasePriority.URGENT,
    None: CasePriority.NORMAL,
}
CONTRACT = {
    "draft": ContractStatus.DRAFT,
    "activated": ContractStatus.ACTIVE,
    "terminated": ContractStatus.TERMINATED,
}
F = TypeVar("F", bound=Fact)


def told(kind: type[F], customer: str) -> list[F]:
    return [fact for fact in small_world.deep() if isinstance(fact, kind) and fact.customer == customer]


def multiset(items: Iterable[object]) -> Counter[object]:
    return Counter(items)


async def lists(source: Source, method: str, customer: str) -> list:
    return await source.whole_list(method, await source.ref_of(customer))


def world_number(record: object, numbers: set[str]) -> str | None:
    """The world's number of an invoice: printed on it, or kept as the other system's reference."""
    return next((n for n in (record.number, record.reference) if n in numbers), None)


@pytest.mark.methods("invoices_of")
@pytest.mark.parametrize("customer", CUSTOMERS)
async def test_every_invoice_is_there_with_its_total_and_its_dates(deep: Source, method: str, customer: str) -> None:
    facts = {fact.number: fact for fact in told(InvoiceIssued, customer)}
    found = {world_number(record, set(facts)): record for record in await lists(deep, method, customer)}
    assert set(found) == set(facts)
    for number, record in found.items():
        fact = facts[number]
        assert record.total == gross_money(fact.lines, fact.currency), number
        assert record.tax in (None, tax_money(fact.lines, fact.currency)), number
        assert record.issued_at == fact.issued, number
        assert record.due_at in (None, fact.due), number


@pytest.mark.methods("invoices_of")
@pytest.mark.parametrize("customer", CUSTOMERS)
async def test_what_is_owed_is_the_total_less_payments_and_credits(deep: Source, method: str, customer: str) -> None:
    facts = {fact.number: fact for fact in told(InvoiceIssued, customer)}
    closed = {fact.number: fact.how for fact in told(InvoiceClosed, customer)}
    settled = settled_by_invoice(customer)
    for record in await lists(deep, method, customer):
        number = world_number(record, set(facts))
        if number in closed:
            continue
        fact = facts[number]
        due = gross_money(fact.lines, fact.currency).minor - settled[number]
        assert record.balance == Money(due, fact.currency), number
        expected = InvoiceStatus.OPEN if not settled[number] else InvoiceStatus.PARTIALLY_PAID
        assert record.status is (expected if due else InvoiceStatus.PAID), number


def settled_by_invoice(customer: str) -> Counter[str]:
    settled: Counter[str] = Counter()
    for payment in told(PaymentTried, customer):
        if payment.succeeded:
            settled[payment.invoice] += Money.of(payment.amount, payment.currency).minor
    for credit in told(CreditIssued, customer):
        settled[credit.invoice] += Money.of(credit.amount, credit.currency).minor
    return settled


@pytest.mark.roles("billing")  # the only one that is told of them
@pytest.mark.methods("invoices_of")
async def test_withdrawn_and_given_up_invoices_say_so(deep: Source, method: str) -> None:
    by_number = {record.number: record for record in await lists(deep, method, RICH)}
    for fact in told(InvoiceClosed, RICH):
        expected = {"void": InvoiceStatus.VOID, "uncollectible": InvoiceStatus.UNCOLLECTIBLE}[fact.how]
        assert by_number[fact.number].status is expected


@pytest.mark.methods("invoice_lines")
@pytest.mark.parametrize("customer", [RICH, YEN, DINAR, CHILD])
async def test_the_lines_add_up_to_the_invoice_before_tax(light: Source, method: str, customer: str) -> None:
    facts = {fact.number: fact for fact in told(InvoiceIssued, customer)}
    records = await lists(light, "invoices_of", customer)
    answer = await light.ask(method, [record.provenance.record_id for record in records])
    for record in records:
        fact = facts[world_number(record, set(facts))]
        lines = answer[record.provenance.record_id]
        assert len(lines) == len(fact.lines)
        before_tax = gross_money(fact.lines, fact.currency) - tax_money(fact.lines, fact.currency)
        assert sum((line.total for line in lines), Money(0, fact.currency)) == before_tax
        assert multiset(line.quantity for line in lines if line.quantity is not None) <= multiset(
            line.quantity for line in fact.lines
        )


@pytest.mark.methods("payments_of")
@pytest.mark.parametrize("customer", CUSTOMERS)
async def test_every_payment_is_there_with_its_amount(deep: Source, method: str, customer: str) -> None:
    facts = told(PaymentTried, customer)
    found = await lists(deep, method, customer)
    said = multiset((record.amount, record.status is PaymentStatus.FAILED) for record in found)
    assert said == multiset((Money.of(fact.amount, fact.currency), not fact.succeeded) for fact in facts)


@pytest.mark.methods("payments_of")
async def test_refunds_hang_on_their_payment_and_lessen_what_can_be_refunded(light: Source, method: str) -> None:
    status = {"succeeded": RefundStatus.SUCCEEDED, "pending": RefundStatus.PENDING, "failed": RefundStatus.FAILED}
    payments = await lists(light, method, RICH)
    refunds = [refund for payment in payments for refund in payment.refunds]
    facts = told(RefundMade, RICH)
    assert multiset((refund.amount, refund.status) for refund in refunds) == multiset(
        (Money.of(fact.amount, fact.currency), status[fact.status]) for fact in facts
    )
    for payment in payments:
        if payment.refunds and payment.refundable is not None:
            back = sum((refund.amount for refund in payment.refunds), Money(0, payment.amount.currency))
            assert payment.refundable == payment.amount - back
            assert payment.status is PaymentStatus.PARTIALLY_REFUNDED
    alone = await light.ask("refunds", [refund.provenance.record_id for refund in refunds])
    assert {record.amount for record in alone.values()} == {refund.amount for refund in refunds}


@pytest.mark.roles("billing")
@pytest.mark.methods("payments_of")
async def test_an_invoice_and_its_payments_find_each_other(light: Source, method: str) -> None:
    facts = told(InvoiceIssued, RICH)
    refs = [ref for payment in await lists(light, method, RICH) for ref in payment.refs]
    assert len(refs) == len(set(refs)), "two payments answer to the same reference"
    paid = {fact.invoice for fact in told(PaymentTried, RICH) if fact.succeeded}
    for record in await lists(light, "invoices_of", RICH):
        if world_number(record, {fact.number for fact in facts}) in paid:
            assert set(record.payment_refs) & set(refs), record.number


@pytest.mark.methods("credit_memos_of")
async def test_a_credit_memo_names_its_invoice_and_its_amount(light: Source, method: str) -> None:
    fact = told(CreditIssued, RICH)[0]
    memos = await lists(light, method, RICH)
    assert [memo.amount for memo in memos] == [Money.of(fact.amount, fact.currency)]
    if light.offers("invoices_of"):
        invoices = {record.provenance.record_id: record for record in await lists(light, "invoices_of", RICH)}
        assert world_number(invoices[memos[0].invoice_ref], {fact.invoice}) == fact.invoice
    assert memos[0].case_number in (None, fact.case)


@pytest.mark.methods("disputes_of_payments")
async def test_a_dispute_is_found_by_its_payment(light: Source, method: str) -> None:
    fact = told(DisputeOpened, RICH)[0]
    payments = await lists(light, "payments_of", RICH)
    answer = await light.ask(method, [payment.provenance.record_id for payment in payments])
    found = [(key, dispute) for key, disputes in answer.items() for dispute in disputes]
    assert [dispute.amount for _, dispute in found] == [Money.of(fact.amount, fact.currency)]
    disputed = next(payment for payment in payments if payment.disputed)
    assert found[0][0] == disputed.provenance.record_id
    assert found[0][1].payment_ref in disputed.refs
    alone = await light.ask("disputes", [found[0][1].provenance.record_id])
    assert alone[found[0][1].provenance.record_id].amount == found[0][1].amount


@pytest.mark.methods("cases_of")
@pytest.mark.parametrize("customer", CUSTOMERS)
async def test_every_case_is_there_with_its_status_and_priority(deep: Source, method: str, customer: str) -> None:
    status = {fact.key: "new" for fact in told(CaseOpened, customer)}
    for fact in told(CaseMoved, customer):
        status[fact.key] = fact.status
    found = {case.number: case for case in await lists(deep, method, customer)}
    assert set(found) == {fact.key for fact in told(CaseOpened, customer)}
    for fact in told(CaseOpened, customer):
        case = found[fact.key]
        assert (case.status, case.priority) == (STATUS[status[fact.key]], PRIORITY[fact.priority]), fact.key
        assert (case.subject, case.opened_at) == (fact.subject, fact.at)


@pytest.mark.methods("cases_of")
async def test_a_status_of_the_teams_own_keeps_its_word(light: Source, method: str) -> None:
    custom = next(fact for fact in told(CaseMoved, RICH) if fact.custom_status)
    case = next(case for case in await lists(light, method, RICH) if case.number == custom.key)
    assert case.vendor_status == custom.custom_status


@pytest.mark.methods("case_messages")
async def test_the_messages_of_a_case_are_there_notes_marked_as_such(light: Source, method: str) -> None:
    fact = told(CaseOpened, RICH)[0]
    case = next(c for c in await lists(light, "cases_of", RICH) if c.number == fact.key)
    messages = await light.whole_list(method, case.provenance.record_id)
    said = {(message.text, message.public, message.from_customer) for message in messages}
    written = [message for message in told(MessageWritten, RICH) if message.case == fact.key]
    assert {(m.text, m.public, not m.author.startswith("agent:")) for m in written} <= said
    assert len(messages) - len(written) in (0, 1), "at most the description is a message besides"


@pytest.mark.methods("contacts_of")
@pytest.mark.parametrize("customer", [RICH, BULKY, CHILD])
async def test_every_contact_is_there(deep: Source, method: str, customer: str) -> None:
    found = await lists(deep, method, customer)
    assert multiset((c.name, c.email) for c in found) == multiset(
        (f.name, f.email) for f in told(PersonJoined, customer)
    )


@pytest.mark.methods("contracts_of")
@pytest.mark.parametrize("customer", [RICH, BULKY, YEN, DINAR])
async def test_every_contract_is_there_with_its_worth_and_its_cap(deep: Source, method: str, customer: str) -> None:
    facts = {fact.number: fact for fact in told(ContractSigned, customer)}
    found = {record.number: record for record in await lists(deep, method, customer)}
    assert set(found) == set(facts)
    for number, record in found.items():
        fact = facts[number]
        assert record.total_value in (None, Money.of(fact.total_value, fact.currency))
        assert record.credit_cap == Money.of(fact.credit_cap, fact.currency)
        assert record.sla_tier == fact.sla_tier
        assert record.status is CONTRACT[fact.status]
        assert record.start_date == fact.start


@pytest.mark.methods("opportunities_of")
@pytest.mark.parametrize("customer", [RICH, BULKY])
async def test_every_opportunity_is_there_at_its_stage(deep: Source, method: str, customer: str) -> None:
    won = {"Closed Won": True, "Closed Lost": False}
    said = multiset((r.name, r.stage, r.amount, r.won) for r in await lists(deep, method, customer))
    facts = told(OpportunityMoved, customer)
    assert said == multiset((f.name, f.stage, Money.of(f.amount, f.currency), won.get(f.stage)) for f in facts)


@pytest.mark.methods("subscriptions_of")
@pytest.mark.parametrize("customer", [RICH, BULKY])
async def test_every_subscription_is_there_ended_ones_too(deep: Source, method: str, customer: str) -> None:
    facts = told(SubscriptionChanged, customer)
    found = await lists(deep, method, customer)
    assert multiset((r.status.value.lower(), r.quantity) for r in found) == multiset(
        (f.status, f.quantity) for f in facts
    )
    assert {record.recurring for record in found} <= {Money.of(90, "EUR"), Money.of(360, "EUR")}


@pytest.mark.methods("orders_of")
@pytest.mark.parametrize("customer", [RICH, BULKY])
async def test_every_order_is_there_with_its_total(deep: Source, method: str, customer: str) -> None:
    facts = told(OrderPlaced, customer)
    found = await lists(deep, method, customer)
    assert multiset((r.number, r.total) for r in found) == multiset(
        (f.number, gross_money(f.lines, f.currency)) for f in facts
    )


@pytest.mark.methods("ledger_documents")
@pytest.mark.parametrize("customer", [RICH, YEN, DINAR, CHILD])
async def test_the_ledger_has_the_same_total_for_every_invoice(light: Source, method: str, customer: str) -> None:
    facts = {fact.number: fact for fact in told(InvoiceIssued, customer)}
    answer = await light.ask(method, list(facts))
    assert set(answer) == set(facts)
    for number, fact in facts.items():
        totals = [document.total for document in answer[number]]
        assert totals == [gross_money(fact.lines, fact.currency)], number


@pytest.mark.methods("ledger_accounts")
async def test_the_account_owes_what_its_open_invoices_add_up_to(light: Source, method: str) -> None:
    for customer in (YEN, DINAR, CHILD, UNKEYED):
        ref = await light.ref_of(customer)
        owed = sum(gross_money(f.lines, f.currency).minor for f in told(InvoiceIssued, customer))
        owed -= sum(settled_by_invoice(customer).values())
        account = (await light.ask(method, [ref]))[ref]
        assert account.customer_number == customer
        assert account.receivable is None or account.receivable.minor == owed, customer


@pytest.mark.methods("customers_by_number")
async def test_a_customer_is_found_by_its_number_with_its_data(light: Source, method: str) -> None:
    facts = {fact.number: fact for fact in small_world.light() if isinstance(fact, CustomerKnown)}
    role = light.plugin.role
    keyed = [number for number, fact in facts.items() if role in fact.keyed]
    answer = await light.ask(method, list(facts))
    for number, fact in facts.items():
        assert [record.number for record in answer[number]] == ([number] if number in keyed else []), number
        for record in answer[number]:
            assert record.name in (fact.name, fact.legal_name)
            assert set(record.domains) <= {fact.domain}
            assert set(record.emails) <= {fact.email}
            assert {tax.value.replace(" ", "") for tax in record.tax_ids} <= {fact.tax_id}
            assert not record.deleted


async def test_a_scan_gives_every_customer_once_and_can_be_resumed(source: Source) -> None:
    source.absorb(small_world.crowd(250))
    source.absorb(small_world.light())
    batches = await source.scan()
    refs = [record.ref for batch in batches for record in batch.records]
    assert len(refs) == len(set(refs))
    facts = [fact for fact in [*small_world.crowd(250), *small_world.light()] if isinstance(fact, CustomerKnown)]
    names = {record.name for batch in batches for record in batch.records}
    assert {fact.name for fact in facts if source.plugin.role in fact.systems} <= names
    assert batches[-1].resume is None
    assert all(batch.total in (None, len(refs)) for batch in batches)
    for batch in batches[:-1]:
        after = [record.ref async for later in source.adapter.scan_customers(batch.resume) for record in later.records]
        seen = batches[: batches.index(batch) + 1]
        assert set(refs) <= {record.ref for earlier in seen for record in earlier.records} | set(after)


@pytest.mark.methods("customers_of_document")
async def test_a_documents_number_leads_to_its_customer(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    numbers = {
        "support": told(CaseOpened, RICH)[0].key,
        "billing": told(InvoiceIssued, RICH)[0].number,
        "erp": told(InvoiceIssued, RICH)[0].number,
        "crm": told(ContractSigned, RICH)[0].number,
    }
    assert ref in await light.adapter.customers_of_document(numbers[light.plugin.role])
    assert await light.adapter.customers_of_document("NO-SUCH-0000") == ()


@pytest.mark.methods("ledger_accounts", "tax_contexts", "customer_records")
async def test_flags_and_limits_of_a_customer_are_told_or_unknown_never_wrong(light: Source, method: str) -> None:
    plain, marked = await light.ref_of(RICH), await light.ref_of(CHILD)
    answer = await light.ask(method, [plain, marked])
    if method == "ledger_accounts":
        assert answer[plain].credit_hold in (None, False)
        assert answer[marked].credit_hold in (None, True)
    elif method == "tax_contexts":
        assert answer[plain].exempt in (None, False)
        assert answer[marked].exempt in (None, True)
    else:
        assert answer[plain].flags in (None, ())
        assert {flag.value for flag in answer[marked].flags or ()} <= {"VIP", "LEGAL_HOLD", "CREDIT_HOLD"}


def test_the_small_world_is_of_now() -> None:
    assert all(fact.at <= NOW for fact in small_world.deep())
