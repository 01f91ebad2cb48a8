"""issueCredit: what is read live before anything is decided."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from mutations.governance.live import (
    Known,
    common_attributes,
    first_with,
    known_customer,
    ledger_of,
    one,
    the_record,
    theirs,
)
from mutations.governance.mutation import Facts, Reading
from mutations.governance.refusals import RefusalCode, refused
from mutations.issue_credit.command import IssueCredit
from mutations.issue_credit.shares import gross_by_rate
from sources.canonical.actor import Actor
from sources.canonical.billing import CreditMemo, CreditMemoStatus, Invoice
from sources.canonical.crm import Contract, ContractStatus
from sources.canonical.erp import LedgerDocument
from sources.canonical.money import Money, exponent
from sources.canonical.provenance import CustomerRef
from sources.canonical.support import SupportCase
from sources.capabilities import MAX_UPSTREAM_PAGES, Page, Window
from sources.systems import System
from sources.writing import workflow_of

CAP_WINDOW = timedelta(days=30)
DEFAULT_CAP = 1_000  # major units of the credit's currency, where no contract says otherwise


class CreditFacts(Facts, frozen=True, kw_only=True):
    """What was found: the systems that take part, the customer's records there, the documents."""

    billing: System
    ledger: System
    billing_ref: CustomerRef
    party: CustomerRef
    invoice: Invoice | None = None
    rates: Mapping[Decimal, int] = {}  # of the ledger's invoice: rate -> gross minor units
    case: SupportCase | None = None
    support: System | None = None


async def gather(command: IssueCredit, actor: Actor, reading: Reading) -> CreditFacts:
    """Everything that rules and steps need, as the systems say it now. Raises Refused."""
    known = await known_customer(command.customer_uid, actor, reading)
    (billing, invoice), (support, case) = await asyncio.gather(
        _invoice(command, known, reading), _case(command, known, reading)
    )
    ledger = ledger_of(known, reading)
    billing_ref = (invoice.customer_ref if invoice is not None else None) or the_record(known, billing, "customerId")
    party = the_record(known, ledger, "customerId")
    touched: dict[System, CustomerRef | None] = {billing: billing_ref, ledger: party}
    if support is not None and case is not None:
        touched[support] = case.customer_ref
    rates, memos, cap, common = await asyncio.gather(
        _rates(invoice, ledger, known, reading),
        _memos(billing, billing_ref, reading),
        _cap(command.amount.currency, known, reading),
        common_attributes(
            known, touched, _needs(billing, ledger, support, invoice), (ledger, party), (invoice, case), reading
        ),
    )
    return CreditFacts(
        customer_uid=known.uid,
        billing=billing,
        ledger=ledger,
        billing_ref=billing_ref,
        party=party,
        invoice=invoice,
        rates=rates or {},
        case=case,
        support=support,
        cap=cap,
        credited_elsewhere=_credited_elsewhere(memos, command.amount.currency, reading),
        attributes={
            **common,
            "reason": command.reason.value,
            "case_given": command.case is not None,
            "case_is_theirs": case is not None,  # another's is refused where it is read: nobody learns that it exists
            "case_breached": _breached(case),
            "invoice_given": command.invoice is not None,
            "invoice_is_theirs": invoice is not None,
            "invoice_in_ledger": rates is not None,
            "invoice_creditable_minor": _creditable(invoice, memos),
            "invoice_state": invoice.status.value if invoice else "",
        },
    )


def _needs(
    billing: System, ledger: System, support: System | None, invoice: Invoice | None
) -> dict[System, tuple[str, ...]]:
    """What each system will be told."""
    on_account = ("draft_credit_on_account",) if invoice is None else ()
    needs: dict[System, tuple[str, ...]] = {
        billing: ("issue_credit",),
        ledger: ("draft_credit", "post_credit", *on_account),
    }
    return needs if support is None else {**needs, support: ("add_comment",)}


