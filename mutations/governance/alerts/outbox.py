"""The outbox: alerts are written in the transaction of what they tell, taken by one process at a time, and ended."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.alerts.tables import GIVEN_UP, WAITING, alerts
from mutations.governance.alerts.words import TOLD, Alert, AlertKind, Raised
from sources.database import Database, to_the_end

TAKEN_SECONDS = 60.0  # one that was taken by a process that died is taken again after this; longer than any delivery
LONGEST_MESSAGE = 1000
LONGEST_FAILURE = 200


async def raise_(connection: AsyncConnection, alert: Alert) -> None:
    """Tell the roles of it, once the transaction of this connection is committed; never where it is rolled back."""
    rows = [_row(alert, role) for role in alert.roles or TOLD[alert.kind]]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(insert(alerts).on_conflict_do_nothing(), rows)


def _row(alert: Alert, role: str) -> dict[str, object]:
    return {
        "uid": uuid.uuid4().hex,
        "kind": alert.kind.value,
        "role": role,
        "workflow_uid": alert.workflow_uid or "",
        "occasion": alert.occasion,
        "message": alert.message[:LONGEST_MESSAGE],
        "raised_at": alert.at,
        "state": WAITING,
        "attempts": 0,
        "next_at": alert.at,
    }


@to_the_end
async def take(database: Database, now: datetime, most: int) -> Sequence[Raised]:
    """Alerts whose time has come; no other process takes them while they are being delivered."""
    due = select(alerts).where(alerts.c.state == WAITING, alerts.c.next_at <= now)
    async with database.reading() as connection:
        rows = (await connection.execute(due.order_by(alerts.c.next_at, alerts.c.uid).limit(most))).all()
    return await _claim(database, rows, now) if rows else ()


async def _claim(database: Database, rows: Sequence[Row[Any]], now: datetime) -> Sequence[Raised]:
    claimed = []
    until = now + timedelta(seconds=TAKEN_SECONDS)
    async with database.transaction() as connection:
        for row in rows:
            seen = (alerts.c.uid == row.uid, alerts.c.state == WAITING, alerts.c.attempts == row.attempts)
            took = await connection.execute(
                update(alerts).where(*seen).values(attempts=row.attempts + 1, next_at=until)
            )
            if took.rowcount:
                claimed.append(_raised(row))
    return claimed


def _raised(row: Row[Any]) -> Raised:
    return Raised(
        uid=row.uid,
        kind=AlertKind(row.kind),
        role=row.role,
        workflow_uid=row.workflow_uid or None,
        message=row.message,
        at=row.raised_at,
        attempt=row.attempts + 1,
    )


@to_the_end
async def end(database: Database, uid: str, state: str, now: datetime, failure: str | None = None) -> None:
    """It is delivered, logged or given up."""
    ended = {"state": state, "ended_at": now, "failure": failure and failure[:LONGEST_FAILURE]}
    async with database.transaction() as connection:
        await connection.execute(update(alerts).where(alerts.c.uid == uid, alerts.c.state == WAITING).values(**ended))


@to_the_end
async def try_again(database: Database, uid: str, at: datetime, failure: str) -> None:
    """It was not delivered, and is tried again then."""
    later = {"next_at": at, "failure": failure[:LONGEST_FAILURE]}
    async with database.transaction() as connection:
        await connection.execute(update(alerts).where(alerts.c.uid == uid, alerts.c.state == WAITING).values(**later))


async def undelivered(database: Database, since: datetime) -> int:
    """How many wait after an attempt that failed, or were given up since then."""
    given_up = (alerts.c.state == GIVEN_UP) & (alerts.c.ended_at >= since)
    failed = given_up | ((alerts.c.state == WAITING) & alerts.c.failure.is_not(None))
    async with database.reading() as connection:
        return (await connection.execute(select(func.count()).where(failed))).scalar_one()
