"""refundPayment: what is read live before anything is decided."""

import asyncio

from mutations.governance.live import Known, common_attributes, ledger_of, one, owner, the_record, theirs, wrong
from mutations.governance.mutation import Facts, Reading
from mutations.governance.refusals import RefusalCode, Refused, refused
from mutations.refund_payment.command import RefundPayment
from sources.canonical.actor import Actor
from sources.canonical.billing import Invoice, Payment, PaymentStatus
from sources.canonical.erp import LedgerDocument
from sources.canonical.provenance import CustomerRef
from sources.canonical.support import SupportCase
from sources.capabilities import MAX_UPSTREAM_PAGES, Page, Window
from sources.systems import System

REFUNDABLE = (PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.DISPUTED)


class RefundFacts(Facts, frozen=True, kw_only=True):
    """What was found: the payment, the invoice that it paid, the systems that take part."""

    billing: System
    ledger: System
    party: CustomerRef
    payment: Payment
    invoice_number: str | None
    case: SupportCase | None = None
    support: System | None = None


async def gather(command: RefundPayment, actor: Actor, reading: Reading) -> RefundFacts:
    """Everything that rules and steps need, as the systems say it now. Raises Refused."""
    billing, payment, known = await _payment(command, actor, reading)
    ledger = ledger_of(known, reading)
    party = the_record(known, ledger, "paymentId")
    support, case = await _case(command, known, reading)
    needs: dict[System, tuple[str, ...]] = {billing: ("refund",), ledger: ("draft_refund", "post_refund")}
    touched = {billing: payment.customer_ref, ledger: party}
    if support is not None and case is not None:
        needs[support] = ("add_comment",)
        touched[support] = case.customer_ref
    number, common = await asyncio.gather(
        _invoice_number(payment, billing, ledger, known, reading),
        common_attributes(known, touched, needs, (ledger, party), (payment, case), reading),
    )
    return RefundFacts(
        customer_uid=known.uid,
        billing=billing,
        ledger=ledger,
        party=party,
        payment=payment,
        invoice_number=number,
        case=case,
        support=support,
        attributes={
            **common,
            "payment_is_theirs": known.owns(billing, payment.customer_ref),
            "refundable_minor": payment.refundable.minor if payment.refundable else 0,
            "disputed": payment.disputed,
            "case_given": command.case is not None,
            "case_is_theirs": case is not None,  # another's is refused where it is read: nobody learns that it exists
        },
    )


async def _payment(command: RefundPayment, actor: Actor, reading: Reading) -> tuple[System, Payment, Known]:
    """The payment and whose it is; of a customer that the actor may not see it is not told that there is one."""
    system = reading.systems.by_uid(command.payment.source)
    payment: Payment | None = None
    known: Known | None = None
    if system is not None:
        payment = await one(reading, system, "payments", command.payment.id)
    if system is not None and payment is not None:
        known = await owner(system, payment.customer_ref, actor, reading)
    if system is None or payment is None or known is None:
        message = "there is no such payment among those that you may see"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="payment.unknown", field="paymentId")
    if command.amount.currency != payment.amount.currency:
        message = f"the payment is in {payment.amount.currency}: a refund of it has to be, too"
        raise Refused(wrong("payment.currency", message, "amount"))
    if payment.status not in REFUNDABLE:
        message = f"the payment is {payment.status.value}: nothing of it can be given back"
        raise Refused(wrong("payment.state", message, "paymentId"))
    return system, payment, known


async def _case(command: RefundPayment, known: Known, reading: Reading) -> tuple[System | None, SupportCase | None]:
    if command.case is None:
        return None, None
    return await theirs(command.case, "cases", "case", "caseId", known, reading)


async def _invoice_number(
    payment: Payment, billing: System, ledger: System, known: Known, reading: Reading
) -> str | None:
    """The number of the invoice that was paid, where the ledger has booked it; None where no invoice was paid."""
    invoice = await _invoice_paid(payment, billing, reading)
    if invoice is None:
        return None
    found: tuple[LedgerDocument, ...] = await one(reading, ledger, "ledger_documents", invoice.number)
    booked = [document for document in found if document.posted_at is not None and not document.canceled]
    if len(booked) != 1 or not known.owns(ledger, booked[0].customer_ref):
        message = f"{ledger.name} does not have the invoice that was paid as billing has it: reconcile the two first"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="invoice.ledger", field="paymentId")
    return invoice.number


async def _invoice_paid(payment: Payment, billing: System, reading: Reading) -> Invoice | None:
    refs, window = set(payment.refs), Window()
    for _ in range(MAX_UPSTREAM_PAGES):
        page: Page[Invoice] = await one(reading, billing, "invoices_of", payment.customer_ref, window)
        for invoice in page.records:
            if refs & set(invoice.payment_refs):
                return invoice
        if page.next is None:
            break
        window = Window(after=page.next)
    return None
