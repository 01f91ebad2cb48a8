"""The kill switch: an action or a source is off, for every process, within a second and without a restart."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, Protocol

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.plan import GovernedAction
from mutations.governance.policy.tables import policy_switches
from sources.database import Database, to_the_end

CACHE_SECONDS = 1.0  # it is asked before each step: a promise to operators, and a query a second at most
Kind = Literal["action", "source"]
ACTION: Final = "action"
SOURCE: Final = "source"
AUDIT_ACTION = "policy.switch"
CORRELATION_BYTES = 8

_switch = policy_switches.c
_newest = select(func.max(_switch.id)).group_by(_switch.kind, _switch.target)
_CURRENT = select(policy_switches).where(_switch.id.in_(_newest)).order_by(_switch.kind, _switch.name)


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A switch as it was last turned. `target` is an action, or a source's uid; `name` the same in words."""

    kind: Kind
    target: str
    name: str
    off: bool
    by: str
    reason: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Record(Protocol):
    """The audit log's way to record events in a transaction."""

    async def __call__(self, connection: AsyncConnection, *events: Event) -> None: ...


class Target(msgspec.Struct, frozen=True):
    """What a switch is about: its kind, its key, and what people call it."""

    kind: Kind
    key: str
    name: str

    @classmethod
    def action(cls, action: GovernedAction) -> "Target":
        return cls(ACTION, action.value, action.value)

    @classmethod
    def source(cls, uid: str, name: str) -> "Target":
        return cls(SOURCE, uid, name)


class Switches:
    """Reads the switches, at most `cache_seconds` late, and turns them."""

    def __init__(
        self,
        database: Database,
        record: Record,
        *,
        cache_seconds: float = CACHE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._record = record
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._off: Mapping[tuple[str, str], Switch] = {}
        self._read_at: float | None = None

    async def off(self, action: GovernedAction | None, source_uids: Sequence[str]) -> tuple[str, ...]:
        """Which of these are switched off, e.g. "source erp". Raises where the database does not answer."""
        off = await self._known()
        asked = [(ACTION, action.value)] if action is not None else []
        asked += [(SOURCE, uid) for uid in source_uids]
        return tuple(str(off[each]) for each in dict.fromkeys(asked) if each in off)

    async def all(self) -> tuple[Switch, ...]:
        """Every switch that was ever turned, as it stands."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_CURRENT)).mappings().all()
        return tuple(msgspec.convert({name: row[name] for name in Switch.__struct_fields__}, Switch) for row in rows)

    @to_the_end
    async def turn(self, target: Target, *, off: bool, by: str, reason: str) -> None:
        """Switch off or on; the audit log has it in the same transaction. The reason must say something."""
        switch = Switch(
            kind=target.kind,
            target=target.key,
            name=target.name,
            off=off,
            by=by,
            reason=reason,
            at=datetime.now(UTC),
        )
        async with self._database.transaction() as connection:
            await connection.execute(insert(policy_switches).values(msgspec.structs.asdict(switch)))
            await self._record(connection, _event(switch))
        self._read_at = None

    async def _known(self) -> Mapping[tuple[str, str], Switch]:
        now = self._clock()
        if self._read_at is None or now - self._read_at >= self._cache_seconds:
            self._off = {(each.kind, each.target): each for each in await self.all() if each.off}
            self._read_at = now  # the time before the query: the age of what it saw is never told too low
        return self._off


def _event(switch: Switch) -> Event:
    return Event(
        at=switch.at,
        actor=switch.by,
        issuer="",
        action=f"{AUDIT_ACTION}_{'off' if switch.off else 'on'}",
        outcome=AuditOutcome.SUCCEEDED,
        correlation_id=secrets.token_hex(CORRELATION_BYTES),
        system=switch.name if switch.kind == SOURCE else None,
        rule="switch.off",
        detail={"switch": str(switch), "reason": switch.reason},
    )
