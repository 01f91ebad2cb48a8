"""The rows of runs, as one process enters, claims and ends them."""

import secrets
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Executable, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mutations.governance.engine.leases import DIED, MAX_FAILURES, SUSPECT_FAILURES
from mutations.governance.engine.port import Run
from mutations.governance.engine.tables import database_now, executors, runs
from sources.database import Database, to_the_end

HANDED_SECONDS = 10.0  # the queue is looked at each second: a run that nobody began by then is handed out again
LONGEST_PAUSE_SECONDS = 60.0  # between two attempts of a drive that raises
AT_ONCE = 100  # runs handed out in one go: more would only wait in memory
RUN = (runs.c.workflow_uid, runs.c.number, runs.c.direction)
LEFT_SECONDS = (  # made once: it is asked before every call that cannot be taken back
    select(executors.c.lease_until - database_now())
    .join(runs, runs.c.executor_id == executors.c.executor_id)
    .where(
        runs.c.run_id == bindparam("held_run"),
        runs.c.fence == bindparam("held_fence"),
        runs.c.executor_id == bindparam("held_by"),
        runs.c.ended_at.is_(None),
    )
)


class Claim(NamedTuple):
    """A run that this process holds as long as nobody counted its fence up."""

    run: Run
    fence: int
    suspect: bool
    begun: bool


class Waiting(NamedTuple):
    """A run that nobody holds."""

    run: Run
    journal: str
    parked_because: str | None


class RunRows:
    """What one process does to the rows of runs."""

    def __init__(self, database: Database, executor_id: str) -> None:
        self._database = database
        self._executor_id = executor_id

    async def enter(self, run: Run, *, held: bool) -> str | None:
        """Write a run down, held by this process or by nobody yet; gives its journal, None where it was there before.

        Raises ValueError where the same number goes in the other direction.
        """
        return await _enter(self._database, run, self._executor_id if held else None)

    async def claim(self, run_id: str, *, begin: bool) -> Claim | None:
        """Take a run that nobody else holds; None where another does, or where it came to its end.

        `begin`: there is a place for it at once. A suspect has to wait for its own nevertheless.
        """
        return await _claim(self._database, run_id, self._executor_id, begin)

    async def begin(self, claim: Claim) -> bool:
        """It has its place: from now on it may be what a process dies of. False where it was lost before."""
        return await _change(self._database, claim, self._executor_id, {"state": "RUNNING", "fence": claim.fence})

    async def ended(self, run_id: str) -> bool:
        """Whether the run came to its end, or is not known (any more)."""
        query = select(runs.c.run_id).where(runs.c.run_id == run_id, runs.c.ended_at.is_(None))
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first() is None

    async def done(self, claim: Claim) -> bool:
        """The run came to its end; False where it was lost before."""
        values = {"state": "DONE", "ended_at": database_now(), "executor_id": None}
        return await _change(self._database, claim, self._executor_id, values)

    async def give_back(self, claim: Claim) -> bool:
        """Let another go on with it at once."""
        values = {"executor_id": None, "not_before": database_now()}
        return await _change(self._database, claim, self._executor_id, values)

    async def failed(self, claim: Claim, trouble: str) -> bool:
        """Its drive raised: let it be begun again later, or park it when that was once too often."""
        pause = case({n: float(2**n) for n in range(MAX_FAILURES)}, value=runs.c.failures, else_=LONGEST_PAUSE_SECONDS)
        often = runs.c.failures + 1 >= MAX_FAILURES
        values = {
            "executor_id": None,
            "failures": runs.c.failures + 1,
            "trouble": trouble[:120],
            "state": case((often, "PARKED"), else_=runs.c.state),
            "not_before": database_now() + case((often, 0.0), else_=pause),
        }
        return await _change(self._database, claim, self._executor_id, values)

    async def left_seconds(self, claim: Claim) -> float | None:
        """How long the lease lasts that the run is held under; None where the run is lost."""
        mine = {"held_run": claim.run.id, "held_fence": claim.fence, "held_by": self._executor_id}
        async with self._database.reading() as connection:
            return (await connection.execute(LEFT_SECONDS, mine)).scalar_one_or_none()

    async def forget_but(self, running: Collection[str]) -> int:
        """Give back what this process holds by its rows and does not run, e.g. as the database was gone."""
        return await _forget_but(self._database, self._executor_id, running)

    async def waiting(self) -> Sequence[Waiting]:
        """The runs that are due and nobody holds; nobody else is given them for HANDED_SECONDS."""
        return await _waiting(self._database)

    async def told(self, run_id: str) -> None:
        """A person knows of the parked run: it is at its end."""
        await _told(self._database, run_id)


