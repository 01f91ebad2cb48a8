"""What the workflows need of the parts beside them, and all of it in one hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.events import Event
from mutations.governance.engine.port import Engine
from mutations.governance.hub import Hub
from mutations.governance.mutation import Mutation
from mutations.governance.pace import Pace
from mutations.governance.plan import GovernedAction
from mutations.governance.policy.words import Decision, Policy, PolicyRequest
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.crosswalk import Crosswalk
from sources.database import Database
from sources.systems import Systems


class Audit(Protocol):
    """The audit log."""

    async def record(self, connection: AsyncConnection, *events: Event) -> None:
        """Append events in the transaction of what they tell."""
        ...


class Decisions(Protocol):
    """What was decided, with all that it depended on."""

    async def store(
        self,
        connection: AsyncConnection,
        request: PolicyRequest,
        decision: Decision,
        *,
        workflow_uid: str | None,
        correlation_id: str,
        at: datetime,
    ) -> None: ...


class Switches(Protocol):
    """The kill switch."""

    async def off(self, action: GovernedAction | None, source_uids: Sequence[str]) -> tuple[str, ...]:
        """Which of these are switched off."""
        ...


class Forgotten(msgspec.Struct, frozen=True):
    """A customer's record, or another record, of which a cache must forget what it knows."""

    source_uid: str
    customer: CustomerRef | None = None
    record_id: str | None = None


class Purges(Protocol):
    """The other processes' caches, where no Redis reaches them."""

    async def tell(self, forgotten: Sequence[Forgotten]) -> None:
        """Have them forget; returns when none of them can show it any more."""
        ...


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """All that governed writes work with."""

    database: Database
    systems: Systems
    crosswalk: Crosswalk
    policy: Policy
    decisions: Decisions
    switches: Switches
    engine: Engine
    audit: Audit
    mutations: Mapping[GovernedAction, Mutation]
    pace: Pace
    hub: Hub
    purges: Purges | None = None

    def mutation(self, action: GovernedAction | str) -> Mutation:
        return self.mutations[GovernedAction(action)]


def now() -> datetime:
    return datetime.now(UTC)


def encoded(value: Any) -> str:
    """The canonical JSON of a value: the same for the same value in every process."""
    return msgspec.json.encode(value, order="sorted").decode()
