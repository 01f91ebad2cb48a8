"""What the viewer may do: Viewer.limits, and Customer.actions before the click. From the policy, not beside it."""

from typing import Any

import msgspec
from strawberry.types import Info

from mutations.governance.answers import ActionAvailability
from mutations.governance.graph.context import governed
from mutations.governance.plan import GovernedAction
from mutations.governance.policy.words import Limit
from resolvers.exposure import exposed, field
from sources.canonical.customer import Customer
from sources.canonical.money import Money
from sources.canonical.sensitivity import Sensitivity, classified

USUAL_CURRENCY = "EUR"  # in which a limit is told where the viewer's own limits name no currency


@classified(Sensitivity.INTERNAL)
class ActionLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Up to how much the viewer may go, in each currency that the policy names."""

    action: GovernedAction
    """What can be asked for."""
    without_approval: tuple[Money, ...]
    """Alone."""
    with_approval: tuple[Money, ...]
    """With another person's approval; empty where there is no such limit, or no such way."""


def limits(self: Any, info: Info[Any, Any]) -> list[ActionLimit]:
    shared = governed(info)
    return [_shown(each) for each in shared.governance.limits(shared.actor)]


def _shown(limit: Limit) -> ActionLimit:
    return ActionLimit(action=limit.action, without_approval=limit.without_approval, with_approval=limit.with_approval)


async def actions(self: Customer, info: Info[Any, Any]) -> list[ActionAvailability]:
    shared = governed(info)
    alone = (money for limit in shared.governance.limits(shared.actor) for money in limit.without_approval)
    currency = next((money.currency for money in alone), USUAL_CURRENCY)
    return list(await shared.governance.availability(shared.actor, self.uid, currency))


LIMITS = field(limits, list[exposed(ActionLimit)], "Up to how much the viewer may go, by action.")  # type: ignore[misc]
ACTIONS = field(
    actions,
    list[exposed(ActionAvailability)] | None,  # type: ignore[misc]
    "What the viewer may do for this customer, before the click.",
)
