"""What the steps of several mutations share: how they are planned, and comments on a case."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from mutations.governance.mutation import Call, Probe, StepKind
from mutations.governance.plan import PlannedStep, Reversibility
from sources.canonical.money import Money
from sources.canonical.support import CaseStatus, SupportCase
from sources.systems import System
from sources.writing import LEDGER_STEP, CaseWrites, CommentOrder, Order, Receipt

KEY_SECONDS = 20 * 3600.0  # billing keeps keys for 24 hours at least; four hours are left for clocks and queues

Write = Callable[[Call], str]


def step(
    name: str,
    system: System,
    effect: str,
    reversibility: Reversibility,
    amount: Money | None = None,
    **params: Any,
) -> PlannedStep:
    """A step of a plan. `params` is JSON: all that it needs beside its amount."""
    return PlannedStep(
        name=name,
        system=system.name,
        source=system.uid,
        effect=effect,
        amount=amount,
        reversibility=reversibility,
        params=params,
    )


def amount_of(call: Call) -> Money:
    """The amount of a step that moves money."""
    if call.step.amount is None:
        raise TypeError(f"the step {call.step.name} was planned without an amount")
    return call.step.amount


def order_of(call: Call) -> Order:
    """The order of a step that says no more than that it is wanted."""
    return Order(key=call.key, reference=call.reference, since=call.since)


def draft_reference(call: Call) -> str:
    """The reference of the ledger's document, which carries the draft's for ever."""
    return f"{call.reference.rpartition(':')[0]}:{LEDGER_STEP}"


def takes_comments(case: SupportCase | None) -> bool:
    """A closed case takes none any more."""
    return case is not None and case.status is not CaseStatus.CLOSED


def case_steps(case: SupportCase, support: System, names: Mapping[str, str], **params: Any) -> tuple[PlannedStep, ...]:
    """A comment for each name, with its effect in a sentence; `params` is what their texts are made of."""
    told = {"case_id": case.provenance.record_id, **params}
    return tuple(step(name, support, effect, Reversibility.IRREVERSIBLE, **told) for name, effect in names.items())


def comment_kind(text: Write, *, public: bool) -> StepKind:
    """A comment on the case of the step's params: sent once, looked for before it is ever sent again."""

    async def write(call: Call) -> Receipt:
        return await _cases(call).add_comment(
            CommentOrder(
                key=call.key,
                reference=call.reference,
                since=call.since,
                case_id=call.step.params["case_id"],
                text=text(call),
                public=public,
            )
        )

    async def find(call: Call) -> Receipt | None:
        return await _cases(call).find_comment(call.step.params["case_id"], call.reference)

    probe: Probe = find
    return StepKind(do=write, probe=probe)


def _cases(call: Call) -> CaseWrites:
    return cast(CaseWrites, call.system.adapter)


def shown(params: list[Any]) -> str:
    """An amount of a step's params, [minor units, currency], for a person to read."""
    minor, currency = params
    return f"{Money(minor, currency).amount} {currency}"
