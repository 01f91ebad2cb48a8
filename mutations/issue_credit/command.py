"""issueCredit: what is asked for, and what can never be right."""

from enum import Enum
from typing import ClassVar

from mutations.governance.mutation import Command
from mutations.governance.plan import GovernedAction
from mutations.governance.record_key import RecordKey
from mutations.governance.refusals import RefusalCode, refused
from sources.canonical.money import Money

MAX_NOTE = 2_000  # characters; what a person reads in a case


class CreditReason(Enum):
    """Why a credit is given."""

    SLA_BREACH = "SLA_BREACH"
    """A promise of the service level agreement was broken."""
    SERVICE_FAILURE = "SERVICE_FAILURE"
    """The service did not do what it should."""
    BILLING_ERROR = "BILLING_ERROR"
    """The invoice was wrong."""
    DUPLICATE = "DUPLICATE"
    """The same was billed twice."""
    GOODWILL = "GOODWILL"
    """Nothing is owed; it is given all the same."""


class IssueCredit(Command, frozen=True, kw_only=True):
    """A gross amount, for a customer, for a reason; on an invoice, or on account where there is none."""

    action: ClassVar[GovernedAction] = GovernedAction.ISSUE_CREDIT

    customer_uid: str
    amount: Money
    reason: CreditReason
    case: RecordKey | None = None
    invoice: RecordKey | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise refused(RefusalCode.INVALID_INPUT, "a credit is more than nothing", field="amount")
        if len(self.note or "") > MAX_NOTE:
            message = f"the note has {len(self.note or '')} characters; at most {MAX_NOTE} are kept"
            raise refused(RefusalCode.INVALID_INPUT, message, field="note")

    @property
    def amount_moved(self) -> Money | None:
        return self.amount

    @property
    def stated_reason(self) -> str | None:
        return self.reason.value
