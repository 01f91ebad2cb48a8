"""What another policy would have decided about past requests, from the facts stored with each decision."""

from collections.abc import AsyncIterator

import msgspec

from mutations.governance.plan import ApprovalRequirement
from mutations.governance.policy.decisions import Decided
from mutations.governance.policy.words import Decision, Policy


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the past beside what the policy at hand decides about the same request."""

    past: Decided
    now: Decision

    @property
    def differs(self) -> bool:
        """Whether a caller would notice: another verdict, other approvals, or another rule that says no."""
        return _noticed(self.past.decision) != _noticed(self.now)


def _noticed(decision: Decision) -> tuple[object, ...]:
    return decision.verdict, _asked_for(decision.approvals), frozenset(each.rule for each in decision.refusals)


def _asked_for(approvals: tuple[ApprovalRequirement, ...]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The rule's name is left out: under another name the same persons approve."""
    return tuple((each.roles, each.count) for each in approvals)


async def compared(past: AsyncIterator[Decided], policy: Policy) -> AsyncIterator[Comparison]:
    """Each past decision beside the new one."""
    async for each in past:
        yield Comparison(past=each, now=policy.decide(each.request))


def in_words(decision: Decision) -> str:
    """A decision in a few words, e.g. "NEEDS_APPROVAL 2 finance_approver"."""
    approvals = [f"{each.count} {' or '.join(each.roles)}" for each in decision.approvals]
    return " ".join([decision.verdict.value, *approvals])
