"""Reads all customers of a source into the crosswalk: in batches, from where it was stopped, as often as one likes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert, select, update

from sources.canonical.customer import CustomerRecord
from sources.capabilities import ChangeReads, CustomerReads
from sources.crosswalk.crosswalk import CHUNK, Crosswalk
from sources.crosswalk.tables import backfills
from sources.database import to_the_end
from sources.systems import System

Progress = Callable[[int, int | None], None]


class Backfilled(msgspec.Struct, frozen=True):
    """How many records were read in all, and how many customers this run changed."""

    records: int
    changed: int


def masters_first(systems: Sequence[System], masters: Sequence[str]) -> list[System]:
    """The systems that hold customers, in the order in which a backfill is quickest: those that found them first."""
    places = {name: place for place, name in enumerate(masters)}
    readable = [system for system in systems if isinstance(system.adapter, CustomerReads)]
    return sorted(readable, key=lambda system: (places.get(system.name, len(places)), system.name))


async def backfill(crosswalk: Crosswalk, system: System, progress: Progress) -> Backfilled:
    """Read all customers of a system. `progress` gets (records so far, all there are where that is known).

    A run that was stopped goes on where it was; one that ended starts anew. Raises the source's SourceFault. The
    changes of the source are noted from the start on, so that none is missed between this and the first poll.
    """
    adapter = system.adapter
    if not isinstance(adapter, CustomerReads):
        return Backfilled(0, 0)
    if isinstance(adapter, ChangeReads) and await crosswalk.watermark(system.origin.uid) is None:
        await crosswalk.set_watermark(system.origin.uid, (await adapter.changes(None)).watermark)
    resume, count = await _where(crosswalk, system.origin.uid)
    changed = 0
    waiting: list[CustomerRecord] = []
    async for batch in adapter.scan_customers(resume):
        waiting += batch.records
        count += len(batch.records)
        # Vendors' pages are small; a transaction for each would cost more than what is in it.
        if len(waiting) >= CHUNK or batch.resume is None:
            changed += len((await crosswalk.observe(system.origin, waiting)).changed)
            waiting.clear()
            await _note(crosswalk, system.origin.uid, batch.resume, count)
        progress(count, batch.total)
    if waiting:
        changed += len((await crosswalk.observe(system.origin, waiting)).changed)
    await _note(crosswalk, system.origin.uid, None, count)
    return Backfilled(count, changed)


async def finished_at(crosswalk: Crosswalk, uid: str) -> datetime | None:
    """When the last backfill of a source (its uid) came to its end; None where none did, or one is under way."""
    query = select(backfills.c.updated_at).where(backfills.c.system_uid == uid, backfills.c.finished)
    async with crosswalk.database.reading() as connection:
        at: datetime | None = (await connection.execute(query)).scalar_one_or_none()
    return at


async def _where(crosswalk: Crosswalk, uid: str) -> tuple[str | None, int]:
    """Where to go on, and how many records came before it."""
    query = select(backfills.c.resume, backfills.c.records, backfills.c.finished).where(backfills.c.system_uid == uid)
    async with crosswalk.database.reading() as connection:
        row = (await connection.execute(query)).one_or_none()
    return (None, 0) if row is None or row.finished else (row.resume, row.records)


@to_the_end
async def _note(crosswalk: Crosswalk, uid: str, resume: str | None, count: int) -> None:
    values = {"resume": resume, "records": count, "finished": resume is None, "updated_at": datetime.now(UTC)}
    known = select(backfills.c.system_uid).where(backfills.c.system_uid == uid)
    async with crosswalk.database.transaction() as connection:
        if (await connection.execute(known)).one_or_none() is None:
            await connection.execute(insert(backfills).values(system_uid=uid, **values))
        else:
            await connection.execute(update(backfills).where(backfills.c.system_uid == uid).values(**values))
