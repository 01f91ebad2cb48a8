"""The edges of billing's records: each finds the others among the same customer's."""

from typing import Any

from strawberry.types import Info

from resolvers import edges
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, connection_type, given
from resolvers.context import context
from resolvers.errors import from_fault
from resolvers.exposure import exposed, field, grow
from resolvers.joins import relatives, sibling, siblings
from resolvers.lists import page_of_parts, records_in
from resolvers.merging import Part
from resolvers.types.nodes import NODES, CustomerType
from resolvers.types.support import owner
from resolvers.views.disputes import disputes_of, disputes_part, refunds_part
from resolvers.views.ledger import ledger_match
from sources.canonical.billing import CreditMemo, Dispute, Invoice, InvoiceLine, InvoiceStatus, Payment, Refund
from sources.canonical.customer import Customer
from sources.canonical.erp import LedgerMatch
from sources.canonical.support import SupportCase
from sources.faults import SourceFault

OWED = (InvoiceStatus.OPEN, InvoiceStatus.PARTIALLY_PAID)


def overdue_days(self: Invoice, info: Info[Any, Any]) -> int | None:
    if self.due_at is None:
        return None
    days = (context(info).today - self.due_at).days
    return days if days > 0 and self.status in OWED and self.balance.minor > 0 else 0


async def lines(self: Invoice, info: Info[Any, Any]) -> tuple[InvoiceLine, ...] | None:
    if self.lines is not None:
        return self.lines
    shared = context(info)
    system = shared.systems.by_uid(self.provenance.source)
    if system is None:
        return None
    try:
        found: tuple[InvoiceLine, ...] = await shared.loaders.one(system, "invoice_lines", self.provenance.record_id)
    except SourceFault as fault:
        raise from_fault(system.name, fault) from None
    return found


async def payments_of_invoice(self: Invoice, info: Info[Any, Any]) -> list[Payment]:
    if not self.payment_refs:
        return []
    wanted = set(self.payment_refs)
    return [each for each in await siblings(self, info, edges.PAYMENTS) if wanted & set(each.refs)]


async def credit_memos_of_invoice(self: Invoice, info: Info[Any, Any]) -> list[CreditMemo]:
    own = self.provenance.record_id
    return [each for each in await siblings(self, info, edges.CREDIT_MEMOS) if each.invoice_ref == own]


async def disputes_of_invoice(self: Invoice, info: Info[Any, Any]) -> list[Dispute]:
    return await disputes_of([each for each in await payments_of_invoice(self, info) if each.disputed], info)


async def cases_of_invoice(self: Invoice, info: Info[Any, Any]) -> list[SupportCase]:
    customer = await owner(self, info)
    if customer is None:
        return []
    return [each for each in await relatives(customer, info, edges.CASES) if self.number in each.invoice_numbers]


async def ledger(self: Any, info: Info[Any, Any]) -> LedgerMatch | None:
    return await ledger_match(self, info)


async def invoice_of_payment(self: Payment, info: Info[Any, Any]) -> Invoice | None:
    refs = set(self.refs)
    found: Invoice | None = await sibling(self, info, edges.INVOICES, lambda each: bool(refs & set(each.payment_refs)))
    return found


async def payment_of_refund(self: Refund, info: Info[Any, Any]) -> Payment | None:
    return await _payment(self, self.payment_ref, info)


async def invoice_of_credit_memo(self: CreditMemo, info: Info[Any, Any]) -> Invoice | None:
    if self.invoice_ref is None:
        return None
    found: Invoice | None = await sibling(
        self,
        info,
        edges.INVOICES,
        lambda each: each.provenance.record_id == self.invoice_ref,
        by_id=("invoices", self.invoice_ref),
    )
    return found


async def case_of_credit_memo(self: CreditMemo, info: Info[Any, Any]) -> SupportCase | None:
    customer = await owner(self, info) if self.case_number else None
    if customer is None:
        return None
    cases: list[SupportCase] = await relatives(customer, info, edges.CASES)
    return next((each for each in cases if each.number == self.case_number), None)


