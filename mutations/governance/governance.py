"""Governed writes, as the floors above use them: plan, request, decide, look, wait."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from mutations.governance import planning, reading, requesting, saga
from mutations.governance.answers import Glance, Requested, Touched, WorkflowPage, WorkflowQuery
from mutations.governance.engine.port import Engine
from mutations.governance.hub import Hub, Listening
from mutations.governance.mutation import Mutation
from mutations.governance.pace import Pace
from mutations.governance.plan import GovernedAction, WorkflowPlan
from mutations.governance.policy.words import Limit, Policy
from mutations.governance.refusals import Refusal
from mutations.governance.requesting import Asked
from mutations.governance.seams import Audit, Decisions, Parts, Switches
from mutations.governance.workflow import Workflow
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
    ) -> None:
        self.hub = Hub()
        self.parts = Parts(
            database=database,
            systems=systems,
            crosswalk=crosswalk,
            policy=policy,
            decisions=decisions,
            switches=switches,
            engine=engine,
            audit=audit,
            mutations=mutations,
            pace=pace or Pace(),
            hub=self.hub,
        )
        self._closing = asyncio.Event()

    async def open(self) -> None:
        """Take up what this and other processes left behind."""
        await self.parts.engine.open(partial(saga.drive, self.parts))

    async def close(self) -> None:
        """Let go of who waits. The engine is its owner's to close."""
        self._closing.set()

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

    def limits(self, actor: Actor) -> tuple[Limit, ...]:
        """What the actor may do, by action and currency."""
        return self.parts.policy.limits(actor)

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

    def changes(self, uid: str) -> Listening:
        """Hear of a workflow's changes, until it is closed; raises Interrupted where it fell behind."""
        return self.hub.listen(uid)