async def _invoice(command: IssueCredit, known: Known, reading: Reading) -> tuple[System, Invoice | None]:
    if command.invoice is None:
        ledgers = reading.systems.of("ledger")
        candidates = [system for system in reading.systems.of("credit_memo") if system not in ledgers]
        found = first_with(candidates, known) or next(iter(candidates), None)
        if found is None:
            raise refused(RefusalCode.PRECONDITION_FAILED, "no billing system is configured", rule="source.missing")
        return found, None
    system, invoice = await theirs(command.invoice, "invoices", "invoice", "invoiceId", known, reading)
    if command.amount.currency != invoice.total.currency:
        message = f"the invoice is in {invoice.total.currency}: a credit on it has to be, too"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="invoice.currency", field="amount")
    return system, invoice


async def _case(command: IssueCredit, known: Known, reading: Reading) -> tuple[System | None, SupportCase | None]:
    if command.case is None:
        return None, None
    return await theirs(command.case, "cases", "case", "caseId", known, reading)


async def _rates(
    invoice: Invoice | None, ledger: System, known: Known, reading: Reading
) -> Mapping[Decimal, int] | None:
    """The tax rates of the same invoice in the ledger; None where the ledger has another one, or none."""
    if invoice is None:
        return {}
    found: tuple[LedgerDocument, ...] = await one(reading, ledger, "ledger_documents", invoice.number)
    booked = [document for document in found if document.posted_at is not None and not document.canceled]
    if len(booked) != 1 or booked[0].total != invoice.total or not known.owns(ledger, booked[0].customer_ref):
        return None
    lines = await one(reading, ledger, "invoice_lines", booked[0].record_id)
    return gross_by_rate(lines or ())


async def _memos(billing: System, ref: CustomerRef, reading: Reading) -> tuple[CreditMemo, ...]:
    """The customer's credit memos, the newest some hundred: more than a cap of thirty days can hold."""
    memos: tuple[CreditMemo, ...] = ()
    window = Window()
    for _ in range(MAX_UPSTREAM_PAGES):
        page: Page[CreditMemo] = await one(reading, billing, "credit_memos_of", ref, window)
        memos += page.records
        if page.next is None:
            return memos
        window = Window(after=page.next)
    return memos


def _creditable(invoice: Invoice | None, memos: tuple[CreditMemo, ...]) -> int:
    """What can still be credited on the invoice: its total without what was credited before."""
    if invoice is None:
        return 0
    on_it = [memo for memo in memos if memo.invoice_ref == invoice.provenance.record_id]
    return invoice.total.minor - sum(memo.amount.minor for memo in on_it if memo.status is not CreditMemoStatus.VOID)


def _credited_elsewhere(memos: tuple[CreditMemo, ...], currency: str, reading: Reading) -> Money:
    """What others credited in thirty days: our own credits are counted where they were reserved."""
    since = reading.now - CAP_WINDOW
    counted = [
        memo.amount.minor
        for memo in memos
        if memo.amount.currency == currency
        and memo.issued_at >= since
        and memo.status is not CreditMemoStatus.VOID
        and workflow_of(memo.reference) is None
    ]
    return Money(sum(counted), currency)


async def _cap(currency: str, known: Known, reading: Reading) -> Money:
    """The creditCap of the customer's newest active contract that has one in this currency; else the default."""
    questions = [(system, ref) for system in reading.systems.of("contract") for ref in known.refs(system)]
    pages = await asyncio.gather(*(one(reading, system, "contracts_of", ref, Window()) for system, ref in questions))
    contracts: list[Contract] = [each for page in pages for each in page.records]
    active = [each for each in contracts if each.status is ContractStatus.ACTIVE]
    for contract in sorted(active, key=lambda each: each.start_date or date.min, reverse=True):
        if contract.credit_cap is not None and contract.credit_cap.currency == currency:
            return contract.credit_cap
    return Money(DEFAULT_CAP * 10 ** exponent(currency), currency)


def _breached(case: SupportCase | None) -> bool:
    """Whether the source says that a promise was broken; where it does not tell, that is no breach."""
    return case is not None and any(milestone.breached for milestone in case.sla_milestones or ())
