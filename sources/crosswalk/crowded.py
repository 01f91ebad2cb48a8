"""A page of a search that hits more customers than can be sorted: those of each tier are walked in their order.

Where every hundredth customer is a hit, a page of ten is found among a thousand names. Sorting all of them took more
than a second for each million.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.crosswalk.tables import customers


class Place(NamedTuple):
    """A hit and where it stands: by tier, then name, then uid."""

    uid: str
    tier: int
    sort_name: str


async def is_crowded(connection: AsyncConnection, hits: Any, where: ColumnElement[bool], most: int) -> bool:
    """Whether more than so many of the hits fit; looks at no more of them than it has to."""
    # No join: SQLite would walk the customers, and ask for each whether it is a hit.
    fits = exists(select(literal(1)).select_from(customers).where(customers.c.id == hits.c.id, where))
    counted = select(literal(1)).select_from(hits).where(fits).limit(most + 1).subquery()
    return bool((await connection.execute(select(func.count()).select_from(counted))).scalar_one() > most)


async def places(
    connection: AsyncConnection,
    tiers: Sequence[tuple[int, ColumnElement[bool]]],
    where: ColumnElement[bool],
    after: Place | None,
    most: int,
) -> list[Place]:
    """The first hits behind a place, at most so many. `tiers` are in their order, each a stretch of names."""
    found: list[Place] = []
    for tier, stretch in tiers:
        if len(found) < most and (after is None or after.tier <= tier):
            asked = select(customers.c.uid, customers.c.sort_name).where(where, stretch)
            if after is not None and after.tier == tier:
                behind = tuple_(literal(after.sort_name), literal(after.uid))
                asked = asked.where(tuple_(customers.c.sort_name, customers.c.uid) > behind)
            asked = asked.order_by(customers.c.sort_name, customers.c.uid).limit(most - len(found))
            found += [Place(uid, tier, name) for uid, name in await connection.execute(asked)]
    return found


def among(hits: Any) -> ColumnElement[bool]:
    """That a customer is a hit, asked for each as it is walked by."""
    return exists(select(literal(1)).select_from(hits).where(hits.c.id == customers.c.id))


def outside(begins: tuple[str, str], rest: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """The names before and behind a stretch."""
    first, last = begins
    return [and_(customers.c.sort_name < first, rest), and_(customers.c.sort_name >= last, rest)]
