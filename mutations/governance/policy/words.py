"""What is asked of the policy, and what it answers."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from mutations.governance.answers import ActionAvailability
from mutations.governance.plan import ApprovalRequirement, GovernedAction, Verdict
from mutations.governance.refusals import Refusal
from sources.canonical.actor import Actor
from sources.canonical.money import Money


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What was done before, in minor units of the asked amount's currency; without what was undone or refused."""

    alone_for_customer: int = 0  # by this actor, without approval, for this customer, in 24 hours, for this action
    alone_in_all: int = 0  # the same over all customers
    credited: int = 0  # to this customer by anyone in 30 days, reservations too


class PolicyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision depends on. Stored with the decision, so that it can be made again."""

    action: GovernedAction
    issuer: str
    subject: str
    person: bool
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    customer_uid: str
    amount: Money | None = None
    attributes: Mapping[str, Any] = {}  # of mutation.Facts
    cap: Money | None = None
    sums: Sums = Sums()
    switched_off: tuple[str, ...] = ()  # of this action and its systems, by the kill switch
    read_only: tuple[str, ...] = ()  # its systems that are configured so
    acting: str | None = None  # the subject that acts in the requester's name


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy says, and by which rules (stable names)."""

    verdict: Verdict
    rules: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()
    approvals: tuple[ApprovalRequirement, ...] = ()
    policy_version: str


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Up to how much, in each currency, an actor may go for an action.

    `with_approval`: by the cheapest kind of approval that has a limit; an approval without a limit is not listed.
    """

    action: GovernedAction
    without_approval: tuple[Money, ...]
    with_approval: tuple[Money, ...]


class Policy(Protocol):
    """The rules in force. Pure: asks nothing and nobody."""

    @property
    def version(self) -> str:
        """A hash of all texts and tables."""
        ...

    def decide(self, request: PolicyRequest) -> Decision: ...

    def approver_role(self, request: PolicyRequest, requirement: ApprovalRequirement, approver: Actor) -> str | Refusal:
        """The role by which this person may approve what another asked for; else why not."""
        ...

    def may_cancel(self, request: PolicyRequest, actor: Actor) -> Refusal | None:
        """None where the actor may call off what was asked for; else why not."""
        ...

    def limits(self, actor: Actor) -> tuple[Limit, ...]:
        """What the actor may do, by action and currency."""
        ...

    def availability(
        self,
        actor: Actor,
        currency: str,
        *,
        switched_off: Mapping[GovernedAction, tuple[str, ...]] = {},
        known: Mapping[str, Any] = {},
    ) -> tuple[ActionAvailability, ...]:
        """What the actor could do for a customer, before facts are read; rules whose facts are not known say nothing.

        `known`: attributes of mutation.Facts that are known without asking a source, e.g. {"legal_hold": True}.
        """
        ...
