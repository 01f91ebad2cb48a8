"""refundPayment: what is asked for, and what can never be right."""

from typing import ClassVar

from mutations.governance.mutation import Command
from mutations.governance.plan import GovernedAction
from mutations.governance.record_key import RecordKey
from mutations.governance.refusals import RefusalCode, refused
from sources.canonical.money import Money

MAX_REASON = 500  # characters: what a vendor's metadata holds


class RefundPayment(Command, frozen=True, kw_only=True):
    """A gross amount of a payment, given back to where it came from."""

    action: ClassVar[GovernedAction] = GovernedAction.REFUND_PAYMENT

    payment: RecordKey
    amount: Money
    reason: str
    case: RecordKey | None = None

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise refused(RefusalCode.INVALID_INPUT, "a refund is more than nothing", field="amount")
        if not self.reason.strip() or len(self.reason) > MAX_REASON:
            message = f"the reason has {len(self.reason)} characters; it takes 1 to {MAX_REASON}"
            raise refused(RefusalCode.INVALID_INPUT, message, field="reason")

    @property
    def amount_moved(self) -> Money | None:
        return self.amount

    @property
    def stated_reason(self) -> str | None:
        return self.reason
