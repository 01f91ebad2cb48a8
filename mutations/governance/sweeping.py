"""One process of a deployment looks, again and again, for workflows that nobody else moves any more.

expired             nobody approved it in time
approved, but not   the last approval was given, and the process ended before it ran; or a system did not answer
not submitted       the engine has not heard of its drive
OUTCOME_UNKNOWN     the vendor is asked again, ever more rarely
delayed, stuck      somebody is told; what has not moved for very long is begun anew
not final           the vendor is asked whether it is
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, RowMapping, select, update
from sqlalchemy.exc import SQLAlchemyError

from mutations.governance import alerting, completing, settling, submitting, trail
from mutations.governance.alerts import AlertKind
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.seams import Parts, now
from mutations.governance.store import locked, moved
from mutations.governance.sums import release
from mutations.governance.tables import workflow_approvals, workflows
from mutations.governance.workflow import WorkflowStatus
from sources.crosswalk.rows import new_uid
from sources.crosswalk.watermarks import give_up_lease, take_lease
from sources.database import to_the_end

log = structlog.get_logger(__name__)
S = WorkflowStatus
LEASE = "workflows"
GOING = (S.RUNNING.value, S.COMPENSATING.value)


class Sweeper:
    """Sweeps while it holds the lease."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.holder = new_uid()

    async def run(self) -> None:
        """Sweep until cancelled; gives up the lease on the way out."""
        try:
            while True:
                try:
                    if await take_lease(self.parts.database, LEASE, self.holder, self.parts.pace.sweep_lease):
                        await self.sweep()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("not_swept", error=type(error).__name__)
                await asyncio.sleep(self.parts.pace.sweep)
        finally:
            await asyncio.shield(self._give_up())

    async def _give_up(self) -> None:
        try:
            await give_up_lease(self.parts.database, LEASE, self.holder)
        except (SQLAlchemyError, OSError) as error:  # it runs out by itself
            log.warning("lease_not_given_up", error=type(error).__name__)

    async def sweep(self) -> None:
        """One round, bounded. Each part goes on though another one failed."""
        parts = self.parts
        for each in (expire, complete, submit, ask_again, tell_of_delayed, begin_anew, settling.settle):
            try:
                await each(parts)
            except Exception as error:  # what one workflow does must not keep the others from being looked at
                log.exception("sweep_failed", part=each.__name__, error=type(error).__name__)


async def _each(
    parts: Parts, work: Callable[[Parts, RowMapping], Awaitable[None]], *which: ColumnElement[bool]
) -> None:
    query = select(workflows).where(*which).order_by(workflows.c.updated_at).limit(parts.pace.sweep_batch)
    async with parts.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    for row in rows:
        await work(parts, row)
        parts.hub.tell(row["uid"])


async def expire(parts: Parts) -> None:
    """What nobody approved in time is over."""
    await _each(parts, _expire, workflows.c.status == S.AWAITING_APPROVAL.value, workflows.c.expires_at <= now())


@to_the_end
async def _expire(parts: Parts, row: RowMapping) -> None:
    async with parts.database.transaction() as connection:
        if not await moved(
            connection, row["uid"], S.EXPIRED, workflows.c.expires_at <= now(), since=(S.AWAITING_APPROVAL,)
        ):
            return
        await release(connection, row["uid"], now())
        await parts.audit.record(connection, trail.by_system(row, AuditOutcome.REFUSED, rule="workflow.expired"))
        await alerting.reached(connection, row, S.EXPIRED)


async def complete(parts: Parts) -> None:
    """What has approvals may have all of them."""
    approved = select(workflow_approvals.c.id).where(
        workflow_approvals.c.workflow_uid == workflows.c.uid, workflow_approvals.c.plan_hash == workflows.c.plan_hash
    )
    await _each(
        parts,
        _complete,
        workflows.c.status == S.AWAITING_APPROVAL.value,
        approved.exists(),
        (workflows.c.look_at.is_(None)) | (workflows.c.look_at <= now()),
        workflows.c.updated_at < now() - timedelta(seconds=parts.pace.pick_up),
    )


async def _complete(parts: Parts, row: RowMapping) -> None:
    await _look_later(parts, row["uid"], parts.pace.unknown)
    await completing.complete(parts, row["uid"])


@to_the_end
async def _look_later(parts: Parts, uid: str, seconds: float) -> None:
    async with parts.database.transaction() as connection:
        later = update(workflows).where(workflows.c.uid == uid).values(look_at=now() + timedelta(seconds=seconds))
        await connection.execute(later)


async def submit(parts: Parts) -> None:
    """What the engine has not heard of is handed to it."""
    waiting = (S.APPROVED.value, *GOING)
    await _each(
        parts,
        lambda parts, row: submitting.submit(parts, row["uid"]),
        workflows.c.status.in_(waiting),
        workflows.c.submitted < workflows.c.run_number,
        workflows.c.updated_at <= now() - timedelta(seconds=parts.pace.pick_up),
    )


async def ask_again(parts: Parts) -> None:
    """A step of which nobody knows is looked for by a new drive."""
    due = (workflows.c.look_at.is_(None)) | (workflows.c.look_at <= now())
    await _each(parts, _ask_again, workflows.c.status == S.OUTCOME_UNKNOWN.value, due)


async def _ask_again(parts: Parts, row: RowMapping) -> None:
    if await _begin_anew(parts, row, since=S.OUTCOME_UNKNOWN):
        await submitting.submit(parts, row["uid"])


@to_the_end
async def _begin_anew(parts: Parts, row: RowMapping, *, since: WorkflowStatus) -> bool:
    """A new drive in the direction of the last one."""
    to = S.COMPENSATING if row["run_direction"] == "back" else S.RUNNING
    async with parts.database.transaction() as connection:
        number, looks = row["run_number"] + 1, row["looks"] + 1
        same = row["run_number"]
        return await moved(connection, row["uid"], to, since=(since,), run=same, run_number=number, looks=looks)


async def tell_of_delayed(parts: Parts) -> None:
    """Somebody is told of what takes longer than it should."""
    since = now() - timedelta(seconds=parts.pace.delayed)
    await _each(parts, _tell_of_delayed, workflows.c.status.in_(GOING), workflows.c.updated_at < since)


@to_the_end
async def _tell_of_delayed(parts: Parts, row: RowMapping) -> None:
    async with parts.database.transaction() as connection:
        await alerting.of(connection, row, AlertKind.DELAYED)


async def begin_anew(parts: Parts) -> None:
    """What has not moved for very long has lost its drive: another begins, and the old one may write nothing more."""
    since = now() - timedelta(seconds=parts.pace.abandoned)
    await _each(parts, _abandoned, workflows.c.status.in_(GOING), workflows.c.updated_at < since)


async def _abandoned(parts: Parts, row: RowMapping) -> None:
    if await _taken_over(parts, row):
        await submitting.submit(parts, row["uid"])


@to_the_end
async def _taken_over(parts: Parts, row: RowMapping) -> bool:
    async with parts.database.transaction() as connection:
        fresh = await locked(connection, row["uid"])
        if (fresh["version"], fresh["run_number"]) != (row["version"], row["run_number"]):
            return False
        number = row["run_number"] + 1
        change = update(workflows).where(workflows.c.uid == row["uid"])
        await connection.execute(change.values(run_number=number, updated_at=now(), version=workflows.c.version + 1))
        await alerting.of(connection, row, AlertKind.STUCK)
        return True
