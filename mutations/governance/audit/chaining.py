"""The sequencer: gives recorded events their places in the chain, batch by batch.

Places are not given where events are recorded: every writer would wait for the one before at the head of the chain.
One process at a time does it, under a lock that ends with its transaction; who dies in it leaves nothing behind.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.canonical import content_of, digest_of
from mutations.governance.audit.merkle import Frontier
from mutations.governance.audit.rows import event_of
from mutations.governance.audit.tables import audit_chain, audit_customers, audit_events, audit_head, audit_pending

BATCH = 500  # events of one transaction: some 30 ms, for which other writers of SQLite wait
LOCK = text("SELECT pg_try_advisory_xact_lock(360, 4)")


class HeadMoved(RuntimeError):
    """Another process chained at the same time, which the lock is there to prevent: nothing was written."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chain stands: how many events, the digest of the last one, the tree over all."""

    size: int
    digest: str
    roots: tuple[str, ...]

    @property
    def frontier(self) -> Frontier:
        return Frontier(self.size, [bytes.fromhex(each) for each in self.roots])


async def take_turn(connection: AsyncConnection, *, wait: bool = False) -> bool:
    """Whether this transaction is the one that may chain; with `wait` it is, once the other has ended."""
    if connection.dialect.name == "sqlite":
        return True  # every transaction that writes is the only one
    if wait:
        await connection.execute(text("SELECT pg_advisory_xact_lock(360, 4)"))
        return True
    return bool((await connection.execute(LOCK)).scalar_one())


async def head_of(connection: AsyncConnection) -> Head:
    """Where the chain stands."""
    row = (await connection.execute(select(audit_head))).one()
    return Head(size=row.size, digest=row.digest, roots=tuple(row.frontier.split()))


async def chain_batch(connection: AsyncConnection, head: Head, limit: int = BATCH) -> Head:
    """Chain the oldest pending events; gives where the chain stands then. Call it after take_turn."""
    rows = await _pending(connection, limit)
    if not rows:
        return head
    others = await further_customers(connection, [row.uid for row in rows])
    frontier, previous, links = head.frontier, head.digest, []
    for sequence, row in enumerate(rows, head.size + 1):
        digest = digest_of(sequence, previous, content_of(event_of(row, others[row.uid]), row.commitment))
        links.append({"sequence": sequence, "event_uid": row.uid, "previous_digest": previous, "digest": digest})
        frontier.add(bytes.fromhex(digest))
        previous = digest
    await connection.execute(insert(audit_chain), links)
    await connection.execute(delete(audit_pending).where(audit_pending.c.event_uid.in_([row.uid for row in rows])))
    moved = Head(size=frontier.size, digest=previous, roots=tuple(each.hex() for each in frontier.roots))
    await _move(connection, head, moved)
    return moved


async def further_customers(connection: AsyncConnection, uids: Sequence[str]) -> dict[str, list[str]]:
    """The second and further customers of events, by the event's uid."""
    found: dict[str, list[str]] = defaultdict(list)
    asked = select(audit_customers).where(audit_customers.c.event_uid.in_(uids)).order_by(audit_customers.c.position)
    for row in await connection.execute(asked):
        found[row.event_uid].append(row.customer_uid)
    return found


async def _pending(connection: AsyncConnection, limit: int) -> Sequence[Any]:
    asked = (
        select(audit_events)
        .join(audit_pending, audit_pending.c.event_uid == audit_events.c.uid)
        .order_by(audit_pending.c.event_uid)
        .limit(limit)
    )
    return (await connection.execute(asked)).all()


async def _move(connection: AsyncConnection, before: Head, after: Head) -> None:
    moved = await connection.execute(
        update(audit_head)
        .where(audit_head.c.size == before.size, audit_head.c.digest == before.digest)
        .values(size=after.size, digest=after.digest, frontier=" ".join(after.roots))
    )
    if moved.rowcount != 1:
        raise HeadMoved
