"""The leases of processes: who is alive, by the database's clock, and whose runs are free to be taken up.

A lease that ran out is taken over in one transaction: its runs change hands (their fence counts up) and its row goes.
A process that finds its row gone has lost every run that it had.
"""

from sqlalchemy import case, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.engine.tables import database_now, executors, runs
from sources.database import Database, to_the_end

LEASE_SECONDS = (
    5.0  # a dead process's runs go on elsewhere within 10 s; a garbage collection or a slow commit is shorter
)
RENEW_SECONDS = 1.0  # four renewals may fail before the lease is lost
MAX_FAILURES = 5  # a run that took down five processes, or raised five times, would do so a sixth time
# One that was there twice when a process died may be why: it runs alone among its like, to take down no others.
SUSPECT_FAILURES = 2
DIED = "its process died"


class Leases:
    """The lease of this process, and those of the dead."""

    def __init__(self, database: Database, executor_id: str) -> None:
        self._database = database
        self._executor_id = executor_id

    async def renew(self) -> bool:
        """Hold the lease for LEASE_SECONDS from now; False where it was not there: every run that was held is lost."""
        return await _renew(self._database, self._executor_id)

    async def give_up(self) -> None:
        """End the lease; nothing may be held under it any more."""
        await _give_up(self._database, self._executor_id)

    async def take_over(self) -> int:
        """Free the runs of every process whose lease ran out or is gone; gives how many were freed."""
        return await _take_over(self._database, self._executor_id)


@to_the_end
async def _renew(database: Database, executor_id: str) -> bool:
    until = database_now() + LEASE_SECONDS
    async with database.transaction() as connection:
        renewed = await connection.execute(
            update(executors).where(executors.c.executor_id == executor_id).values(lease_until=until)
        )
        if renewed.rowcount:
            return True
        row = {"executor_id": executor_id, "lease_until": until, "started_at": database_now()}
        await connection.execute(insert(executors).values(**row))
        return False


@to_the_end
async def _give_up(database: Database, executor_id: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(delete(executors).where(executors.c.executor_id == executor_id))


@to_the_end
async def _take_over(database: Database, executor_id: str) -> int:
    async with database.transaction() as connection:
        ran_out = select(executors.c.executor_id).where(
            executors.c.lease_until < database_now(), executors.c.executor_id != executor_id
        )
        # On PostgreSQL a row that another is just renewing or taking over is left to it; SQLite has one writer.
        dead = (await connection.execute(ran_out.with_for_update(skip_locked=True))).scalars().all()
        freed = await _free(connection, runs.c.executor_id.in_(dead)) if dead else 0
        if dead:
            await connection.execute(delete(executors).where(executors.c.executor_id.in_(dead)))
        return freed + await _free(connection, ~exists().where(executors.c.executor_id == runs.c.executor_id))


async def _free(connection: AsyncConnection, whose: object) -> int:
    """Take runs away from whoever has them. One that was being run counts a failure: it may be what killed them."""
    died = runs.c.state == "RUNNING"
    given_up = died & (runs.c.failures + 1 >= MAX_FAILURES)
    freed = await connection.execute(
        update(runs)
        .where(runs.c.executor_id.is_not(None), runs.c.ended_at.is_(None), whose)  # type: ignore[arg-type]
        .values(
            executor_id=None,
            fence=runs.c.fence + 1,
            failures=runs.c.failures + case((died, 1), else_=0),
            trouble=case((died, DIED), else_=runs.c.trouble),
            state=case((given_up, "PARKED"), else_=runs.c.state),
            not_before=database_now(),
            touched_at=database_now(),
        )
    )
    return freed.rowcount


async def anything_under_way(database: Database) -> bool:
    """Whether any process runs something, or something waits. Reads only."""
    async with database.reading() as connection:
        return (
            await connection.execute(select(runs.c.run_id).where(runs.c.ended_at.is_(None)).limit(1))
        ).first() is not None
