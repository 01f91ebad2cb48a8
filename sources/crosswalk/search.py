"""Finds customers: what is meant exactly first, then names that begin so, then whatever has all the words.

Without a text: all customers, newest first. A term of a class that the viewer may not see is not looked at at all,
so that neither a hit nor its place tells anything of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.sensitivity import Sensitivity
from sources.crosswalk import normal, positions
from sources.crosswalk.crowded import Place, among, is_crowded, outside, places
from sources.crosswalk.reading import find
from sources.crosswalk.tables import customers, records
from sources.crosswalk.words import CustomerHits, CustomerQuery, LookupKey
from sources.prepared import rows_of

MAX_TOTAL = 10_000  # counting further would cost more than the page
MAX_WORDS = 8  # a pasted letter is no search
EXACT, BEGINS, HAS = 0, 1, 2
LAST = "\U0010ffff"  # comes after every name that begins so, by code points

EXACT_KINDS = {
    Sensitivity.INTERNAL: ("number", "external", "domain"),
    Sensitivity.PERSONAL: ("email", "phone"),
    Sensitivity.TAX: ("tax_id",),
}
COLUMN_OF = {Sensitivity.INTERNAL: "internal", Sensitivity.PERSONAL: "personal", Sensitivity.TAX: "tax"}


class Ranked(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """A place among hits."""

    tier: int
    name: str
    uid: str


class Newest(msgspec.Struct, frozen=True, array_like=True, tag="n"):
    """A place among all customers."""

    since: datetime
    uid: str


async def search(connection: AsyncConnection, dialect: str, query: CustomerQuery, region: str | None) -> CustomerHits:
    """A page of customers. Raises BadPosition for a position of another list."""
    asked = (query.text or "").strip()
    if asked or query.also:
        return await _hits(connection, dialect, query, asked, region)
    return await _all(connection, query)


async def _hits(
    connection: AsyncConnection, dialect: str, query: CustomerQuery, asked: str, region: str | None
) -> CustomerHits:
    after = positions.read(query.after, Ranked)
    exact = sorted({*query.also, *(await _exact(connection, query, asked, region))})
    words = normal.words(asked)[:MAX_WORDS]
    having = _having_words(dialect, words, query.classes)
    live = and_(customers.c.live, *_filters(query))
    if having is not None and await is_crowded(connection, having, live, MAX_TOTAL):
        return await _crowded(connection, query, exact, words, having, live, after)
    begins = _begins(words)
    tier = case((customers.c.uid.in_(exact), EXACT), (begins, BEGINS), else_=HAS)
    # One list of row numbers: with an OR of two, SQLite would look at every customer.
    found = [select(customers.c.id).where(customers.c.uid.in_(exact)), *([] if having is None else [select(having)])]
    where = and_(customers.c.id.in_(union_all(*found)), live)
    page = select(customers.c.uid, tier.label("tier"), customers.c.sort_name).where(where)
    if after is not None:
        place = tuple_(literal(after.tier), literal(after.name), literal(after.uid))
        page = page.where(tuple_(tier, customers.c.sort_name, customers.c.uid) > place)
    page = page.order_by(tier, customers.c.sort_name, customers.c.uid).limit(query.first + 1)
    rows = (await connection.execute(page)).all()
    return await _page(connection, rows, _cursors(rows, query.first), query.first, where)


async def _crowded(
    connection: AsyncConnection,
    query: CustomerQuery,
    exact: list[str],
    words: list[str],
    having: Any,
    live: ColumnElement[bool],
    after: Ranked | None,
) -> CustomerHits:
    """The same page, found without sorting every hit; their number is not told."""
    others = and_(customers.c.uid.not_in(exact), among(having))
    tiers = [(EXACT, customers.c.uid.in_(exact)), (BEGINS, and_(_begins(words), others))]
    tiers += [(HAS, stretch) for stretch in outside(_beginning(words), others)]
    place = None if after is None else Place(after.uid, after.tier, after.name)
    rows = await places(connection, tiers, live, place, query.first + 1)
    uids = tuple(row.uid for row in rows[: query.first])
    return CustomerHits(uids, _cursors(rows, query.first), len(rows) > query.first, None)


def _cursors(rows: Sequence[Any], first: int) -> tuple[str, ...]:
    return tuple(positions.write(Ranked(row.tier, row.sort_name, row.uid)) for row in rows[:first])


def _beginning(words: list[str]) -> tuple[str, str]:
    """The first name that begins so, and the first behind all that do."""
    begin = " ".join(words)
    return begin, begin + LAST


def _begins(words: list[str]) -> ColumnElement[bool]:
    first, behind = _beginning(words)
    return and_(customers.c.sort_name >= first, customers.c.sort_name < behind) if words else false()


async def _all(connection: AsyncConnection, query: CustomerQuery) -> CustomerHits:
    after = positions.read(query.after, Newest)
    where = and_(customers.c.live, *_filters(query))
    page = select(customers.c.uid, customers.c.since).where(where)
    if after is not None:
        place = tuple_(literal(after.since, customers.c.since.type), literal(after.uid))
        page = page.where(tuple_(customers.c.since, customers.c.uid) < place)
    page = page.order_by(customers.c.since.desc(), customers.c.uid.desc()).limit(query.first + 1)
    rows = (await connection.execute(page)).all()
    cursors = tuple(positions.write(Newest(row.since, row.uid)) for row in rows[: query.first])
    return await _page(connection, rows, cursors, query.first, where)


async def _page(
    connection: AsyncConnection, rows: Any, cursors: tuple[str, ...], first: int, where: ColumnElement[bool]
) -> CustomerHits:
    counted = select(literal(1)).select_from(customers).where(where).limit(MAX_TOTAL + 1).subquery()
    total = (await connection.execute(select(func.count()).select_from(counted))).scalar_one()
    uids = tuple(row.uid for row in rows[:first])
    return CustomerHits(uids, cursors, len(rows) > first, total if total <= MAX_TOTAL else None)


async def _exact(connection: AsyncConnection, query: CustomerQuery, asked: str, region: str | None) -> set[str]:
    kinds = [kind for sensitivity in query.classes for kind in EXACT_KINDS.get(sensitivity, ())]
    keys = [LookupKey(kind, asked) for kind in kinds]
    return set(await connection.run_sync(lambda bare: find(rows_of(bare), keys, region))) if asked else set()


def _having_words(dialect: str, words: list[str], classes: Iterable[Sensitivity]) -> Any:
    """The row numbers of customers of whom every word begins a word, in a column that the viewer may see;
    None where there is nothing to look for."""
    columns = sorted(COLUMN_OF[c] for c in classes if c in COLUMN_OF)
    if not words or not columns:
        return None
    if dialect == "sqlite":
        each = " AND ".join(f'"{word}" *' for word in words)
        match = f"{{{' '.join(columns)}}} : ({each})"
        rows = text("SELECT rowid AS id FROM customer_search WHERE customer_search MATCH :match").bindparams(
            match=match
        )
    else:
        parts = (" OR ".join(f"{c} @@ CAST(:w{i} AS tsquery)" for c in columns) for i in range(len(words)))
        rows = text(f"SELECT id FROM customer_search WHERE ({') AND ('.join(parts)})")  # noqa: S608
        rows = rows.bindparams(*(bindparam(f"w{i}", f"'{word}':*", String) for i, word in enumerate(words)))
    return rows.columns(customers.c.id).subquery()


def _filters(query: CustomerQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.parent_uid is not None:
        found.append(customers.c.parent_uid.in_(_survivors([query.parent_uid])))
    found += [customers.c.tier == tier for tier in (query.tier, query.rows.tier) if tier is not None]
    found += [customers.c.owner == owner for owner in (query.owner, query.rows.owner) if owner is not None]
    if query.linked_to is not None:
        linked = and_(records.c.customer_uid == customers.c.uid, records.c.system_uid == query.linked_to)
        found.append(exists().where(linked))
    if query.rows.customers is not None:
        numbers = [number for value in query.rows.customers if (number := normal.number(value))]
        uids = _survivors(query.rows.customers)
        found.append(or_(customers.c.uid.in_(uids), customers.c.number_key.in_(numbers)))
    return found


def _survivors(uids: Iterable[str]) -> Any:
    """The customers that these uids mean now."""
    asked = customers.alias("asked")
    return select(func.coalesce(asked.c.merged_into, asked.c.uid)).where(asked.c.uid.in_(list(uids)))
