"""Which customers were changed: told in the transaction that changed them, asked for before one in memory is used.

Writers of the crosswalk take turns, so a revision that is seen has none below it that will still come.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.crosswalk.rows import decode_names, encode
from sources.crosswalk.tables import Id, customer_changes
from sources.prepared import Prepared, Rows

KEPT = 200  # revisions: some 4 MB while a backfill runs; who has not asked for longer forgets everything

_revision = customer_changes.c.revision
_newest = select(func.max(_revision)).scalar_subquery()
SINCE = Prepared(
    select(_revision, customer_changes.c.customer_uids)
    .where(_revision >= func.coalesce(bindparam("known", type_=Id), _newest))
    .order_by(_revision)
)


class Changes(msgspec.Struct, frozen=True):
    """What became other than it was at a revision that was known; `uids` is None where that cannot be told."""

    revision: int | None
    uids: frozenset[str] | None

    def touch(self, uid: str) -> bool:
        """Whether the customer may be another than before."""
        return self.uids is None or uid in self.uids


def since(rows: Rows, known: int | None) -> Changes:
    """What changed since the known revision. One query of one row, where nothing did."""
    told = rows(SINCE, known=known)
    if not told:
        return Changes(None, None)
    newest = told[-1][0]
    if told[0][0] != known:
        return Changes(newest, None)
    return Changes(newest, frozenset(uid for _, uids in told[1:] for uid in decode_names(uids)))


async def tell(connection: AsyncConnection, uids: Iterable[str]) -> None:
    """These customers are not as they were, once the transaction ends."""
    changed = sorted(set(uids))
    if not changed:
        return
    newest = ((await connection.execute(select(func.max(_revision)))).scalar_one() or 0) + 1
    await connection.execute(insert(customer_changes), {"revision": newest, "customer_uids": encode(changed).decode()})
    await connection.execute(delete(customer_changes).where(_revision <= newest - KEPT))
