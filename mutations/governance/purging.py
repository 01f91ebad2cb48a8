"""What other processes' caches must forget, through the database: for many processes without a Redis.

A gateway that is alone on its database hears what a command line beside it tells.

Each process asks four times a second. One that could not ask for a second takes nothing that it knows for fresh; so
whoever has written waits for that second, and then nobody can show what was before. No reader waits for anything.
"""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import structlog
from sqlalchemy import Double, bindparam, literal_column, select, text
from sqlalchemy.exc import SQLAlchemyError

from mutations.governance.pace import Pace
from mutations.governance.seams import Forgotten, encoded
from mutations.governance.tables import cache_purges
from sources.cache import Cache
from sources.crosswalk.watermarks import NOW
from sources.database import Database, to_the_end
from sources.prepared import Prepared
from sources.systems import Systems

OVERLAP_SECONDS = 10.0  # asked for again each time: transactions end in another order than they began
KEPT_SECONDS = 3600.0
MARGIN = 1.1  # of the second that a writer waits, for clocks that do not tick alike

TOLD = {
    dialect: Prepared(
        select(cache_purges.c.id, cache_purges.c.forgotten).where(
            cache_purges.c.at > literal_column(now, Double) - bindparam("overlap", type_=Double)
        )
    )
    for dialect, now in NOW.items()
}

log = structlog.get_logger(__name__)


@to_the_end
async def tell(database: Database, forgotten: Sequence[Forgotten]) -> None:
    """Have every process on this database forget, within its next poll."""
    now = NOW[database.dialect]
    async with database.transaction() as connection:
        old = text(f"DELETE FROM cache_purges WHERE at < {now} - :kept")  # noqa: S608  the clock's expression
        await connection.execute(old, {"kept": KEPT_SECONDS})
        fresh = text(f"INSERT INTO cache_purges(at, forgotten) VALUES ({now}, :forgotten)")  # noqa: S608
        await connection.execute(fresh, {"forgotten": encoded(list(forgotten))})


class DatabasePurges:
    """One process's part: tells, and hears."""

    def __init__(self, database: Database, systems: Systems, cache: Cache, pace: Pace, *, alone: bool = False) -> None:
        """`alone`: no other gateway writes; what is heard then is no condition of what counts as fresh."""
        self._database = database
        self._systems = systems
        self._cache = cache
        self._pace = pace
        self._heard_at: float | None = None
        self._heard: set[int] = set()
        self._decode = msgspec.json.Decoder(list[Forgotten]).decode
        if not alone:
            cache.trust_while(self.hearing)

    def hearing(self) -> bool:
        """Whether this process has asked lately enough that no purge is older than what it knows."""
        return self._heard_at is not None and time.monotonic() - self._heard_at < self._pace.purge_trust

    async def tell(self, forgotten: Sequence[Forgotten]) -> None:
        """Have every process forget; returns when none can show it any more."""
        await tell(self._database, forgotten)
        await asyncio.sleep(self._pace.purge_trust * MARGIN)

    async def run(self) -> None:
        """Hear until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._pace.purge_trust * 5):
                    await self.hear()
            except (SQLAlchemyError, OSError) as error:  # a timeout is one of the latter
                log.warning("purges_unheard", error=type(error).__name__)
            await asyncio.sleep(self._pace.purge_poll)

    async def hear(self) -> None:
        """Forget what others have told of since the last time."""
        began = time.monotonic()
        told = TOLD[self._database.dialect]
        rows = await self._database.ask(lambda rows: rows(told, overlap=OVERLAP_SECONDS))
        if self._heard_at is None or began - self._heard_at > OVERLAP_SECONDS / 2:
            self._cache.doubt()
        for number, forgotten in rows:
            if number not in self._heard:
                self._forget(forgotten)
        self._heard = {number for number, _ in rows}
        self._heard_at = began

    def _forget(self, forgotten: str) -> None:
        for each in self._decode(forgotten):
            self._systems.forget_here(each.source_uid, customer=each.customer, record_id=each.record_id)
