"""issueCredit: its steps, and how each is carried out, asked for and taken back.

erp_draft       the ledger checks period, account and party; nothing is booked yet
billing_credit  the pivot: from here on it is only carried forward
erp_post        the same amount in the ledger, to the minor unit
case_note       what was done and by whom, for agents
case_reply      what the customer gets to read, once
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

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
from mutations.issue_credit.command import CreditReason, IssueCredit
from mutations.issue_credit.facts import CreditFacts
from mutations.issue_credit.shares import split
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.writing import (
    LEDGER_STEP,
    BillingCreditOrder,
    BillingCreditWrites,
    LedgerCreditOrder,
    LedgerCreditWrites,
    Receipt,
    ReceiptState,
    TaxShare,
)

FOR = {
    CreditReason.SLA_BREACH: "a promise of our service level agreement that we did not keep",
    CreditReason.SERVICE_FAILURE: "a failure of our service",
    CreditReason.BILLING_ERROR: "an error in our invoice",
    CreditReason.DUPLICATE: "something that was billed twice",
    CreditReason.GOODWILL: "your patience with us",
}
COMMENTS = {"case_note": "Tell agents in the case.", "case_reply": "Tell the customer in the case."}


def steps(command: IssueCredit, facts: CreditFacts) -> tuple[PlannedStep, ...]:
    """What would be done, in order."""
    amount, reason = command.amount, command.reason.value
    number = facts.invoice.number if facts.invoice else None
    drafted = step(
        LEDGER_STEP,
        facts.ledger,
        "Prepare the credit memo in the ledger.",
        Reversibility.REVERSIBLE,
        amount,
        party=list(facts.party),
        shares=[_told(share) for share in split(amount, facts.rates)],
        invoice_number=number,
        reason=reason,
    )
    credited = step(
        "billing_credit",
        facts.billing,
        f"Credit the {'invoice' if facts.invoice else 'balance'} in billing, without writing to the customer.",
        Reversibility.VOIDABLE,
        amount,
        customer=list(facts.billing_ref),
        invoice_id=facts.invoice.provenance.record_id if facts.invoice else None,
        reason=reason,
        case_number=facts.case.number if facts.case else None,
    )
    posted = step("erp_post", facts.ledger, "Post the credit memo in the ledger.", Reversibility.VOIDABLE, amount)
    if facts.case is None or facts.support is None or not takes_comments(facts.case):
        return drafted, credited, posted
    told = {"money": [amount.minor, amount.currency], "reason": reason, "invoice_number": number, "note": command.note}
    return drafted, credited, posted, *case_steps(facts.case, facts.support, COMMENTS, **told)


def touched(command: IssueCredit, receipts: Mapping[str, Receipt]) -> tuple[tuple[str, str], ...]:
    """What was there before and is other now, beside the customer: (source uid, record id)."""
    return tuple((key.source, key.id) for key in (command.invoice, command.case) if key is not None)


# ------------------------------------------------------------------------------------------------- the ledger
async def draft(call: Call) -> Receipt:
    params, amount = call.step.params, amount_of(call)
    return await _ledger(call).draft_credit(
        LedgerCreditOrder(
            key=call.key,
            reference=call.reference,
            since=call.since,
            party=CustomerRef(*params["party"]),
            amount=amount,
            shares=tuple(_share(each, amount.currency) for each in params["shares"]),
            invoice_number=params["invoice_number"],
            on=call.since.date(),
            description=f"Credit: {params['reason']}",
        )
    )


async def find_draft(call: Call) -> Receipt | None:
    return await _ledger(call).find_credit(call.reference)


async def discard(call: Call, receipt: Receipt) -> Receipt:
    """Take the draft back; one that was posted since is countered where the posting is undone."""
    if "erp_post" in call.receipts:
        return Receipt(record_id=receipt.record_id, state=ReceiptState.UNDONE)
    return await _ledger(call).discard_credit(receipt.record_id, draft_reference(call))


async def post(call: Call) -> Receipt:
    record_id = call.receipts[LEDGER_STEP].record_id
    return await _ledger(call).post_credit(record_id, draft_reference(call), amount_of(call))


async def find_posted(call: Call) -> Receipt | None:
    found = await _ledger(call).find_credit(draft_reference(call))
    return found if found is not None and found.state is ReceiptState.DONE else None


async def reverse(call: Call, receipt: Receipt) -> Receipt:
    return await _ledger(call).reverse_credit(receipt.record_id, order_of(call), call.since.date())


# ------------------------------------------------------------------------------------------------- billing
async def credit(call: Call) -> Receipt:
    return await _billing(call).issue_credit(_order(call))


async def find_credit(call: Call) -> Receipt | None:
    return await _billing(call).find_issued_credit(_order(call))


async def withdraw(call: Call, receipt: Receipt) -> Receipt:
    return await _billing(call).withdraw_credit(receipt.record_id, _order(call))


def _order(call: Call) -> BillingCreditOrder:
    params = call.step.params
    return BillingCreditOrder(
        key=call.key,
        reference=call.reference,
        since=call.since,
        customer=CustomerRef(*params["customer"]),
        amount=amount_of(call),
        invoice_id=params["invoice_id"],
        reason=params["reason"],
        case_number=params["case_number"],
        memo=f"Credit: {params['reason']}",
    )


# ------------------------------------------------------------------------------------------------- the case
def note(call: Call) -> str:
    params = call.step.params
    said = f"\n\n{params['note']}" if params["note"] else ""
    return f"Credit of {shown(params['money'])} ({params['reason']}), asked for by {call.requested_by}.{said}"


def reply(call: Call) -> str:
    params = call.step.params
    on = f" on invoice {params['invoice_number']}" if params["invoice_number"] else ""
    return f"We have issued a credit of {shown(params['money'])}{on} for {FOR[CreditReason(params['reason'])]}."


KINDS: Mapping[str, StepKind] = {
    LEDGER_STEP: StepKind(do=draft, probe=find_draft, undo=discard),
    "billing_credit": StepKind(
        do=credit, probe=find_credit, undo=withdraw, pivot=True, key_seconds=KEY_SECONDS, makes="CreditMemo"
    ),
    "erp_post": StepKind(do=post, probe=find_posted, undo=reverse),
    "case_note": comment_kind(note, public=False),
    "case_reply": comment_kind(reply, public=True),
}


def _ledger(call: Call) -> LedgerCreditWrites:
    return cast(LedgerCreditWrites, call.system.adapter)


def _billing(call: Call) -> BillingCreditWrites:
    return cast(BillingCreditWrites, call.system.adapter)


def _told(share: TaxShare) -> dict[str, Any]:
    return {"rate": str(share.rate), "gross": share.gross.minor, "net": share.net.minor}


def _share(told: Mapping[str, Any], currency: str) -> TaxShare:
    gross, net = told["gross"], told["net"]
    return TaxShare(
        rate=Decimal(told["rate"]),
        gross=Money(gross, currency),
        net=Money(net, currency),
        tax=Money(gross - net, currency),
    )
