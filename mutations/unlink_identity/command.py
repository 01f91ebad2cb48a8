"""unlinkIdentity: what is asked for, and what can never be right."""

from typing import ClassVar

from mutations.governance.mutation import Command
from mutations.governance.plan import GovernedAction
from mutations.governance.refusals import RefusalCode, refused

MAX_REASON = 500  # characters: a sentence or two, kept with the link for ever


class UnlinkIdentity(Command, frozen=True, kw_only=True):
    """A steward's word that a record of a source is not a customer's."""

    action: ClassVar[GovernedAction] = GovernedAction.UNLINK_IDENTITY

    customer_uid: str
    source: str  # the source's uid
    record_id: str
    reason: str

    def __post_init__(self) -> None:
        if not self.record_id.strip():
            raise refused(RefusalCode.INVALID_INPUT, "a record has an id", field="recordId")
        if not 1 <= len(self.reason) <= MAX_REASON:
            message = f"say why in 1 to {MAX_REASON} characters"
            raise refused(RefusalCode.INVALID_INPUT, message, field="reason")

    @property
    def stated_reason(self) -> str | None:
        return self.reason
