"""The writes that every connector is held to: how each is ordered in the small world, sent, and looked for.

A connector joins where its adapter has the method and its simulator is WrittenTo (sources/simulation/simulator.py).
"""

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from sources.canonical.billing import InvoiceStatus
from sources.canonical.money import Money
from sources.canonical.support import CaseStatus
from sources.writing import (
    BillingCreditOrder,
    CommentOrder,
    LedgerCreditOrder,
    LedgerRefundOrder,
    Receipt,
    RefundOrder,
    TaxShare,
    reference_of,
)
from tests.contracts.small_world import RICH
from tests.contracts.source_under_test import Source

AMOUNT = Money(1200, "EUR")
SHARES = (TaxShare(rate=Decimal(20), gross=AMOUNT, net=Money(1000, "EUR"), tax=Money(200, "EUR")),)


class Write(msgspec.Struct, frozen=True):
    """One kind of write."""

    method: str
    order: Callable[[Source, dict[str, Any]], Awaitable[Any]]
    find: Callable[[Any, Any], Awaitable[Receipt | None]]


def common() -> dict[str, Any]:
    """Key, reference and time of a new order."""
    return {"key": uuid.uuid4().hex, "reference": reference_of(uuid.uuid4().hex, "step"), "since": datetime.now(UTC)}


async def _credit_on_invoice(source: Source, told: dict[str, Any]) -> BillingCreditOrder:
    ref = await source.ref_of(RICH)
    invoices = await source.whole_list("invoices_of", ref)
    invoice = next(i for i in invoices if i.status is InvoiceStatus.OPEN and i.balance.minor > AMOUNT.minor)
    return BillingCreditOrder(**told, customer=ref, amount=AMOUNT, invoice_id=invoice.provenance.record_id,
                              reason="SLA_BREACH", case_number="7", memo="Credit")  # fmt: skip


async def _credit_on_balance(source: Source, told: dict[str, Any]) -> BillingCreditOrder:
    return BillingCreditOrder(**told, customer=await source.ref_of(RICH), amount=AMOUNT, invoice_id=None,
                              reason="GOODWILL", case_number=None, memo="Credit")  # fmt: skip


async def _refund(source: Source, told: dict[str, Any]) -> RefundOrder:
    payments = await source.whole_list("payments_of", await source.ref_of(RICH))
    payment = next(p for p in payments if p.refundable and p.refundable.minor >= AMOUNT.minor)
    return RefundOrder(**told, payment_id=payment.provenance.record_id, amount=AMOUNT, reason="billed twice",
                       case_number=None)  # fmt: skip


async def _ledger_credit(source: Source, told: dict[str, Any]) -> LedgerCreditOrder:
    return LedgerCreditOrder(**told, party=await source.ref_of(RICH), amount=AMOUNT, shares=SHARES,
                             invoice_number=f"INV-{RICH[-3:]}-0001", on=told["since"].date(),
                             description="Credit")  # fmt: skip


async def _ledger_refund(source: Source, told: dict[str, Any]) -> LedgerRefundOrder:
    return LedgerRefundOrder(**told, party=await source.ref_of(RICH), amount=AMOUNT,
                             invoice_number=f"INV-{RICH[-3:]}-0001", on=told["since"].date(),
                             description="Refund")  # fmt: skip


def _comment(public: bool) -> Callable[[Source, dict[str, Any]], Awaitable[CommentOrder]]:
    async def order(source: Source, told: dict[str, Any]) -> CommentOrder:
        cases = await source.whole_list("cases_of", await source.ref_of(RICH))
        case = next(case for case in cases if case.status is CaseStatus.OPEN)
        return CommentOrder(**told, case_id=case.provenance.record_id, text="We have credited you.", public=public)

    return order


async def _find_issued(adapter: Any, order: Any) -> Receipt | None:
    found: Receipt | None = await adapter.find_issued_credit(order)
    return found


async def _find_refund(adapter: Any, order: Any) -> Receipt | None:
    found: Receipt | None = await adapter.find_refund(order)
    return found


async def _find_draft(adapter: Any, order: Any) -> Receipt | None:
    found: Receipt | None = await adapter.find_credit(order.reference)
    return found


async def _find_entry(adapter: Any, order: Any) -> Receipt | None:
    found: Receipt | None = await adapter.find_refund_entry(order.reference)
    return found


async def _find_comment(adapter: Any, order: Any) -> Receipt | None:
    found: Receipt | None = await adapter.find_comment(order.case_id, order.reference)
    return found


WRITES = {
    "credit on an invoice": Write("issue_credit", _credit_on_invoice, _find_issued),
    "credit on the balance": Write("issue_credit", _credit_on_balance, _find_issued),
    "refund": Write("refund", _refund, _find_refund),
    "draft of a credit": Write("draft_credit", _ledger_credit, _find_draft),
    "draft of a refund": Write("draft_refund", _ledger_refund, _find_entry),
    "note on a case": Write("add_comment", _comment(public=False), _find_comment),
    "reply on a case": Write("add_comment", _comment(public=True), _find_comment),
}