@to_the_end
async def _enter(database: Database, run: Run, executor_id: str | None) -> str | None:
    # A random part: after a restore from a backup the same run must not find what a lost one did.
    journal = f"{run.id}:{secrets.token_hex(6)}"
    values = {
        **msgspec.structs.asdict(run),
        "run_id": run.id,
        "journal": journal,
        "state": "QUEUED",
        "executor_id": executor_id,
        "fence": 0,
        "failures": 0,
        "not_before": database_now(),
        "created_at": database_now(),
        "touched_at": database_now(),
    }
    async with database.transaction() as connection:
        entered = await connection.execute(_inserted(database, values))
        if entered.rowcount:
            return journal
        known = select(runs.c.direction).where(runs.c.run_id == run.id)
        if (await connection.execute(known)).scalar_one() != run.direction:
            raise ValueError(f"run {run.id} goes in the other direction")
        return None


def _inserted(database: Database, values: dict[str, Any]) -> Executable:
    if database.is_sqlite:
        return sqlite.insert(runs).values(values).on_conflict_do_nothing()
    return postgresql.insert(runs).values(values).on_conflict_do_nothing()


@to_the_end
async def _claim(database: Database, run_id: str, executor_id: str, begin: bool) -> Claim | None:
    free = runs.c.executor_id.is_(None) | (runs.c.executor_id == executor_id)
    suspect = (runs.c.failures >= SUSPECT_FAILURES) & (runs.c.trouble == DIED)
    state = case((suspect, "QUEUED"), else_="RUNNING" if begin else "QUEUED")
    claimed = (
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.state.in_(("QUEUED", "RUNNING")), free)
        .values(executor_id=executor_id, fence=runs.c.fence + 1, state=state, touched_at=database_now())
        .returning(*RUN, runs.c.fence, suspect.label("suspect"), runs.c.state)
    )
    async with database.transaction() as connection:
        row = (await connection.execute(claimed)).one_or_none()
    return None if row is None else Claim(_run(row), row.fence, bool(row.suspect), row.state == "RUNNING")


@to_the_end
async def _change(database: Database, claim: Claim, executor_id: str, values: dict[str, Any]) -> bool:
    held = (runs.c.run_id == claim.run.id, runs.c.executor_id == executor_id, runs.c.fence == claim.fence)
    values = {"fence": runs.c.fence + 1, "touched_at": database_now(), **values}
    async with database.transaction() as connection:
        return bool((await connection.execute(update(runs).where(*held).values(values))).rowcount)


@to_the_end
async def _forget_but(database: Database, executor_id: str, running: Collection[str]) -> int:
    lingering = (
        runs.c.executor_id == executor_id,
        runs.c.ended_at.is_(None),
        runs.c.touched_at < database_now() - HANDED_SECONDS,
        runs.c.run_id.not_in(running),
    )
    values = {"executor_id": None, "fence": runs.c.fence + 1, "touched_at": database_now()}
    async with database.transaction() as connection:
        return (await connection.execute(update(runs).where(*lingering).values(values))).rowcount


@to_the_end
async def _waiting(database: Database) -> Sequence[Waiting]:
    due = (runs.c.executor_id.is_(None), runs.c.ended_at.is_(None), runs.c.not_before <= database_now())
    query = select(*RUN, runs.c.journal, runs.c.state, runs.c.trouble).where(*due).limit(AT_ONCE)
    async with database.transaction() as connection:
        rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
        if rows:
            handed = runs.c.run_id.in_([_run(row).id for row in rows])
            later = database_now() + HANDED_SECONDS
            await connection.execute(update(runs).where(handed).values(not_before=later))
    return [Waiting(_run(row), row.journal, row.trouble if row.state == "PARKED" else None) for row in rows]


@to_the_end
async def _told(database: Database, run_id: str) -> None:
    parked = (runs.c.run_id == run_id, runs.c.state == "PARKED")
    async with database.transaction() as connection:
        await connection.execute(update(runs).where(*parked).values(ended_at=database_now()))


def _run(row: Any) -> Run:
    return Run(workflow_uid=row.workflow_uid, number=row.number, direction=row.direction)
