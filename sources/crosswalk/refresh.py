"""Keeps the crosswalk fresh: polls what changed at each source, takes it in, and tells of it.

One process of a deployment polls at a time: it holds a lease by the database's clock, and another takes over when it
is gone. Every change is told at least once; a poll that failed, or whose listener failed, is asked again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Change, ChangeReads, CustomerReads
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.rows import new_uid
from sources.crosswalk.watermarks import give_up_lease, take_lease
from sources.faults import SourceFault
from sources.systems import System
from sources.wire.deadline import Deadline, within

LEASE = "poller"
LEASE_SECONDS = 15.0  # a process that died is replaced within this
RENEWALS = 3  # in that time: two may fail
POLL_SECONDS = 20.0  # a whole poll, with reading anew what changed; more than any source's own timeout
MAX_PAGES = 50  # of changes in one poll; the rest comes with the next
LONGEST_PAUSE_SECONDS = 300.0  # between tries at a source that keeps failing
DATABASE_PAUSE_SECONDS = 1.0  # before the database is asked for the lease again after it failed

log = structlog.get_logger(__name__)
OnChange = Callable[[System, Change, str | None], Awaitable[None]]


class Poller:
    """Polls every source that tells its changes, each in its own time.

    `on_change` gets every change, with the uid of its customer where that is known, after the crosswalk has taken
    it in. A change may come twice.
    """

    def __init__(
        self,
        crosswalk: Crosswalk,
        systems: Sequence[System],
        on_change: OnChange,
        interval_seconds: float = 15.0,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.crosswalk = crosswalk
        self.systems = [system for system in systems if isinstance(system.adapter, ChangeReads)]
        self.on_change = on_change
        self.interval_seconds = interval_seconds
        self.lease_seconds = lease_seconds
        self.holder = new_uid()
        self._leading = asyncio.Event()

    @property
    def leading(self) -> bool:
        """Whether this process is the one that polls."""
        return self._leading.is_set()

    async def run(self) -> None:
        """Poll until cancelled; gives up the lease on the way out."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._lead())
                for system in self.systems:
                    group.create_task(self._follow(system))
        finally:
            self._leading.clear()
            await asyncio.shield(self._give_up())

    async def _give_up(self) -> None:
        try:
            await give_up_lease(self.crosswalk.database, LEASE, self.holder)
        except SQLAlchemyError as error:  # it runs out by itself
            log.warning("lease_not_given_up", error=type(error).__name__)

    async def _lead(self) -> None:
        """Take and renew the lease; while another process has it, nothing is polled here."""
        while True:
            try:
                held = await take_lease(self.crosswalk.database, LEASE, self.holder, self.lease_seconds)
                pause = self.lease_seconds / RENEWALS
            except (SQLAlchemyError, OSError) as error:
                log.warning("lease_unknown", error=type(error).__name__)
                held, pause = False, DATABASE_PAUSE_SECONDS
            if held:
                self._leading.set()
            else:
                self._leading.clear()
            await asyncio.sleep(pause)

    async def _follow(self, system: System) -> None:
        """Poll one source again and again; after a failure wait longer each time."""
        failures = 0
        while True:
            await self._leading.wait()
            pause = self.interval_seconds
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self.poll(system)
                failures = 0
            except SourceFault as fault:
                failures += 1
                pause = max(self._backoff(failures), fault.retry_after_seconds or 0.0)
                log.warning("poll_failed", source=system.name, fault=fault.code)
            except Exception as error:  # a listener's or the database's: the next poll asks for the same again
                failures += 1
                pause = self._backoff(failures)
                log.warning("poll_failed", source=system.name, error=type(error).__name__)
            await asyncio.sleep(pause)

    def _backoff(self, failures: int) -> float:
        return float(min(LONGEST_PAUSE_SECONDS, self.interval_seconds * 2 ** min(failures, 16)))

    async def poll(self, system: System) -> int:
        """Read what changed at a source since the last time, to its end; gives how many changes there were."""
        adapter = system.adapter
        if not isinstance(adapter, ChangeReads):
            return 0
        count = 0
        watermark = await self.crosswalk.watermark(system.origin.uid)
        for _ in range(MAX_PAGES):
            began = datetime.now(UTC)
            with within(Deadline(POLL_SECONDS)):
                answer = await adapter.changes(watermark)
                await self._take_in(system, answer.changes)
            watermark = answer.watermark
            count += len(answer.changes)
            latest = max((change.at for change in answer.changes), default=None)
            at_end = None if answer.more else began
            await self.crosswalk.set_watermark(system.origin.uid, watermark, at_end, latest)
            if not answer.more:
                break
        return count

    async def _take_in(self, system: System, changes: Sequence[Change]) -> None:
        """Read anew the customers that changed or that are not known, then tell of every change."""
        origin = system.origin
        concerned = {change.customer_ref for change in changes if change.customer_ref is not None}
        known = await self.crosswalk.owners([(origin.uid, ref) for ref in concerned])
        anew = {c.customer_ref for c in changes if c.kind == "customer" and c.customer_ref is not None}
        anew |= {ref for ref in concerned if known[origin.uid, ref] is None}
        await self._read_anew(system, anew)
        owners = await self.crosswalk.owners([(origin.uid, ref) for ref in concerned])
        for change in changes:
            uid = owners[origin.uid, change.customer_ref] if change.customer_ref is not None else None
            await self.on_change(system, change, uid)

    async def _read_anew(self, system: System, refs: Iterable[CustomerRef]) -> None:
        adapter = system.adapter
        wanted = sorted(refs)
        if not wanted or not isinstance(adapter, CustomerReads):
            return
        answers = await adapter.customer_records(wanted)
        records = [answer for answer in answers.values() if isinstance(answer, CustomerRecord)]
        gone = [ref for ref, answer in answers.items() if answer is None]
        await self.crosswalk.observe(system.origin, records)
        if gone:
            await self.crosswalk.gone(system.origin, gone)
        for answer in answers.values():
            if isinstance(answer, SourceFault):
                if answer.retryable:
                    raise answer
                # One record that will never be right must not keep all later changes back.
                log.warning("changed_record_skipped", source=system.name, fault=answer.code)
