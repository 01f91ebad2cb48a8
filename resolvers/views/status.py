"""The account at a glance: what is open, owed, breached, held. Each part asks only the systems that it needs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from resolvers.context import Context
from resolvers.views.hearing import OPEN_INVOICES, Hearing
from resolvers.views.standing import Fact, Standing, StandingReason
from sources.canonical.billing import CustomerSubscription, Invoice, SubscriptionStatus
from sources.canonical.customer import Customer, CustomerFlag
from sources.canonical.erp import ErpAccount
from sources.canonical.money import Money, totals
from sources.canonical.sensitivity import Financial, Sensitivity, classified
from sources.canonical.support import CasePriority, SupportCase

PRIORITIES = (CasePriority.URGENT, CasePriority.HIGH, CasePriority.NORMAL, CasePriority.LOW, CasePriority.OTHER)
# What a customer with several subscriptions is told as: the one that needs most care, then the liveliest.
SUBSCRIPTIONS_BY_CARE = (
    SubscriptionStatus.UNPAID,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.INCOMPLETE,
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.PAUSED,
    SubscriptionStatus.OTHER,
    SubscriptionStatus.CANCELED,
)


@classified(Sensitivity.INTERNAL)
class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The account at a glance. The standing comes from a decision table that is configuration; UNKNOWN where a
    deciding system is silent."""

    standing: Standing
    """How the account stands."""
    reasons: tuple[StandingReason, ...]
    """Why: every rule that holds."""
    open_cases: int | None
    """How many cases are neither solved nor closed."""
    highest_priority: CasePriority | None
    """The highest priority among the open cases."""
    sla_breached: bool | None
    """True where a promise for an open case is broken; null where no source tells."""
    open_exposure: Financial[tuple[Money, ...] | None]
    """Unpaid, per currency: matched invoices once, by billing's balance, and those that only the ERP has."""
    overdue: Financial[tuple[Money, ...] | None]
    """What of it is past due, per currency."""
    oldest_overdue_days: int | None
    """How long the oldest overdue invoice is past due; null where none is."""
    subscription_state: SubscriptionStatus | None
    """The state of the subscription that needs most care."""
    credit_hold: bool | None
    """True where nothing more is delivered on credit."""
    incomplete: tuple[str, ...]
    """Systems that did not answer: what is null for that cause."""


class StatusView:
    """The status of one customer, worked out part by part as fields ask for it."""

    def __init__(self, shared: Context, customer: Customer) -> None:
        self._shared = shared
        self._customer = customer
        self._hearing = Hearing(shared, customer)

    async def open_cases(self) -> list[SupportCase] | None:
        return (await self._hearing.of("case")).known

    async def open_cases_count(self) -> int | None:
        cases = await self.open_cases()
        return None if cases is None else len(cases)

    async def highest_priority(self) -> CasePriority | None:
        cases = await self.open_cases()
        return min((case.priority for case in cases), key=PRIORITIES.index, default=None) if cases else None

    async def sla_breached(self) -> bool | None:
        cases = await self.open_cases()
        if cases is None:
            return None
        told = [case.sla_milestones for case in cases if case.sla_milestones is not None]
        if cases and not told:
            return None
        return any(milestone.breached for milestones in told for milestone in milestones)

    async def owed(self) -> list[Invoice] | None:
        """Unpaid invoices: billing's own, and those that only the ERP has. None where billing is silent."""
        billed, booked = await asyncio.gather(self._hearing.of("invoice"), self._hearing.of("booked"))
        if billed.silent:
            return None
        known = {invoice.number for invoice in billed.records}
        only_booked = [each for each in booked.records if not {each.number, each.reference} & known]
        return [invoice for invoice in billed.records if invoice.status in OPEN_INVOICES] + only_booked

    async def open_exposure(self) -> tuple[Money, ...] | None:
        owed = await self.owed()
        return None if owed is None else totals([invoice.balance for invoice in owed])

    async def overdue_invoices(self) -> list[Invoice] | None:
        owed = await self.owed()
        today = self._shared.today
        return None if owed is None else [each for each in owed if each.due_at is not None and each.due_at < today]

    async def overdue(self) -> tuple[Money, ...] | None:
        late = await self.overdue_invoices()
        return None if late is None else totals([invoice.balance for invoice in late])

    async def oldest_overdue_days(self) -> int | None:
        late = await self.overdue_invoices()
        due = [each.due_at for each in late or () if each.due_at is not None]
        return (self._shared.today - min(due)).days if due else None

    async def subscription_state(self) -> SubscriptionStatus | None:
        found: list[CustomerSubscription] = (await self._hearing.of("subscription")).known or []
        return min((each.status for each in found), key=SUBSCRIPTIONS_BY_CARE.index, default=None)

    async def credit_hold(self) -> bool | None:
        if CustomerFlag.CREDIT_HOLD in (self._customer.flags or ()):
            return True
        accounts: list[ErpAccount] | None = (await self._hearing.of("ledger")).known
        told = [account.credit_hold for account in accounts or () if account.credit_hold is not None]
        return any(told) if told else None

    async def incomplete(self) -> tuple[str, ...]:
        return tuple(sorted({system for heard in await self._hearing.of_all() for system in heard.silent}))

    async def decided(self) -> tuple[Standing, tuple[StandingReason, ...]]:
        """The standing and its reasons, by the decision table."""
        wanted = self._shared.standing.facts
        facts = {name: await read() for name, read in self._facts().items() if name in wanted}
        return self._shared.standing.decide(facts)

    async def standing(self) -> Standing:
        return (await self.decided())[0]

    async def reasons(self) -> tuple[StandingReason, ...]:
        return (await self.decided())[1]

    def _facts(self) -> dict[str, Callable[[], Awaitable[Fact]]]:
        return {
            "credit_hold": lambda: self._fact(self.credit_hold, "ledger"),
            "legal_hold": lambda: self._flag(CustomerFlag.LEGAL_HOLD),
            "fraud": lambda: self._flag(CustomerFlag.FRAUD),
            "sla_breached": lambda: self._fact(self.sla_breached, "case"),
            "overdue": lambda: self._fact(self._is_overdue, "invoice"),
            "oldest_overdue_days": lambda: self._fact(self.oldest_overdue_days, "invoice"),
            "open_cases": lambda: self._fact(self.open_cases_count, "case"),
            "highest_priority": lambda: self._fact(self._priority_word, "case"),
            "subscription_state": lambda: self._fact(self._subscription_word, "subscription"),
        }

    async def _fact(self, read: Callable[[], Awaitable[Any]], kind: str) -> Fact:
        value = await read()
        said = await self._hearing.of(kind)
        systems = self._shared.systems.of(kind)
        return Fact(value, systems[0].name if len(systems) == 1 else None, silent=bool(said.silent) and value is None)

    async def _flag(self, flag: CustomerFlag) -> Fact:
        return Fact(flag in (self._customer.flags or ()))

    async def _is_overdue(self) -> bool | None:
        late = await self.overdue_invoices()
        return None if late is None else bool(late)

    async def _priority_word(self) -> str | None:
        priority = await self.highest_priority()
        return priority.value if priority else None

    async def _subscription_word(self) -> str | None:
        state = await self.subscription_state()
        return state.value if state else None