async def invoice_of_dispute(self: Dispute, info: Info[Any, Any]) -> Invoice | None:
    payment = await _payment(self, self.payment_ref, info)
    return await invoice_of_payment(payment, info) if payment else None


async def case_of_dispute(self: Dispute, info: Info[Any, Any]) -> SupportCase | None:
    invoice = await invoice_of_dispute(self, info)
    return next(iter(await cases_of_invoice(invoice, info)), None) if invoice else None


async def _payment(record: Refund | Dispute, ref: str | None, info: Info[Any, Any]) -> Payment | None:
    if ref is None:
        return None
    found: Payment | None = await sibling(
        record, info, edges.PAYMENTS, lambda each: ref in each.refs, by_id=("payments", ref)
    )
    return found


async def refunds(
    self: Customer, info: Info[Any, Any], first: First = UNSET, after: After = UNSET
) -> Connection[Any] | None:
    return await _riding_on_payments(self, info, first, after, refunds_part)


async def disputes(
    self: Customer, info: Info[Any, Any], first: First = UNSET, after: After = UNSET
) -> Connection[Any] | None:
    return await _riding_on_payments(self, info, first, after, disputes_part)


async def _riding_on_payments(
    customer: Customer, info: Info[Any, Any], first: int | None, after: str | None, part: Any
) -> Connection[Any] | None:
    shared = context(info)
    if not shared.systems.of(edges.PAYMENTS.kind):
        return None
    places = records_in(shared, customer, edges.PAYMENTS.kind)
    parts: list[Part] = [part(shared, system, ref) for system, ref in places]
    return (await page_of_parts(info, parts, given(first), given(after))).connection


def _many(name: str) -> Any:
    node: Any = NODES[name]
    return list[node] | None


grow(
    NODES["Invoice"],
    overdue_days=field(
        overdue_days, int | None, "Days past due while something is owed; 0 where not; null without a due date."
    ),
    lines=field(lines, list[exposed(InvoiceLine)] | None, "What was sold."),  # type: ignore[misc]
    payments=field(payments_of_invoice, _many("Payment"), "Payments towards it."),
    credit_memos=field(credit_memos_of_invoice, _many("CreditMemo"), "Credits given on it."),
    disputes=field(disputes_of_invoice, _many("Dispute"), "Disputes of payments towards it."),
    cases=field(cases_of_invoice, _many("SupportCase"), "Support cases about it."),
    customer=field(owner, CustomerType | None, "The customer whose invoice it is."),
    ledger=field(
        ledger,
        exposed(LedgerMatch) | None,
        "The same document in the ledger, and whether the two agree in total, currency, party and state.",
    ),
)
grow(NODES["Payment"], invoice=field(invoice_of_payment, NODES["Invoice"] | None, "The invoice that it pays."))
grow(NODES["Refund"], payment=field(payment_of_refund, NODES["Payment"] | None, "The payment that it gives back."))
grow(
    NODES["CreditMemo"],
    invoice=field(invoice_of_credit_memo, NODES["Invoice"] | None, "The invoice that it credits."),
    case=field(case_of_credit_memo, NODES["SupportCase"] | None, "The support case that it was given for."),
    ledger=field(ledger, exposed(LedgerMatch) | None, "The same document in the ledger, and whether the two agree."),
)
grow(
    NODES["Dispute"],
    invoice=field(invoice_of_dispute, NODES["Invoice"] | None, "The invoice whose payment is disputed."),
    case=field(case_of_dispute, NODES["SupportCase"] | None, "The support case about that invoice."),
)
grow(
    CustomerType,
    refunds=field(refunds, connection_type(NODES["Refund"]) | None, "Money given back."),
    disputes=field(disputes, connection_type(NODES["Dispute"]) | None, "Disputed payments."),
)
