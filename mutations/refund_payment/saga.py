"""refundPayment: its steps, and how each is carried out, asked for and taken back.

erp_draft       the ledger checks period and party; nothing is booked yet
billing_refund  the pivot; it is final only when the money has arrived, which can take days
erp_post        the money booked out; taken back where the refund fails later on
case_note       what was done and by whom, for agents
"""

from collections.abc import Mapping
from typing import cast

from mutations.governance.mutation import Call, StepKind
from mutations.governance.plan import PlannedStep, Reversibility
from mutations.governance.steps import (
    KEY_SECONDS,
    amount_of,
    case_steps,
    comment_kind,
    draft_reference,
    order_of,
    shown,
    step,
    takes_comments,
)
from mutations.refund_payment.command import RefundPayment
from mutations.refund_payment.facts import RefundFacts
from sources.canonical.provenance import CustomerRef
from sources.writing import (
    LEDGER_STEP,
    LedgerRefundOrder,
    LedgerRefundWrites,
    Receipt,
    ReceiptState,
    RefundOrder,
    RefundWrites,
)

COMMENTS = {"case_note": "Tell agents in the case."}


def steps(command: RefundPayment, facts: RefundFacts) -> tuple[PlannedStep, ...]:
    """What would be done, in order."""
    amount = command.amount
    drafted = step(
        LEDGER_STEP,
        facts.ledger,
        "Prepare the entry that books the money out.",
        Reversibility.REVERSIBLE,
        amount,
        party=list(facts.party),
        invoice_number=facts.invoice_number,
    )
    refunded = step(
        "billing_refund",
        facts.billing,
        "Give the money back to where it came from.",
        Reversibility.IRREVERSIBLE,
        amount,
        payment_id=facts.payment.provenance.record_id,
        reason=command.reason,
        case_number=facts.case.number if facts.case else None,
    )
    posted = step("erp_post", facts.ledger, "Post the entry in the ledger.", Reversibility.VOIDABLE, amount)
    if facts.case is None or facts.support is None or not takes_comments(facts.case):
        return drafted, refunded, posted
    told = {"money": [amount.minor, amount.currency], "reason": command.reason}
    return drafted, refunded, posted, *case_steps(facts.case, facts.support, COMMENTS, **told)


def touched(command: RefundPayment, receipts: Mapping[str, Receipt]) -> tuple[tuple[str, str], ...]:
    """What was there before and is other now, beside the customer: (source uid, record id)."""
    return tuple((key.source, key.id) for key in (command.payment, command.case) if key is not None)


# ------------------------------------------------------------------------------------------------- the ledger
async def draft(call: Call) -> Receipt:
    return await _ledger(call).draft_refund(
        LedgerRefundOrder(
            key=call.key,
            reference=call.reference,
            since=call.since,
            party=CustomerRef(*call.step.params["party"]),
            amount=amount_of(call),
            invoice_number=call.step.params["invoice_number"],
            on=call.since.date(),
            description="Refund",
        )
    )


async def find_draft(call: Call) -> Receipt | None:
    return await _ledger(call).find_refund_entry(call.reference)


async def discard(call: Call, receipt: Receipt) -> Receipt:
    """Take the draft back; one that was posted since is countered where the posting is undone."""
    if "erp_post" in call.receipts:
        return Receipt(record_id=receipt.record_id, state=ReceiptState.UNDONE)
    return await _ledger(call).discard_refund(receipt.record_id, draft_reference(call))


async def post(call: Call) -> Receipt:
    record_id = call.receipts[LEDGER_STEP].record_id
    return await _ledger(call).post_refund(record_id, draft_reference(call), amount_of(call))


async def find_posted(call: Call) -> Receipt | None:
    found = await _ledger(call).find_refund_entry(draft_reference(call))
    return found if found is not None and found.state is ReceiptState.DONE else None


async def reverse(call: Call, receipt: Receipt) -> Receipt:
    return await _ledger(call).reverse_refund(receipt.record_id, order_of(call), call.since.date())


# ------------------------------------------------------------------------------------------------- billing
async def refund(call: Call) -> Receipt:
    return await _billing(call).refund(_order(call))


async def find_refund(call: Call) -> Receipt | None:
    return await _billing(call).find_refund(_order(call))


async def settle(call: Call, receipt: Receipt) -> Receipt | None:
    """How the refund stands now."""
    return await _billing(call).refund_state(receipt.record_id)


def _order(call: Call) -> RefundOrder:
    params = call.step.params
    return RefundOrder(
        key=call.key,
        reference=call.reference,
        since=call.since,
        payment_id=params["payment_id"],
        amount=amount_of(call),
        reason=params["reason"],
        case_number=params["case_number"],
    )


# ------------------------------------------------------------------------------------------------- the case
def note(call: Call) -> str:
    params = call.step.params
    return f"Refund of {shown(params['money'])}, asked for by {call.requested_by}: {params['reason']}"


KINDS: Mapping[str, StepKind] = {
    LEDGER_STEP: StepKind(do=draft, probe=find_draft, undo=discard),
    "billing_refund": StepKind(
        do=refund, probe=find_refund, settle=settle, pivot=True, key_seconds=KEY_SECONDS, makes="Refund"
    ),
    "erp_post": StepKind(do=post, probe=find_posted, undo=reverse, late_undo=reverse),
    "case_note": comment_kind(note, public=False),
}


def _ledger(call: Call) -> LedgerRefundWrites:
    return cast(LedgerRefundWrites, call.system.adapter)


def _billing(call: Call) -> RefundWrites:
    return cast(RefundWrites, call.system.adapter)
