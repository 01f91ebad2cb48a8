"""The arguments and inputs that all governed writes share, and what they become below.

What can never be right is refused as data (INVALID_INPUT with the field), so that a tool can put it beside its form.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import strawberry

from mutations.governance.graph.context import GovernedContext
from mutations.governance.record_key import RecordKey
from mutations.governance.refusals import RefusalCode, Refused, refused
from resolvers import ids
from resolvers.connections import UNSET, given
from resolvers.scalars import Currency
from sources.canonical.customer import Customer
from sources.canonical.money import Money, NotExact

LONGEST_KEY = 255  # characters; the contract's promise
LONGEST_WAIT = 30  # seconds; the contract's promise
LONGEST_TEXT = 2000  # characters of a comment or a note: a page; longer ones belong into the case itself
LARGEST_AMOUNT = 10**15  # minor units: beyond every invoice, and far below where a database's integers end


@strawberry.input(description="An amount that is exact in its currency's minor unit.")
class MoneyInput:
    amount: Decimal = strawberry.field(description='In major units, e.g. "12.50"; no finer than the minor unit.')
    currency: Currency = strawberry.field(description="The ISO 4217 code.")

    def canonical(self, name: str) -> Money:
        """The amount as Money. Raises Refused, at the field `name`."""
        try:
            money = Money.of(self.amount, self.currency)
        except NotExact:
            message = f"{self.amount:f} {self.currency} is finer than the currency's minor unit"
            raise invalid(message, name, rule="input.minor_unit") from None
        if abs(money.minor) > LARGEST_AMOUNT:
            raise invalid("that is more than any amount that is booked", name)
        return money


IdempotencyKey: TypeAlias = Annotated[
    str,
    strawberry.argument(
        description="Your name for this request, 1 to 255 characters: the same key and input is the same workflow."
    ),
]
PlanHash: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The `hash` of the plan that was shown; another plan is PLAN_CHANGED.")
]
WaitSeconds: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="Answer when the workflow has come to rest, or after so many seconds: 0 to 30."),
]
WorkflowId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The workflow's id.")]
Comment: TypeAlias = Annotated[str, strawberry.argument(description="Why; kept with the decision.")]
OptionalComment: TypeAlias = Annotated[str | None, strawberry.argument(description="Why; kept with the decision.")]


def invalid(message: str, field: str, *, rule: str = "input.invalid") -> Refused:
    """The input can never be right."""
    return refused(RefusalCode.INVALID_INPUT, message, rule=rule, field=field)


def checked_key(key: str) -> str:
    """The key, where it is one. Raises Refused."""
    if not 1 <= len(key) <= LONGEST_KEY:
        raise invalid(f"a key has 1 to {LONGEST_KEY} characters", "idempotencyKey", rule="input.key")
    return key


def checked_wait(seconds: int | None) -> int:
    """How long to wait. Raises Refused."""
    if seconds is None:
        return 0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise invalid(f"waitSeconds is 0 to {LONGEST_WAIT}", "waitSeconds", rule="input.wait")
    return seconds


def text(value: Any, name: str, *, required: bool = False) -> str | None:
    """A text that a person wrote, without space around it; None where there is none. Raises Refused."""
    stripped = "" if value is UNSET or value is None else value.strip()
    if required and not stripped:
        raise invalid("say why, in a sentence", name)
    if len(stripped) > LONGEST_TEXT:
        raise invalid(f"a text has at most {LONGEST_TEXT} characters", name)
    return stripped or None


def required_text(value: str, name: str) -> str:
    """A text that must be there. Raises Refused."""
    return text(value, name, required=True) or ""


async def customer_of(shared: GovernedContext, global_id: str, name: str = "customerId") -> Customer:
    """The customer of an id, within the viewer's rows. Raises Refused: whether it exists elsewhere is not told."""
    customer = await shared.customer(record_of(global_id, "Customer", name).id)
    if customer is None:
        message = "there is no such customer among those that you may see"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="customer.unknown", field=name)
    return customer


def source_uid(shared: GovernedContext, name: str) -> str:
    """The uid of a configured system. Raises Refused."""
    system = shared.systems.by_name(name)
    if system is None:
        raise invalid("there is no system of this name", "system", rule="system.unknown")
    return system.uid


def record_of(global_id: str, kind: str, name: str) -> ids.RecordId:
    """What an id of a type says. Raises Refused."""
    try:
        parts = ids.decode(global_id)
    except ids.NotAnId:
        parts = None
    if parts is None or parts.type != kind:
        raise invalid(f"this is no id of a {kind}", name, rule="input.id")
    return parts


def record_key(global_id: str, kind: str, name: str) -> RecordKey:
    """The record of a source that an id names. Raises Refused."""
    parts = record_of(global_id, kind, name)
    return RecordKey(parts.source, parts.id)


def maybe_record_key(global_id: Any, kind: str, name: str) -> RecordKey | None:
    """The same of an id that may be left out."""
    return None if given(global_id) is None else record_key(global_id, kind, name)


Make: TypeAlias = Callable[[GovernedContext], Awaitable[Any]]
"""Builds the command. Raises Refused."""
