"""A vendor in memory that fails in every way, a mutation over it, and a house in which it is governed."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, ClassVar

import msgspec

from mutations.governance.alerts.migrations import migrate as migrate_alerts
from mutations.governance.audit.audit import Audit
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.audit.migrations import migrate as migrate_audit
from mutations.governance.engine.migrations import migrate as migrate_engine
from mutations.governance.governance import Governance
from mutations.governance.migrations import migrate
from mutations.governance.mutation import Call, Command, Facts, Mutation, StepKind
from mutations.governance.pace import Pace
from mutations.governance.plan import GovernedAction, PlannedStep, Reversibility
from mutations.governance.policy.cedar import CedarPolicy
from mutations.governance.policy.decisions import Decisions
from mutations.governance.policy.migrations import migrate as migrate_policy
from mutations.governance.policy.switches import Switches
from mutations.governance.policy.texts import read_texts
from mutations.governance.workflow import Workflow
from sources.cache import Cache
from sources.canonical.actor import Actor
from sources.canonical.customer import CustomerRecord
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef, Origin
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.migrations import migrate as migrate_crosswalk
from sources.database import Database, open_database
from sources.faults import Busy, OutcomeUnknown, Refused
from sources.plugin import SourceSettings
from sources.systems import System, Systems
from sources.writing import Receipt, ReceiptState
from tests.mutations.core.killable_engine import KillableEngine, Killed

SECTIONS = [("erp", "tryton", "http://127.0.0.1:1/erp", 1), ("billing", "stripe", "http://127.0.0.1:1/billing", 1)]
ISSUER = "https://id.example.com/"
ACTIONS = ("draft", "credit", "post", "note", "reply")
FAST = Pace(
    retry=0.001,
    longest_retry=0.01,
    probe=0.005,
    between_nos=0.001,
    resolve=0.05,
    no_counts_scale=0.0005,
    call_grace=0.05,
    settle=0.01,
    sweep=0.02,
    pick_up=0.0,
    unknown=0.01,
    purge_poll=0.02,
    purge_trust=0.3,
    poll=0.02,
)


async def prepare(url: str) -> None:
    """Make all tables."""
    database = open_database(url)
    for bring in (migrate_crosswalk, migrate, migrate_audit, migrate_policy, migrate_alerts, migrate_engine):
        await bring(database)
    await database.close()


class Credit(Command, frozen=True, kw_only=True):
    """A credit of the test's own."""

    action: ClassVar[GovernedAction] = GovernedAction.ISSUE_CREDIT

    customer_uid: str
    amount: Money
    reason: str = "GOODWILL"

    @property
    def amount_moved(self) -> Money:
        return self.amount

    @property
    def stated_reason(self) -> str:
        return self.reason


