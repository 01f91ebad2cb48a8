"""A refusal is data: the mutation was understood, and a rule said no."""

from enum import Enum

import msgspec

from sources.canonical.sensitivity import Sensitivity, classified


class RefusalCode(Enum):
    """What kind of rule said no."""

    NOT_ALLOWED = "NOT_ALLOWED"
    """Your roles do not let you ask for this."""
    OVER_LIMIT = "OVER_LIMIT"
    """The amount, or the sum with what was done before, is above a limit."""
    NOT_ENTITLED = "NOT_ENTITLED"
    """The customer has no claim to this for that reason."""
    PRECONDITION_FAILED = "PRECONDITION_FAILED"
    """A record is not as it has to be."""
    PLAN_CHANGED = "PLAN_CHANGED"
    """What would be done is no longer what was shown: look at the new plan."""
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    """The key was used for another input."""
    OWN_REQUEST = "OWN_REQUEST"
    """Nobody approves what they asked for, or what was asked for in their name."""
    WRONG_STATE = "WRONG_STATE"
    """The workflow is not in a state that allows this."""
    INVALID_INPUT = "INVALID_INPUT"
    """The input can never be right."""
    SYSTEM_UNAVAILABLE = "SYSTEM_UNAVAILABLE"
    """A system that must be asked first does not answer, or is switched off for writing."""


@classified(Sensitivity.INTERNAL)
class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done. Nothing was written anywhere but the audit log."""

    code: RefusalCode
    """What kind of rule said no."""
    message: str
    """What was wrong, and what to do."""
    rule: str | None = None
    """The stable name of the rule, e.g. "credit.cap"."""
    field: str | None = None
    """The input field that it concerns, e.g. "amount"."""


class Refused(Exception):
    """Raised where what is asked for is refused; every reason that is known at once."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(refusal.code.value for refusal in refusals))
        self.refusals = refusals


def refused(code: RefusalCode, message: str, *, rule: str | None = None, field: str | None = None) -> Refused:
    """One reason, ready to be raised."""
    return Refused(Refusal(code=code, message=message, rule=rule, field=field))
