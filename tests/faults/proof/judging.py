"""What must hold of every case, whatever happened to it: the money moved once, or not at all, or somebody was told."""

from tests.faults.proof.cases import BEFORE, PIVOT, STEPS, UNDOING, UNDOING_LATE, Case
from tests.faults.proof.counting import COMMENTS, Effects, End

MOVED = "SUCCEEDED"
NOT_MOVED = ("FAILED", "COMPENSATED", "REJECTED", "CANCELED", "EXPIRED", "AWAITING_APPROVAL")
OPEN = ("OUTCOME_UNKNOWN", "NEEDS_ATTENTION")


def faults_of(case: Case, end: End | None, found: Effects) -> list[str]:
    """What does not hold, a sentence each."""
    if end is None:
        return ["no workflow, though one was asked for"]
    wrong = _at_most_once(case, found)
    if end.status == MOVED:
        wrong += _moved_once(case, end, found)
    elif end.status in NOT_MOVED:
        wrong += _not_moved(found)
    elif end.status in OPEN:
        if UNDOING_LATE in end.attempts and not found.billing and found.ledger and _went_well(case):
            wrong.append("the refund failed, and is still in the ledger")
        if end.status not in end.alerts:
            wrong.append(f"{end.status}, and nobody was told")
    else:
        wrong.append(f"{end.status} is no end")
    return wrong + _intended(case, end, found)


def _at_most_once(case: Case, found: Effects) -> list[str]:
    wrong = []
    if len(found.billing) > 1:
        wrong.append(f"the money moved {len(found.billing)} times")
    if len(found.ledger) > 1:
        wrong.append(f"it is in the ledger {len(found.ledger)} times")
    if any(amount != case.minor for amount in (*found.billing, *found.ledger)):
        wrong.append(f"{case.minor} was asked for; billing {found.billing}, ledger {found.ledger}")
    return wrong + [f"{step} was written {count} times" for step, count in found.comments.items() if count > 1]


def _moved_once(case: Case, end: End, found: Effects) -> list[str]:
    wrong = []
    if found.billing != (case.minor,) or found.ledger != (case.minor,):
        wrong.append(f"it succeeded; billing has {found.billing}, the ledger {found.ledger}")
    if found.drafts:
        wrong.append("it succeeded, and a draft is left in the ledger")
    wanted = [step for step in STEPS[case.action] if step in COMMENTS and step in end.attempts]
    return wrong + [f"it succeeded without {step}" for step in wanted if not found.comments[step]]


def _not_moved(found: Effects) -> list[str]:
    wrong = []
    if found.billing or found.ledger or found.drafts:
        wrong.append(f"it is undone; billing has {found.billing}, the ledger {found.ledger} and {found.drafts} drafts")
    if any(found.comments.values()):
        wrong.append("it is undone, and the case says that it was done")
    return wrong


def _intended(case: Case, end: End, found: Effects) -> list[str]:
    """Every effect was written down before it was sent."""
    left = found.steps | ({PIVOT[case.action]} if found.billing or found.withdrawn else set())
    return [f"{step} has no intent in the audit log" for step in sorted(left - end.intents)]


def _went_well(case: Case) -> bool:
    return case.step not in BEFORE or case.way not in ("refused", "errors", "silent", "silent_applied")


def as_good_as_can_be(case: Case, end: End | None) -> bool:
    """Whether it did not only end well, but came as far as it can: a vendor that goes on refusing stops it."""
    wanted: tuple[str, ...]
    never = case.way in ("refused", "errors")
    if case.way == "fails" or case.step == UNDOING_LATE:
        wanted = ("NEEDS_ATTENTION",)  # a person is told of money that did not arrive, whatever was undone
    elif case.step == UNDOING:
        wanted = ("NEEDS_ATTENTION",) if never else ("COMPENSATED",)
    elif not never:
        wanted = (MOVED,)
    else:
        steps = STEPS[case.action]
        past = steps.index(case.step) > steps.index(PIVOT[case.action])
        wanted = ("NEEDS_ATTENTION",) if past else NOT_MOVED
    return end is not None and end.status in wanted