@dataclasses.dataclass
class Vendor:
    """Records by reference. `answers` holds, by step, what happens at its next calls, one after the other."""

    records: dict[str, Receipt] = dataclasses.field(default_factory=dict)
    answers: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    probes: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    states: dict[str, ReceiptState] = dataclasses.field(default_factory=dict)
    sent: Counter[str] = dataclasses.field(default_factory=Counter)
    made: Counter[str] = dataclasses.field(default_factory=Counter)
    keys: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    by_key: dict[str, Receipt] = dataclasses.field(default_factory=dict)
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    planned: int = 0
    asked: Counter[str] = dataclasses.field(default_factory=Counter)
    effect: str = "Does it."
    late: list[Callable[[], None]] = dataclasses.field(default_factory=list)

    def do(self, step: str, *, keyed: bool = False) -> Callable[[Call], Awaitable[Receipt]]:
        async def done(call: Call) -> Receipt:
            self.sent[step] += 1
            self.keys.setdefault(step, []).append(call.key)
            answer = self.answers.get(step, [])
            what = answer.pop(0) if answer else "ok"
            if what == "refused":
                raise Refused("400 not like this")
            if what == "busy":
                raise Busy("409 somebody else is at it")
            if what == "unsent":
                raise Busy("no connection", sent=False)
            if keyed and call.key in self.by_key:
                return self.by_key[call.key]
            if what == "lost_before":
                raise OutcomeUnknown("no answer")
            if what == "spent":
                raise OutcomeUnknown("500 stored", key_spent=True)
            if what == "bug":
                raise KeyError("a programmer's")
            if what == "slow":
                await asyncio.sleep(60)
            if what == "late":
                self.late.append(lambda: self._make(step, call))
                raise OutcomeUnknown("no answer")
            receipt = self._make(step, call)
            if keyed:
                self.by_key[call.key] = receipt
            if what == "dies":
                raise Killed
            if what == "lost_after":
                raise OutcomeUnknown("no answer")
            return receipt

        return done

    def _make(self, step: str, call: Call) -> Receipt:
        self.made[step] += 1
        state = self.states.get(step, ReceiptState.DONE)
        receipt = Receipt(record_id=f"{step}-{self.made[step]}-{call.workflow_uid}", state=state)
        self.records[call.reference] = receipt
        return receipt

    def probe(self, step: str) -> Callable[[Call], Awaitable[Receipt | None]]:
        async def found(call: Call) -> Receipt | None:
            self.asked[step] += 1
            answer = self.probes.get(step, [])
            what = answer.pop(0) if answer else "look"
            if what == "silent":
                raise Busy("not now")
            if what == "late":
                for each in self.late:
                    each()
                self.late.clear()
            return self.records.get(call.reference)

        return found

    def undo(self, step: str) -> Callable[[Call, Receipt], Awaitable[Receipt]]:
        async def undone(call: Call, receipt: Receipt) -> Receipt:
            name = f"{step}.undo"
            self.sent[name] += 1
            answer = self.answers.get(name, [])
            what = answer.pop(0) if answer else "ok"
            if what == "refused":
                raise Refused("400 it is too late")
            if what == "lost_before":
                raise OutcomeUnknown("no answer")
            if call.reference not in self.records:
                self.made[name] += 1
            self.records[call.reference] = done = Receipt(record_id=receipt.record_id, state=ReceiptState.UNDONE)
            if what == "lost_after":
                raise OutcomeUnknown("no answer")
            return done

        return undone

    def settle(self, step: str) -> Callable[[Call, Receipt], Awaitable[Receipt | None]]:
        async def settled(call: Call, receipt: Receipt) -> Receipt | None:
            self.asked[f"{step}.settle"] += 1
            answer = self.answers.get(f"{step}.settle", [])
            what = answer.pop(0) if answer else "PENDING"
            return msgspec.structs.replace(receipt, state=ReceiptState[what])

        return settled


def mutation_over(vendor: Vendor, erp: Origin, billing: Origin, **changed: StepKind) -> Mutation:
    """Five steps: prepared, the pivot, posted, told twice; the last is optional."""

    async def gather(command: Credit, actor: Actor, reading: Any) -> Facts:
        vendor.planned += 1
        attributes = {
            "reason": command.reason,
            "case_given": False,
            "case_is_theirs": False,
            "case_breached": False,
            "invoice_given": False,
            "invoice_is_theirs": True,
            "invoice_in_ledger": True,
            "invoice_creditable_minor": 10**9,
            "invoice_state": "",
            "legal_hold": False,
            "fraud": False,
            "credit_hold": False,
            "links_ok": True,
            "stale": False,
            "writes_offered": True,
            "systems": [],
        }
        facts = dict(vendor.facts)
        cap = facts.pop("cap", 100_000)
        if raised := facts.pop("raises", None):
            raise raised
        return Facts(
            customer_uid=command.customer_uid,
            attributes={**attributes, **facts},
            cap=Money(cap, command.amount.currency),
        )

    def steps(command: Credit, facts: Facts) -> tuple[PlannedStep, ...]:
        return tuple(
            PlannedStep(
                name=name,
                system=(billing if name == "credit" else erp).system,
                source=(billing if name == "credit" else erp).uid,
                effect=vendor.effect,
                amount=command.amount if name in ("draft", "credit", "post") else None,
                reversibility=Reversibility.VOIDABLE,
            )
            for name in ACTIONS
        )

    kinds = {
        "draft": StepKind(do=vendor.do("draft"), probe=vendor.probe("draft"), undo=vendor.undo("draft")),
        "credit": StepKind(
            do=vendor.do("credit", keyed=True),
            probe=vendor.probe("credit"),
            undo=vendor.undo("credit"),
            settle=vendor.settle("credit"),
            pivot=True,
            key_seconds=3600.0,
            makes="CreditMemo",
        ),
        "post": StepKind(
            do=vendor.do("post"), probe=vendor.probe("post"), undo=vendor.undo("post"), late_undo=vendor.undo("post")
        ),
        "note": StepKind(do=vendor.do("note"), probe=vendor.probe("note")),
        "reply": StepKind(do=vendor.do("reply"), probe=vendor.probe("reply"), optional=True),
    }
    kinds = {name: changed.get(name, kind) for name, kind in kinds.items()}
    return Mutation(
        action=GovernedAction.ISSUE_CREDIT, command=Credit, gather=gather, steps=steps, kinds=kinds, fields={}
    )


