"""What a source can be told to do, as protocols: one order in, a receipt out.

Rules of every method, which the contract suite holds against each vendor:
- a receipt is given only where the vendor said that it is done; its `state` says whether that is final;
- an order carries a `key` and a `reference`. The key is the vendor's idempotency key, where it has such a thing. The
  reference names our workflow and step; it is stored with the record, in a field that can be read back;
- nothing was done where a fault says so: Refused and NotOffered (never again), Busy, Throttled, and every fault that
  was not `sent` (the same order may go out again later);
- OutcomeUnknown: it was sent, and nobody told. With `key_spent` the vendor would give the same answer for ever;
- a probe (`find_…`) reads a consistent endpoint by id or reference, never a search index. None means "not there now",
  and a write that is still running at the vendor may yet appear;
- one order is one write: nothing is tried again down here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Protocol, runtime_checkable

import msgspec

from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.faults import Malformed, OutcomeUnknown, SourceFault, Unavailable


class ReceiptState(Enum):
    """Where what was written stands at the vendor."""

    PREPARED = "PREPARED"  # a draft: it moves nothing yet
    PENDING = "PENDING"  # accepted, not final: it may still fail
    DONE = "DONE"
    FAILED = "FAILED"  # accepted once, and failed since
    UNDONE = "UNDONE"  # voided, canceled or reversed


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor says about a record that we had it write."""

    record_id: str
    state: ReceiptState
    number: str | None = None
    url: str | None = None
    amount: Money | None = None
    reason: str | None = None  # why it failed, in a word of the vendor's list, never its text


class TaxShare(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a gross amount that falls on one tax rate; gross = net + tax. `rate` is a percentage."""

    rate: Decimal
    gross: Money
    net: Money
    tax: Money


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What every order has. `since`: when it was first sent, so that a probe knows where to begin."""

    key: str
    reference: str
    since: datetime


class LedgerCreditOrder(Order, frozen=True, kw_only=True):
    """A credit memo in the ledger. Amounts are gross and positive; the shares add up to the amount.

    `invoice_number`: billing's number of the invoice that is credited; None for a credit on account.
    """

    party: CustomerRef
    amount: Money
    shares: tuple[TaxShare, ...]
    invoice_number: str | None
    on: date
    description: str


class LedgerRefundOrder(Order, frozen=True, kw_only=True):
    """Money given back, in the ledger: what was booked as received for an invoice is booked out again."""

    party: CustomerRef
    amount: Money
    invoice_number: str | None
    on: date
    description: str


class BillingCreditOrder(Order, frozen=True, kw_only=True):
    """A credit in billing, gross and positive: on an invoice, or on the customer's balance where that is None."""

    customer: CustomerRef
    amount: Money
    invoice_id: str | None
    reason: str  # a CreditReason
    case_number: str | None
    memo: str


class RefundOrder(Order, frozen=True, kw_only=True):
    """Money given back for a payment, gross and positive."""

    payment_id: str
    amount: Money
    reason: str
    case_number: str | None


class CommentOrder(Order, frozen=True, kw_only=True):
    """A comment on a case: an internal note, or a reply that the customer gets."""

    case_id: str
    text: str
    public: bool


@runtime_checkable
class LedgerCreditWrites(Protocol):
    """Credit memos in the ledger: a checked draft first, then posted, or discarded."""

    async def draft_credit(self, order: LedgerCreditOrder) -> Receipt:
        """A draft: period, account, party and amount (to the minor unit) are checked by the ledger. PREPARED.

        Where drafts of this reference are there already, the lowest is kept and the others are deleted.
        """
        ...

    async def find_credit(self, reference: str) -> Receipt | None:
        """PREPARED, DONE (posted) or UNDONE."""
        ...

    async def post_credit(self, record_id: str, reference: str, amount: Money) -> Receipt:
        """Post the draft. DONE, also where it was posted before. Refused where its amount is another."""
        ...

    async def discard_credit(self, record_id: str, reference: str) -> Receipt:
        """Take the draft back. UNDONE, also where it was before. Refused where it is posted."""
        ...

    async def reverse_credit(self, record_id: str, order: Order, on: date) -> Receipt:
        """Counter a posted one by a document of its own, which carries the order's reference. DONE."""
        ...


@runtime_checkable
class LedgerRefundWrites(Protocol):
    """Refunds in the ledger, as LedgerCreditWrites."""

    async def draft_refund(self, order: LedgerRefundOrder) -> Receipt: ...
    async def find_refund_entry(self, reference: str) -> Receipt | None: ...
    async def post_refund(self, record_id: str, reference: str, amount: Money) -> Receipt: ...
    async def discard_refund(self, record_id: str, reference: str) -> Receipt: ...
    async def reverse_refund(self, record_id: str, order: Order, on: date) -> Receipt: ...


@runtime_checkable
class BillingCreditWrites(Protocol):
    """Credits in billing."""

    async def issue_credit(self, order: BillingCreditOrder) -> Receipt:
        """On the invoice, without writing to the customer; else on the customer's balance. DONE."""
        ...

    async def find_issued_credit(self, order: BillingCreditOrder) -> Receipt | None: ...

    async def withdraw_credit(self, record_id: str, order: BillingCreditOrder) -> Receipt:
        """Void it where the vendor lets us, else Refused. `order` is of the undoing: its own key and reference."""
        ...


@runtime_checkable
class RefundWrites(Protocol):
    """Refunds in billing."""

    async def refund(self, order: RefundOrder) -> Receipt:
        """DONE, or PENDING: a refund can fail days after it was accepted."""
        ...

    async def find_refund(self, order: RefundOrder) -> Receipt | None: ...

    async def refund_state(self, record_id: str) -> Receipt | None:
        """How a refund stands now."""
        ...


@runtime_checkable
class CaseWrites(Protocol):
    """Comments on cases."""

    async def add_comment(self, order: CommentOrder) -> Receipt: ...

    async def find_comment(self, case_id: str, reference: str) -> Receipt | None: ...


@runtime_checkable
class WriteOffers(Protocol):
    """What the server at base_url lets itself be told."""

    async def offered_writes(self) -> frozenset[str]:
        """The names of the methods above that this server has, e.g. {"issue_credit", "refund"}; asked once in a while.

        What is missing is refused when a write is planned, before anything is done.
        """
        ...


@contextmanager
def sending() -> Iterator[None]:
    """Around the one request that writes: no clear answer to what was sent becomes OutcomeUnknown."""
    try:
        yield
    except (Unavailable, Malformed) as fault:
        if not fault.sent:
            raise
        raise OutcomeUnknown(fault.reason) from None


def nothing_was_done(fault: SourceFault) -> bool:
    """Whether a write that met this fault has surely not been done by it."""
    return not isinstance(fault, OutcomeUnknown)


REFERENCE_PREFIX = "c360"
LEDGER_STEP = "erp_draft"  # the step of every workflow that makes the document in the ledger


def reference_of(workflow_uid: str, step: str) -> str:
    """What names a workflow's step in a vendor's record, e.g. "c360:01J…:erp_draft"."""
    return f"{REFERENCE_PREFIX}:{workflow_uid}:{step}"


def workflow_of(reference: str | None) -> str | None:
    """The workflow that a reference of ours names; None where it is not of ours."""
    parts = (reference or "").split(":")
    return parts[1] if len(parts) == 3 and parts[0] == REFERENCE_PREFIX and parts[1] else None


def ledger_reference(reference: str | None) -> str | None:
    """The reference of the same workflow's document in the ledger; None where it is not of ours."""
    workflow = workflow_of(reference)
    return None if workflow is None else reference_of(workflow, LEDGER_STEP)
