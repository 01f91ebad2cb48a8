"""What is asked for: a case is one governed write, of an amount of its own, to which one thing happens at one step."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import msgspec

from tests.faults.proof.town import GatewayProcess, Town
from tests.faults.proof.ways import KILLS, SETTLING, WAYS
from tests.support.writing import ISSUE_CREDIT, REFUND_PAYMENT, money

CREDIT, REFUND = "issueCredit", "refundPayment"
STEPS: Mapping[str, tuple[str, ...]] = {
    CREDIT: ("erp_draft", "billing_credit", "erp_post", "case_note", "case_reply"),
    REFUND: ("erp_draft", "billing_refund", "erp_post", "case_note"),
}
PIVOT: Mapping[str, str] = {CREDIT: "billing_credit", REFUND: "billing_refund"}
UNDOING = "erp_draft.undo"  # what is taken back where the pivot is refused
UNDOING_LATE = "erp_post.late_undo"  # what is countered where a refund fails after it was accepted
COLUMNS: Mapping[str, tuple[str, ...]] = {
    CREDIT: (*STEPS[CREDIT], UNDOING),
    REFUND: (*STEPS[REFUND], UNDOING, UNDOING_LATE),
}
BEFORE: Mapping[str, str] = {UNDOING: "refused", UNDOING_LATE: "fails"}  # what happens to the pivot first
ALL = (*WAYS, *SETTLING, *KILLS)
ROLE = "finance_approver"  # may do either alone, for amounts like these
SMALLEST_MINOR = 101  # amounts that differ are told apart, and are split over tax rates with a residue


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One write. `minor`: its amount, in minor units of the customer's currency."""

    number: int
    action: str
    step: str
    way: str
    minor: int

    @property
    def id(self) -> str:
        """Its correlation id, which says what happens to it."""
        first = f":{PIVOT[self.action]}:{BEFORE[self.step]}" if self.step in BEFORE else ""
        return f"c{self.number:04}{first}:{self.step}:{self.way}"

    @property
    def key(self) -> str:
        return f"key-{self.number}"

    @property
    def kills(self) -> bool:
        return self.way in KILLS


def every_case(steps: Iterable[tuple[str, str]] = ()) -> list[Case]:
    """The whole matrix: every step in every way, and killed at every boundary. `steps`: only these."""
    chosen = list(steps) or [(action, step) for action in STEPS for step in COLUMNS[action]]
    numbers, amounts = count(1), {action: count(SMALLEST_MINOR) for action in STEPS}
    return [
        Case(number=next(numbers), action=action, step=step, way=way, minor=next(amounts[action]))
        for way in ALL
        for action, step in chosen
        if way not in SETTLING or (action, step) == (REFUND, PIVOT[REFUND])
    ]


def batches(cases: Sequence[Case], at_once: int) -> Iterator[list[Case]]:
    """Cases that may run beside one another: of the same way, so many at a time."""
    for way in ALL:
        these = [case for case in cases if case.way == way]
        size = -(-len(these) // -(-len(these) // at_once)) if these else 1
        yield from (these[start : start + size] for start in range(0, len(these), size))


async def request(town: Town, process: GatewayProcess, case: Case, key: str | None = None) -> dict[str, Any]:
    """Ask for a case; gives the payload. Does not wait for its end."""
    query = ISSUE_CREDIT if case.action == CREDIT else REFUND_PAYMENT
    variables = {"input": input_of(town, case), "key": key or case.key, "wait": 0}
    data = await town.ask(process, query, variables, role=ROLE, case=case.id)
    payload: dict[str, Any] = data[case.action]
    return payload


def input_of(town: Town, case: Case) -> dict[str, Any]:
    """The input of its mutation."""
    amount = f"{case.minor // 100}.{case.minor % 100:02}"
    if case.action == CREDIT:
        return town.story.credit(amount)
    payment = town.story.paid
    currency = payment["amount"]["currency"]
    settles = {"caseId": town.story.breached["id"]}
    return {"paymentId": payment["id"], "amount": money(amount, currency), "reason": "Charged by mistake", **settles}