class House:
    """A governance with its vendor, and short words to use it."""

    def __init__(
        self,
        governance: Governance,
        engine: KillableEngine,
        vendor: Vendor,
        mutation: Mutation,
        customer: str,
        cache: Cache,
    ) -> None:
        self.cache = cache
        self.governance = governance
        self.engine = engine
        self.vendor = vendor
        self.mutation = mutation
        self.customer = customer
        self.database = governance.parts.database
        self.audit = Audit(self.database)

    def command(self, minor: int = 2_000, *, customer: str | None = None, **more: Any) -> Credit:
        return Credit(customer_uid=customer or self.customer, amount=Money(minor, "EUR"), **more)

    async def ask(
        self, actor: Actor, minor: int = 2_000, key: str = "k1", *, plan_hash: str | None = None, **more: Any
    ):
        return await self.governance.request(
            actor,
            self.mutation,
            self.command(minor, **more),
            idempotency_key=key,
            plan_hash=plan_hash,
            correlation_id="c1",
        )

    async def done(self, actor: Actor, minor: int = 2_000, key: str = "k1") -> Workflow:
        """Ask for it, and wait until its drive has ended."""
        asked = await self.ask(actor, minor, key)
        assert asked.workflow is not None, asked.refusals
        await self.engine.idle()
        return await self.now(asked.workflow.uid)

    async def now(self, uid: str) -> Workflow:
        return (await self.governance.workflows([uid]))[uid]

    async def events(self, uid: str) -> list[tuple[str, str]]:
        """The trail of a workflow: what, and what became of it."""
        await self.audit.catch_up()
        found = (await self.audit.log.of_workflows([uid])).get(uid, ())
        return [(event.action, event.outcome.value) for event in found]

    async def refusals(self) -> list[tuple[str, str | None]]:
        """What was refused, and by which rule, in order."""
        from mutations.governance.audit.log import AuditQuery

        await self.audit.catch_up()
        page = await self.audit.log.page(AuditQuery(outcomes=frozenset({AuditOutcome.REFUSED})), 100, None)
        return [(event.action, event.rule) for event in reversed(page.events)]

    async def count(self, table: Any, *which: Any) -> int:
        from sqlalchemy import func, select

        async with self.database.reading() as connection:
            return int((await connection.execute(select(func.count()).select_from(table).where(*which))).scalar_one())


def person(subject: str, *roles: str, **more: Any) -> Actor:
    return Actor(issuer=ISSUER, subject=subject, person=True, roles=roles, **more)


AGENT = person("agent", "support_agent")
LEAD = person("lead", "support_lead")
APPROVER = person("approver", "finance_approver")
OTHER_APPROVER = person("other", "finance_approver")


@asynccontextmanager
async def open_house(
    database: Database,
    vendor: Vendor | None = None,
    pace: Pace = FAST,
    shared: bool = False,
    **changed: StepKind,
) -> AsyncIterator[House]:
    """A governance over two systems and one customer; `shared`: its cache hears of purges through the database."""
    crosswalk = Crosswalk(database)
    origins = await crosswalk.register_systems(SECTIONS)
    record = CustomerRecord(ref=CustomerRef("party", "1"), number="1001", name="Acme")
    await crosswalk.observe(origins["erp"], [record])
    ref = (origins["erp"].uid, CustomerRef("party", "1"))
    customer = (await crosswalk.owners([ref]))[ref]
    assert customer is not None
    vendor = vendor or Vendor()
    mutation = mutation_over(vendor, origins["erp"], origins["billing"], **changed)
    audit, engine = Audit(database), KillableEngine()
    cache = Cache(l1_entries=100)
    governance = Governance(
        database=database,
        systems=Systems([_system(origin) for origin in origins.values()], cache),
        crosswalk=crosswalk,
        policy=CedarPolicy(read_texts(None)),
        decisions=Decisions(),
        switches=Switches(database, audit.record, cache_seconds=0.0),
        engine=engine,
        audit=audit,
        mutations={GovernedAction.ISSUE_CREDIT: mutation},
        pace=pace,
        cache=cache if shared else None,
    )
    await governance.open()
    try:
        yield House(governance, engine, vendor, mutation, customer, cache)
    finally:
        await engine.idle()
        await governance.close()
        await cache.close()


def _system(origin: Origin) -> System:
    settings = SourceSettings(kind=origin.kind, base_url="http://127.0.0.1:1", customer_key="x")
    return System(origin=origin, plugin=SimpleNamespace(role="x"), settings=settings, adapter=None, wire=None)
