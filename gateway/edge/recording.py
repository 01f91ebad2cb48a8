"""Who looks at PERSONAL, FINANCIAL and TAX fields is on record before the answer leaves.

What an operation can tell is known before it runs; of whom, as soon as the customers are there, which is before most
calls to sources. So the record is written beside them, and an answer seldom waits for it. Where it cannot be written,
the answer is worked out again without those classes, out of what was loaded already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from graphql import DocumentNode
from graphql.execution import ExperimentalIncrementalExecutionResults
from sqlalchemy.exc import SQLAlchemyError

from gateway.edge.documents import operation_of
from gateway.edge.parameters import Parameters
from gateway.edge.viewing import Viewing
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.reads import ReadLog, Writing
from resolvers.disclosure import RECORDED, Disclosure, Disclosures, Shown, add
from resolvers.errors import ErrorCode, GatewayError
from resolvers.masks import Masks
from sources.canonical.sensitivity import Sensitivity

EARLY_SECONDS = 0.002  # from the first customer until the writing begins: those of a list come together
MOST_CUSTOMERS = 1000  # of one event; more are told in further ones
ACTION = "read"

T = TypeVar("T")
Noted = dict[Any, frozenset[Sensitivity]]


class Reads:
    """Records what the answers of one schema tell."""

    def __init__(self, log: ReadLog, disclosures: Disclosures, masks: Masks) -> None:
        self._log = log
        self._disclosures = disclosures
        self._masks = masks

    async def told(
        self, document: DocumentNode, asked: Parameters, viewing: Viewing, work: Callable[[], Awaitable[T]]
    ) -> tuple[T, "Recording | None"]:
        """What the work gives, recorded; without the classes that are recorded where that fails.

        For parts that are still to come, the recording is given along.
        """
        recording = self._begun(document, asked, viewing)
        if recording is None:
            return await work(), None
        if self._log.available:
            result = await self._recorded(recording, work)
            if result is not None:
                return result, recording
        viewing.shown = None
        viewing.mask = self._masks.without(viewing.grants, RECORDED)
        viewing.beside.clear()
        return await work(), None

    async def _recorded(self, recording: "Recording", work: Callable[[], Awaitable[T]]) -> T | None:
        try:
            result = await work()
            if await recording.durable():
                return result
        except BaseException:
            recording.abandon()
            raise
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            await result.subsequent_results.aclose()
        return None

    def _begun(self, document: DocumentNode, asked: Parameters, viewing: Viewing) -> "Recording | None":
        operation = operation_of(document, asked.operation_name)
        if operation is None:
            return None
        disclosure = self._disclosures.of(document, operation, asked.variables, viewing.mask)
        return Recording(self._log, disclosure, viewing) if disclosure.is_recorded else None


class Recording:
    """What one answer tells, on its way into the audit log."""

    def __init__(self, log: ReadLog, disclosure: Disclosure, viewing: Viewing) -> None:
        self._log = log
        self._viewing = viewing
        self._operation = disclosure.name
        self._elsewhere = disclosure.elsewhere
        self._shown = viewing.shown = Shown(disclosure, self._soon)
        self._recorded: Noted = {}
        self._writings: list[Writing] = []
        self._timer: asyncio.TimerHandle | None = None
        self._early: asyncio.Task[None] | None = None

    async def durable(self) -> bool:
        """Whether all that was told so far is on record; waits for it. Ask before it leaves."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            if self._early is not None:
                await self._early
            await self._write()
        except (SQLAlchemyError, OSError):  # whose the records are cannot be read either
            return False
        if self._elsewhere:
            self._tell(self._elsewhere, [])
            self._elsewhere = frozenset()
        writings, self._writings = self._writings, []
        for writing in writings:
            if not await writing.durable():
                return False
        return True

    def abandon(self) -> None:
        """There will be no answer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._early is not None:
            self._early.cancel()

    def _soon(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EARLY_SECONDS, self._begin)

    def _begin(self) -> None:
        if self._shown.owners:
            self._early = asyncio.create_task(self._write())
        else:
            self._write_known()

    async def _write(self) -> None:
        """Begin to record what is not recorded yet."""
        await self._find_owners()
        self._write_known()

    def _write_known(self) -> None:
        """The same without asking whose they are. It counts as recorded once it was told, so a fault leaves no gap."""
        new = self._new(self._shown.customers)
        customers = list(new)
        for start in range(0, len(customers), MOST_CUSTOMERS):
            some = customers[start : start + MOST_CUSTOMERS]
            self._tell(self._elsewhere.union(*(new[each] for each in some)), some)
            self._elsewhere = frozenset()
        self._recorded |= new
        records = self._new(self._shown.records)
        for (system, record_id), classes in records.items():
            self._tell(classes, [], system, record_id)
        self._recorded |= records

    async def _find_owners(self) -> None:
        shown = self._shown
        owned = list(shown.owners.items())
        if not owned:
            return
        shown.owners.clear()
        uids = await self._viewing.owner_uids([ref for ref, _ in owned])
        for uid, ((source, ref), classes) in zip(uids, owned, strict=True):
            if uid is not None:
                add(shown.customers, uid, classes)
            else:
                add(shown.records, (shown.systems[source], ref.id), classes)

    def _new(self, noted: Noted) -> Noted:
        return {key: classes for key, classes in noted.items() if not classes <= self._recorded.get(key, frozenset())}

    def _tell(
        self,
        classes: frozenset[Sensitivity],
        customers: list[str],
        system: str | None = None,
        external_id: str | None = None,
    ) -> None:
        actor = self._viewing.actor
        event = Event(
            at=datetime.now(UTC),
            actor=actor.subject,
            issuer=actor.issuer,
            action=ACTION,
            outcome=AuditOutcome.READ,
            customers=tuple(customers),
            correlation_id=self._viewing.correlation_id,
            operation=self._operation,
            classes=tuple(sorted(classes, key=lambda each: each.value)),
            system=system,
            external_id=external_id,
        )
        self._writings.append(self._log.begin([event]))


def not_recorded() -> GatewayError:
    """A part of an answer is withheld since looking at it cannot be put on record."""
    message = "the rest is withheld: the audit log cannot record now that you look at it"
    return GatewayError(ErrorCode.AUDIT_UNAVAILABLE, message, retryable=True)
