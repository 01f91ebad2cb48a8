"""The chain as JSON lines, for who verifies it elsewhere."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.canonical import canonical, content_of
from mutations.governance.audit.chaining import further_customers
from mutations.governance.audit.rows import event_of
from mutations.governance.audit.tables import audit_chain, audit_details, audit_events, audit_pending
from sources.database import Database

PAGE = 1000  # events that are read at a time

chain = audit_chain.c


async def exported(database: Database, *, details: bool = False) -> AsyncIterator[bytes]:
    """A line for each chained event, oldest first: sequence, previousDigest, event, digest; salt and detail if asked.

    An event that is in the chain and no longer in its table has no line.
    """
    last = 0
    while True:
        async with database.reading() as connection:
            rows = await _page(connection, last, details)
            others = await further_customers(connection, [row.uid for row in rows if row.uid])
        for row in rows:
            if row.uid is not None:
                yield canonical(_line(row, others.get(row.uid, []), details))
        if len(rows) < PAGE:
            return
        last = rows[-1].sequence


async def outside_the_chain(database: Database) -> int:
    """How many events have no place in the chain and wait for none: somebody took them out of the line."""
    asked = (
        select(audit_events.c.uid)
        .outerjoin(audit_chain, chain.event_uid == audit_events.c.uid)
        .outerjoin(audit_pending, audit_pending.c.event_uid == audit_events.c.uid)
        .where(chain.sequence.is_(None), audit_pending.c.event_uid.is_(None))
    )
    async with database.reading() as connection:
        return len((await connection.execute(asked)).all())


async def _page(connection: AsyncConnection, last: int, details: bool) -> list[Any]:
    asked = (
        select(audit_events, chain.sequence, chain.previous_digest, chain.digest)
        .select_from(audit_chain)
        .outerjoin(audit_events, audit_events.c.uid == chain.event_uid)
        .where(chain.sequence > last)
        .order_by(chain.sequence)
        .limit(PAGE)
    )
    if details:
        asked = asked.add_columns(audit_details.c.salt, audit_details.c.detail).outerjoin(
            audit_details, audit_details.c.event_uid == chain.event_uid
        )
    return list((await connection.execute(asked)).all())


def _line(row: Any, others: list[str], details: bool) -> dict[str, Any]:
    line: dict[str, Any] = {
        "sequence": row.sequence,
        "previousDigest": row.previous_digest,
        "event": content_of(event_of(row, others), row.commitment),
        "digest": row.digest,
    }
    if details and row.detail is not None:
        line |= {"salt": row.salt, "detail": msgspec.Raw(row.detail.encode())}
    return line
