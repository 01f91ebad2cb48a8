"""What the records of a simulated account say: sums, states, and how they name one another."""

from sources.canonical.billing import CreditMemoStatus, InvoiceStatus, PaymentStatus, RefundStatus, SubscriptionStatus
from sources.canonical.customer import CustomerRecord
from sources.canonical.money import Money
from sources.capabilities import Window
from sources.stripe.adapter import StripeAdapter
from tests.sources.stripe.conftest import Tale


async def test_an_invoice_its_payment_and_its_refund_find_one_another(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    charge = tale.payment("P-1", "INV-1")
    refund = tale.refund("R-1", "P-1", "20")
    invoice = (await adapter.invoices_of([ref], Window()))[ref].records[0]
    payment = (await adapter.payments_of([ref], Window()))[ref].records[0]
    assert payment.refs[0] == charge
    assert set(invoice.payment_refs) & set(payment.refs)
    assert [r.provenance.record_id for r in payment.refunds] == [refund]
    assert payment.refunds[0].payment_ref == charge
    assert (payment.status, payment.refundable) == (PaymentStatus.PARTIALLY_REFUNDED, Money(10000, "EUR"))
    assert (invoice.status, invoice.balance) == (InvoiceStatus.PAID, Money(0, "EUR"))
    assert (invoice.total, invoice.tax) == (Money(12000, "EUR"), Money(2000, "EUR"))


async def test_a_failed_refund_leaves_what_may_be_refunded(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    tale.payment("P-1", "INV-1")
    tale.refund("R-1", "P-1", "120", status="failed")
    payment = (await adapter.payments_of([ref], Window()))[ref].records[0]
    assert (payment.status, payment.refundable) == (PaymentStatus.SUCCEEDED, Money(12000, "EUR"))
    assert payment.refunds[0].status is RefundStatus.FAILED
    assert payment.refunds[0].failure_reason == "expired_or_canceled_card"


async def test_a_failed_attempt_and_the_payment_after_it_both_belong_to_the_invoice(
    adapter: StripeAdapter, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    tale.payment("P-1", "INV-1", succeeded=False, failure="card_declined")
    tale.payment("P-2", "INV-1")
    invoice = (await adapter.invoices_of([ref], Window()))[ref].records[0]
    payments = (await adapter.payments_of([ref], Window()))[ref].records
    assert {p.status for p in payments} == {PaymentStatus.FAILED, PaymentStatus.SUCCEEDED}
    assert all(set(invoice.payment_refs) & set(p.refs) for p in payments)


async def test_a_credit_on_an_open_invoice_is_applied_and_one_on_a_paid_invoice_is_left_on_the_account(
    adapter: StripeAdapter, tale: Tale
) -> None:
    ref = tale.customer()
    open_id = tale.invoice("INV-1")
    tale.invoice("INV-2")
    tale.payment("P-2", "INV-2")
    tale.credit("CR-1", "INV-1", "12", case="4711")
    tale.credit("CR-2", "INV-2", "12")
    memos = {m.number: m for m in (await adapter.credit_memos_of([ref], Window()))[ref].records}
    applied, issued = memos["INV-1-CN-01"], memos["INV-2-CN-01"]
    assert (applied.status, applied.remaining) == (CreditMemoStatus.APPLIED, Money(0, "EUR"))
    assert (applied.case_number, applied.invoice_ref) == ("4711", open_id)
    assert (issued.status, issued.remaining) == (CreditMemoStatus.ISSUED, None)
    invoice = (await adapter.invoices([open_id]))[open_id]
    assert invoice is not None
    assert (invoice.status, invoice.balance) == (InvoiceStatus.PARTIALLY_PAID, Money(10800, "EUR"))


async def test_a_credit_that_brings_an_invoice_to_nothing_settles_it(adapter: StripeAdapter, tale: Tale) -> None:
    tale.customer()
    id = tale.invoice("INV-1")
    tale.credit("CR-1", "INV-1", "120")
    invoice = (await adapter.invoices([id]))[id]
    assert invoice is not None
    assert (invoice.status, invoice.balance) == (InvoiceStatus.PAID, Money(0, "EUR"))


async def test_a_disputed_payment_is_disputed_and_not_refundable(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    charge = tale.payment("P-1", "INV-1")
    id = tale.dispute("D-1", "P-1")
    payment = (await adapter.payments_of([ref], Window()))[ref].records[0]
    assert (payment.status, payment.refundable, payment.disputed) == (PaymentStatus.DISPUTED, None, True)
    dispute = (await adapter.disputes([id]))[id]
    assert dispute is not None
    assert dispute.payment_ref == charge


async def test_canceled_subscriptions_are_listed_too(adapter: StripeAdapter, tale: Tale) -> None:
    ref = tale.customer()
    tale.subscription("S-1")
    tale.subscription("S-2", status="canceled")
    records = (await adapter.subscriptions_of([ref], Window()))[ref].records
    assert {record.status for record in records} == {SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELED}
    assert all(record.recurring == Money(36000, "EUR") for record in records)


async def test_records_of_a_server_that_plays_stripe_have_no_link_to_the_dashboard(
    adapter: StripeAdapter, tale: Tale
) -> None:
    ref = tale.customer()
    tale.invoice("INV-1")
    record = (await adapter.customer_records([ref]))[ref]
    invoice = (await adapter.invoices_of([ref], Window()))[ref].records[0]
    assert isinstance(record, CustomerRecord)
    assert (record.url, invoice.provenance.url) == (None, None)


async def test_an_unknown_id_is_nothing_and_an_impossible_one_is_not_even_asked_for(
    adapter: StripeAdapter, tale: Tale
) -> None:
    known = tale.invoice("INV-1") if tale.customer() else ""
    ids = [known, "in_nope", "search", "../customers", "", "in 1", "x" * 300]
    answer = await adapter.invoices(ids)
    assert {id for id, invoice in answer.items() if invoice is not None} == {known}
