"""The account at a glance: what is open, owed, breached, held. Each part asks only the systems that it needs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from resolvers.context import Context
from resolvers.edges import CASES, INVOICES, SUBSCRIPTIONS
from resolvers.lists import records_in
from resolvers.loaders import EVERYTHING, settled
from resolvers.views.standing import Fact, Standing, StandingReason
from sources.canonical.billing import CustomerSubscription, Invoice, InvoiceStatus, SubscriptionStatus
from sources.canonical.customer import Customer, CustomerFlag
from sources.canonical.erp import ErpAccount
from sources.canonical.money import Money, totals
from sources.canonical.provenance import CustomerRef
from sources.canonical.sensitivity import Financial, Sensitivity, classified
from sources.canonical.support import CasePriority, CaseStatus, SupportCase
from sources.capabilities import MAX_UPSTREAM_PAGES, CaseFilter, InvoiceFilter, Page, Window
from sources.faults import NotOffered, SourceFault
from sources.systems import System

OPEN_CASES = frozenset({CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.PENDING, CaseStatus.ON_HOLD, CaseStatus.OTHER})
OPEN_INVOICES = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PARTIALLY_PAID})
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


class Heard(msgspec.Struct):
    """What the systems of one kind said: their records, and who was silent."""

    records: list[Any]
    silent: list[str]

    @property
    def known(self) -> list[Any] | None:
        """The records; None where a system was silent."""
        return None if self.silent else self.records


class StatusView:
    """The status of one customer, worked out part by part as fields ask for it."""

    def __init__(self, shared: Context, customer: Customer) -> None:
        self._shared = shared
        self._customer = customer
        self._tasks: dict[str, asyncio.Task[Heard]] = {}

    async def open_cases(self) -> list[SupportCase] | None:
        return (await self._heard("cases", self._read_cases)).known

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
        billed, booked = await asyncio.gather(
            self._heard("invoices", self._read_invoices), self._heard("booked", self._read_booked)
        )
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
        found: list[CustomerSubscription] = (await self._heard("subscriptions", self._read_subscriptions)).known or []
        return min((each.status for each in found), key=SUBSCRIPTIONS_BY_CARE.index, default=None)

    async def credit_hold(self) -> bool | None:
        if CustomerFlag.CREDIT_HOLD in (self._customer.flags or ()):
            return True
        accounts: list[ErpAccount] | None = (await self._heard("account", self._read_account)).known
        told = [account.credit_hold for account in accounts or () if account.credit_hold is not None]
        return any(told) if told else None

    async def incomplete(self) -> tuple[str, ...]:
        heard = await asyncio.gather(*(self._heard(name, read) for name, read in self._reads().items()))
        return tuple(sorted({system for each in heard for system in each.silent}))

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
            "credit_hold": lambda: self._fact(self.credit_hold, "account"),
            "legal_hold": lambda: self._flag(CustomerFlag.LEGAL_HOLD),
            "fraud": lambda: self._flag(CustomerFlag.FRAUD),
            "sla_breached": lambda: self._fact(self.sla_breached, "cases"),
            "overdue": lambda: self._fact(self._is_overdue, "invoices"),
            "oldest_overdue_days": lambda: self._fact(self.oldest_overdue_days, "invoices"),
            "open_cases": lambda: self._fact(self.open_cases_count, "cases"),
            "highest_priority": lambda: self._fact(self._priority_word, "cases"),
            "subscription_state": lambda: self._fact(self._subscription_word, "subscriptions"),
        }

    async def _fact(self, read: Callable[[], Awaitable[Any]], heard: str) -> Fact:
        value = await read()
        said = await self._heard(heard, self._reads()[heard])
        systems = self._systems_asked(heard)
        return Fact(value, systems[0] if len(systems) == 1 else None, silent=bool(said.silent) and value is None)

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

    def _reads(self) -> dict[str, Callable[[], Awaitable[Heard]]]:
        return {
            "cases": self._read_cases,
            "invoices": self._read_invoices,
            "booked": self._read_booked,
            "subscriptions": self._read_subscriptions,
            "account": self._read_account,
        }

    def _systems_asked(self, heard: str) -> list[str]:
        kind = {"cases": "case", "invoices": "invoice", "subscriptions": "subscription", "account": "ledger"}[heard]
        return [system.name for system in self._shared.systems.of(kind)]

    async def _heard(self, name: str, read: Callable[[], Awaitable[Heard]]) -> Heard:
        if name not in self._tasks:
            self._tasks[name] = asyncio.ensure_future(read())
        return await self._tasks[name]

    async def _read_cases(self) -> Heard:
        heard = await self._ask(CASES.kind, lambda system, ref: self._open(system, ref, CASES.method, CASE_WINDOW))
        heard.records = [case for case in heard.records if case.status in OPEN_CASES]
        return heard

    async def _read_invoices(self) -> Heard:
        return await self._ask(
            INVOICES.kind, lambda system, ref: self._shared.loaders.everything(system, INVOICES.method, ref)
        )

    async def _read_booked(self) -> Heard:
        """Open invoices in a ledger that is not the system of record of invoices."""
        record = set(self._shared.systems.of(INVOICES.kind))
        places = [each for each in records_in(self._shared, self._customer, "ledger") if each[0] not in record]
        return await self._ask_all(places, lambda system, ref: self._walk(system, ref, INVOICES.method, INVOICE_WINDOW))

    async def _read_subscriptions(self) -> Heard:
        return await self._ask(
            SUBSCRIPTIONS.kind, lambda system, ref: self._shared.loaders.everything(system, SUBSCRIPTIONS.method, ref)
        )

    async def _read_account(self) -> Heard:
        async def account(system: System, ref: CustomerRef) -> Sequence[Any]:
            found = await self._shared.loaders.one(system, "ledger_accounts", ref)
            return () if found is None else (found,)

        return await self._ask("ledger", account)

    async def _open(self, system: System, ref: CustomerRef, method: str, window: Window) -> Sequence[Any]:
        """The whole list where one answer holds it, since other edges ask for it too; else only the open ones."""
        page: Page[Any] = await self._shared.loaders.one(system, method, ref, EVERYTHING)
        return page.records if page.next is None else await self._walk(system, ref, method, window)

    async def _walk(self, system: System, ref: CustomerRef, method: str, window: Window) -> Sequence[Any]:
        found: list[Any] = []
        for _ in range(MAX_UPSTREAM_PAGES):
            page: Page[Any] = await self._shared.loaders.one(system, method, ref, window)
            found.extend(page.records)
            if page.next is None:
                break
            window = Window(after=page.next, filter=window.filter)
        return found

    async def _ask(self, kind: str, read: Callable[[System, CustomerRef], Awaitable[Sequence[Any]]]) -> Heard:
        return await self._ask_all(records_in(self._shared, self._customer, kind), read)

    async def _ask_all(
        self,
        places: Sequence[tuple[System, CustomerRef]],
        read: Callable[[System, CustomerRef], Awaitable[Sequence[Any]]],
    ) -> Heard:
        answers = await settled([read(system, ref) for system, ref in places])
        heard = Heard([], [])
        for (system, _), answer in zip(places, answers, strict=True):
            if isinstance(answer, NotOffered):
                continue
            if isinstance(answer, SourceFault):
                heard.silent.append(system.name)
            else:
                heard.records.extend(answer)
        return heard


CASE_WINDOW = Window(filter=CaseFilter(status=OPEN_CASES))
INVOICE_WINDOW = Window(filter=InvoiceFilter(status=OPEN_INVOICES))
