"""What came of sending a step, of looking for it, or of carrying it out altogether: JSON, and nothing of a person."""

from typing import Literal

import msgspec

from mutations.governance.refusals import Refused as RuledOut
from sources.faults import NotOffered, OutcomeUnknown, Refused, SourceFault

Kind = Literal["done", "refused", "again", "unknown", "no"]


class Outcome(msgspec.Struct, frozen=True):
    """done: with a receipt. refused: surely not done, and never will be. again: surely not done, may be sent again.
    unknown: sent, and nobody told. no: looked for, and not there."""

    kind: Kind
    code: str = ""
    message: str = ""
    retryable: bool = False
    pause_seconds: float = 0.0
    took_seconds: float = 0.0  # of a look: a vendor that lets it wait uses up the patience, too
    counts: bool = False  # of a "no": the vendor's own time limit has passed
    key_spent: bool = False
    resend: bool = False  # of "again": nobody knows, but the vendor knows the key and will not do it twice


DONE = Outcome("done")


def of_exception(error: Exception) -> Outcome:
    """What a step that raised has come to. Whatever is not a fault that says otherwise may have been sent."""
    if isinstance(error, OutcomeUnknown):
        return Outcome("unknown", code=error.code, message=error.reason, key_spent=error.key_spent)
    if isinstance(error, SourceFault):
        pause = error.retry_after_seconds or 0.0
        never = isinstance(error, Refused | NotOffered)
        kind: Kind = "again" if not never and (error.retryable or not error.sent) else "refused"
        return Outcome(kind, code=error.code, message=error.reason, retryable=error.retryable, pause_seconds=pause)
    if isinstance(error, RuledOut):
        first = error.refusals[0]
        return Outcome("refused", code=first.code.value, message=first.message)
    if isinstance(error, TimeoutError):
        return Outcome("unknown", code="SOURCE_TIMEOUT", message="no answer within the step's deadline")
    return Outcome("unknown", code="INTERNAL", message=f"the step ended with {type(error).__name__}")


def over_a_doubt(told: Outcome) -> Outcome:
    """What a sending has come to before which another was made of which nobody knows.

    That this one was not done says nothing of the other: the doubt stays. What is refused now is looked for, and not
    sent again under the same key.
    """
    if told.kind in ("again", "refused"):
        return msgspec.structs.replace(told, kind="unknown", key_spent=told.kind == "refused")
    return told
