"""Word of the workflows that other processes change: asked of the database, while somebody here listens."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from mutations.governance.seams import Parts, now
from mutations.governance.tables import workflows

OVERLAP = timedelta(seconds=10)  # transactions end in another order than they began, and clocks differ by a little
MOST = 1000  # changes in one look; the rest comes with the next

log = structlog.get_logger(__name__)


class Watch:
    """Tells the hub of changes by their versions: what it has told once it does not tell again."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._told: dict[str, int] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        since = now()
        while True:
            await asyncio.sleep(self.parts.pace.poll)
            if not self.parts.hub.listeners:
                since = now()
                continue
            try:
                since = await self.look(since)
            except (SQLAlchemyError, OSError) as error:
                log.warning("changes_unheard", error=type(error).__name__)

    async def look(self, since: datetime) -> datetime:
        """Tell what changed since a moment; gives the moment to go on from."""
        query = (
            select(workflows.c.uid, workflows.c.version, workflows.c.updated_at)
            .where(workflows.c.updated_at > since - OVERLAP)
            .order_by(workflows.c.updated_at)
            .limit(MOST)
        )
        async with self.parts.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        fresh = {uid: version for uid, version, _ in rows}
        for uid, version in fresh.items():
            if self._told.get(uid) != version:
                self.parts.hub.tell(uid)
        self._told = fresh
        latest: datetime = max([since, *(at for _, _, at in rows)])
        return latest
