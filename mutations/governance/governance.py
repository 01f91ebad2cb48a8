"""Governed writes, as the floors above use them: plan, request, decide, look, wait."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from mutations.governance import approving, planning, reading, requesting, saga, turning
from mutations.governance.answers import (
    ActionAvailability,
    Decided,
    Glance,
    Requested,
    Touched,
    WorkflowPage,
    WorkflowQuery,
)
from mutations.governance.approvals import may_approve
from mutations.governance.approving import Deciding
from mutations.governance.continuing import COMMANDS, continuations
from mutations.governance.engine.port import Engine
from mutations.governance.hub import Hub
from mutations.governance.mutation import Mutation
from mutations.governance.pace import Pace
from mutations.governance.plan import GovernedAction, WorkflowPlan
from mutations.governance.policy.words import Limit, Policy
from mutations.governance.purging import DatabasePurges
from mutations.governance.records import workflow_row
from mutations.governance.refusals import Refusal, Refused
from mutations.governance.requesting import Asked
from mutations.governance.seams import Audit, Decisions, Parts, Switches, now
from mutations.governance.sweeping import Sweeper
from mutations.governance.watching import Watch
from mutations.governance.workflow import Workflow, WorkflowStatus
from sources.announcements import Listening
from sources.cache import Cache
from sources.canonical.actor import Actor
from sources.crosswalk.crosswalk import Crosswalk
from sources.database import Database
from sources.systems import Systems


class Governance:
    """The governed writes of one process. `open` before the first request, `close` at the end."""

    def __init__(
        self,
        *,
        database: Database,
        systems: Systems,
        crosswalk: Crosswalk,
        policy: Policy,
        decisions: Decisions,
        switches: Switches,
        engine: Engine,
        audit: Audit,
        mutations: Mapping[GovernedAction, Mutation],
        pace: Pace | None = None,
        cache: Cache | None = None,
        alone: bool = False,
    ) -> None:
        """`cache`: the one before the systems, where no Redis tells of purges. `alone`: there is no other gateway."""
        self.hub = Hub()
        pace = pace or Pace()
        self._purges = DatabasePurges(database, systems, cache, pace, alone=alone) if cache is not None else None
        self.parts = Parts(
            database=database,
            systems=systems,
            crosswalk=crosswalk,
            policy=policy,
            decisions=decisions,
            switches=switches,
            engine=engine,
            audit=audit,
            mutations={**mutations, **continuations(mutations)},
            pace=pace,
            hub=self.hub,
            purges=None if alone else self._purges,
        )
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Take up what this and other processes left behind, and sweep from now on."""
        await self.parts.engine.open(partial(saga.drive, self.parts), partial(turning.parked, self.parts))
        self._tasks = [asyncio.create_task(Sweeper(self.parts).run()), asyncio.create_task(self._watch())]
        if self._purges is not None:
            self._tasks.append(asyncio.create_task(self._purges.run()))

    async def close(self) -> None:
        """Let go of who waits, and sweep no more. The engine is its owner's to close."""
        self._closing.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self) -> None:
        if not self.parts.database.is_sqlite:  # a SQLite file has one process
            await Watch(self.parts).run()

    # ------------------------------------------------------------------------------------------------ asking
    async def plan(self, actor: Actor, mutation: Mutation, command: Any) -> WorkflowPlan:
        """What would be done, before anyone does it; what is refused is a DENIED plan with its reasons."""
        return await planning.planned(self.parts, actor, mutation, command)

    def denied(self, refusals: Iterable[Refusal]) -> WorkflowPlan:
        """The plan of an input that never became a command."""
        return planning.denied(self.parts, refusals)

    async def request(
        self,
        actor: Actor,
        mutation: Mutation,
        command: Any,
        *,
        idempotency_key: str,
        plan_hash: str | None = None,
        correlation_id: str,
    ) -> Requested:
        """Have it done: at once, or when others have approved it. Returns when that is durable, not when it is done."""
        asked = Asked(
            actor=actor,
            mutation=mutation,
            command=command,
            key=idempotency_key,
            plan_hash=plan_hash,
            correlation_id=correlation_id,
        )
        return await requesting.request(self.parts, asked)

    async def turned_away(
        self, actor: Actor, action: GovernedAction, refusals: Sequence[Refusal], correlation_id: str
    ) -> None:
        """Put on record what was refused before it became a command."""
        await requesting.audit_refusal(self.parts, actor, action, refusals, correlation_id)

    async def approve(
        self, actor: Actor, uid: str, plan_hash: str, comment: str | None, correlation_id: str
    ) -> Decided:
        """Approve the plan that was shown."""
        this = Deciding(actor=actor, uid=uid, plan_hash=plan_hash, comment=comment, correlation_id=correlation_id)
        return await approving.approve(self.parts, this)

    async def reject(self, actor: Actor, uid: str, comment: str, correlation_id: str) -> Decided:
        """Say no."""
        this = Deciding(actor=actor, uid=uid, comment=comment, correlation_id=correlation_id)
        return await approving.reject(self.parts, this)

    async def cancel(self, actor: Actor, uid: str, comment: str, correlation_id: str) -> Decided:
        """Call it off before it runs."""
        this = Deciding(actor=actor, uid=uid, comment=comment, correlation_id=correlation_id)
        return await approving.cancel(self.parts, this)

    async def replay(self, actor: Actor, uid: str, comment: str, idempotency_key: str, correlation_id: str) -> Decided:
        """Ask to have a workflow run on from where it stopped; gives the workflow that asks for it."""
        return await self._continue(GovernedAction.REPLAY, actor, uid, comment, idempotency_key, correlation_id)

    async def compensate(
        self, actor: Actor, uid: str, comment: str, idempotency_key: str, correlation_id: str
    ) -> Decided:
        """Ask to have undone what a workflow has done; gives the workflow that asks for it."""
        return await self._continue(GovernedAction.COMPENSATE, actor, uid, comment, idempotency_key, correlation_id)

    async def _continue(
        self, action: GovernedAction, actor: Actor, uid: str, comment: str, key: str, correlation_id: str
    ) -> Decided:
        try:
            command = COMMANDS[action](target_uid=uid, comment=comment)
        except Refused as error:
            await requesting.audit_refusal(self.parts, actor, action, error.refusals, correlation_id)
            return Decided(workflow=None, refusals=error.refusals)
        asked = Asked(
            actor=actor,
            mutation=self.parts.mutation(action),
            command=command,
            key=key,
            plan_hash=None,
            correlation_id=correlation_id,
            target_uid=uid,
        )
        made = await requesting.request(self.parts, asked)
        return Decided(workflow=made.workflow, refusals=made.refusals)

    def limits(self, actor: Actor) -> tuple[Limit, ...]:
        """What the actor may do, by action and currency."""
        return self.parts.policy.limits(actor)

    async def availability(self, actor: Actor, customer_uid: str, currency: str) -> tuple[ActionAvailability, ...]:
        """What the actor could do for a customer, before facts are read; asks no source."""
        off = {action: await self.parts.switches.off(action, ()) for action in self.parts.mutations}
        customer = (await self.parts.crosswalk.customers([customer_uid])).get(customer_uid)
        flags = {flag.value.lower() for flag in (customer.flags or ())} if customer is not None else set()
        known: dict[str, bool] = {name: True for name in ("legal_hold", "fraud", "credit_hold") if name in flags}
        return self.parts.policy.availability(actor, currency, switched_off=off, known=known)

    async def awaits(self, actor: Actor, uid: str) -> bool:
        """Whether the actor could approve a workflow now."""
        async with self.parts.database.reading() as connection:
            row = await workflow_row(connection, uid)
            if row is None or row["status"] != WorkflowStatus.AWAITING_APPROVAL.value or row["expires_at"] <= now():
                return False
            return await may_approve(self.parts, connection, row, actor)

    # ----------------------------------------------------------------------------------------------- reading
    async def workflows(self, uids: Iterable[str]) -> Mapping[str, Workflow]:
        """The workflows of these uids, those that there are."""
        return await reading.of_uids(self.parts, uids)

    async def search(self, query: WorkflowQuery, first: int, after: str | None = None) -> WorkflowPage:
        """A page of workflows, newest first. Raises sources.crosswalk.words.BadPosition."""
        return await reading.search(self.parts, query, first, after)

    async def workflows_of_customers(
        self, uids: Sequence[str], first: int, after: str | None = None
    ) -> Mapping[str, WorkflowPage]:
        """A page of each customer's workflows, newest first. Raises BadPosition."""
        return await reading.of_customers(self.parts, uids, first, after)

    async def of_records(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """The uid of the workflow that made each record, by (source uid, the vendor's id)."""
        return await reading.of_records(self.parts, keys)

    async def records(self, uids: Iterable[str]) -> Mapping[str, tuple[Touched, ...]]:
        """What each workflow made."""
        return await reading.records(self.parts, uids)

    async def glances(self, uids: Iterable[str]) -> Mapping[str, Glance]:
        """Where workflows stand, cheaply."""
        return await reading.glances(self.parts, uids)

    async def wait(self, uid: str, seconds: float) -> Workflow | None:
        """The workflow when it has come to rest, or after so many seconds; holds nothing meanwhile."""
        return await reading.wait(self.parts, uid, seconds, self._closing)

    def changes(self, uid: str) -> Listening[str]:
        """Hear of a workflow's changes, until it is closed; raises Interrupted where it fell behind."""
        return self.hub.listen(uid)

    def approvals(self) -> Listening[str]:
        """Hear of every workflow that changes: `awaits` tells which of them an actor may approve. As `changes`."""
        return self.hub.listen()
