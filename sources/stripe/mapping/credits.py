"""Credit memos: credit notes, and what we gave to a customer's balance where there was no invoice.

Source: Stripe API, Credit notes, Customer balance transactions.
"""

from sources.canonical.billing import CreditMemo, CreditMemoStatus
from sources.stripe import shapes
from sources.stripe.mapping.common import CREDIT_REASON, OP_ID, Mapping, balance_id, held, moment
from sources.stripe.money import money


def credit_memo(mapping: Mapping, note: shapes.CreditNote) -> CreditMemo:
    """A credit note. Only what went to the customer's balance may be left of it, and how much Stripe does not tell."""
    status = _credit_status(note)
    return CreditMemo(
        provenance=mapping.stamp(note.id),
        at=moment(note.created),
        customer_ref=mapping.owner(note.customer),
        number=note.number,
        status=status,
        vendor_status=note.status,
        amount=money(note.amount, note.currency),
        remaining=money(0, note.currency) if status is CreditMemoStatus.APPLIED else None,
        reason=held(note.metadata, CREDIT_REASON) or note.reason or note.memo,
        issued_at=moment(note.effective_at or note.created),
        invoice_ref=note.invoice,
        case_number=held(note.metadata, mapping.case_key),
        reference=held(note.metadata, OP_ID),
    )


def _credit_status(note: shapes.CreditNote) -> CreditMemoStatus:
    if note.status == "void":
        return CreditMemoStatus.VOID
    if note.status != "issued":
        return CreditMemoStatus.OTHER
    return CreditMemoStatus.ISSUED if note.customer_balance_transaction else CreditMemoStatus.APPLIED


def balance_memo(mapping: Mapping, moved: shapes.BalanceTransaction) -> CreditMemo:
    """What moved a balance, as a credit memo; one where it is ours and in the customer's favour (see is_credit)."""
    return CreditMemo(
        provenance=mapping.stamp(balance_id(moved), mapping.url("customers", moved.customer, moved.livemode)),
        at=moment(moved.created),
        customer_ref=mapping.owner(moved.customer),
        status=CreditMemoStatus.ISSUED,
        vendor_status=moved.type,
        amount=money(-moved.amount, moved.currency),
        reason=held(moved.metadata, CREDIT_REASON) or moved.description,
        issued_at=moment(moved.created),
        case_number=held(moved.metadata, mapping.case_key),
        reference=held(moved.metadata, OP_ID),
    )


def is_credit(memo: CreditMemo) -> bool:
    """Whether what moved a balance is a credit of ours, and neither a counter entry nor another's doing."""
    return memo.reference is not None and memo.amount.minor > 0
