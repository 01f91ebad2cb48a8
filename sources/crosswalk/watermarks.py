"""How far each source's changes were read, and who reads them."""

from datetime import UTC, datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.crosswalk.tables import watermarks
from sources.crosswalk.words import ChangeFreshness
from sources.database import Database, to_the_end

CHANGES = "changes"
NEVER = ChangeFreshness(None, None, None, None)


async def freshness(connection: AsyncConnection, system: str) -> ChangeFreshness:
    """How far a source's changes are known."""
    query = select(watermarks).where(watermarks.c.system_uid == system, watermarks.c.stream == CHANGES)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return NEVER
    polled = row["polled_at"]
    lag = max(0.0, (datetime.now(UTC) - polled).total_seconds()) if polled else None
    return ChangeFreshness(row["watermark"], polled, row["last_change_at"], lag)


async def store(
    connection: AsyncConnection,
    system: str,
    watermark: str,
    polled_at: datetime | None,
    last_change_at: datetime | None,
) -> None:
    """Keep a watermark. Moments that are None stay as they were; the last change never goes back."""
    known = await freshness(connection, system)
    latest = max((at for at in (known.last_change_at, last_change_at) if at is not None), default=None)
    values = {"watermark": watermark, "polled_at": polled_at or known.polled_at, "last_change_at": latest}
    if known.watermark is None:
        await connection.execute(insert(watermarks).values(system_uid=system, stream=CHANGES, **values))
    else:
        same = (watermarks.c.system_uid == system, watermarks.c.stream == CHANGES)
        await connection.execute(update(watermarks).where(*same).values(**values))


NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())",
}


@to_the_end
async def take_lease(database: Database, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease, by the database's clock; False while another holds it."""
    now = NOW[database.dialect]
    statement = text(
        f"INSERT INTO leases(name, holder, expires_at) VALUES (:name, :holder, {now} + :seconds) "  # noqa: S608
        "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at "
        f"WHERE leases.holder = excluded.holder OR leases.expires_at < {now} RETURNING holder"
    )
    async with database.transaction() as connection:
        taken = (await connection.execute(statement, {"name": name, "holder": holder, "seconds": seconds})).all()
    return bool(taken)


@to_the_end
async def give_up_lease(database: Database, name: str, holder: str) -> None:
    """Let another take the lease at once."""
    statement = text("DELETE FROM leases WHERE name = :name AND holder = :holder")
    async with database.transaction() as connection:
        await connection.execute(statement, {"name": name, "holder": holder})
