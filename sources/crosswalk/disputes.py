"""Conflicts as they are shown: records that could not be linked without a guess."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.provenance import CustomerRef, Origin
from sources.crosswalk import positions
from sources.crosswalk.rows import decode_names
from sources.crosswalk.tables import conflict_candidates, conflicts, customers, records
from sources.crosswalk.words import Candidate, Conflict, Conflicts, UnknownConflict

CONFLICTS: Select[Any] = select(
    conflicts, records.c.system_uid, records.c.record_type, records.c.record_id.label("source_id")
).join(records, records.c.id == conflicts.c.record_id)


class Place(msgspec.Struct, frozen=True, array_like=True, tag="c"):
    """A place among conflicts."""

    at: datetime
    uid: str


async def page(connection: AsyncConnection, systems: Mapping[str, Origin], first: int, after: str | None) -> Conflicts:
    """A page of open conflicts, newest first. Raises BadPosition."""
    query = CONFLICTS.where(conflicts.c.state == "open")
    if (place := positions.read(after, Place)) is not None:
        before = tuple_(literal(place.at, conflicts.c.detected_at.type), literal(place.uid))
        query = query.where(tuple_(conflicts.c.detected_at, conflicts.c.uid) < before)
    query = query.order_by(conflicts.c.detected_at.desc(), conflicts.c.uid.desc()).limit(first + 1)
    rows = (await connection.execute(query)).mappings().all()
    found = await _whole(connection, systems, rows[:first])
    cursors = tuple(positions.write(Place(conflict.detected_at, conflict.uid)) for conflict in found)
    return Conflicts(found, cursors, len(rows) > first)


async def one(connection: AsyncConnection, systems: Mapping[str, Origin], uid: str) -> Conflict | None:
    """A conflict by its uid."""
    rows = (await connection.execute(CONFLICTS.where(conflicts.c.uid == uid))).mappings().all()
    return next(iter(await _whole(connection, systems, rows)), None)


async def contested(connection: AsyncConnection, uid: str) -> tuple[str, CustomerRef, tuple[str, ...]]:
    """The record of a conflict, (source uid, ref), and its candidates. Raises UnknownConflict."""
    conflict = await one(connection, {}, uid)
    if conflict is None:
        raise UnknownConflict(f"no conflict {uid}")
    return conflict.source_uid, conflict.ref, tuple(c.customer_uid for c in conflict.candidates)


async def _whole(
    connection: AsyncConnection, systems: Mapping[str, Origin], rows: Sequence[Any]
) -> tuple[Conflict, ...]:
    candidates = await _candidates(connection, [row["uid"] for row in rows])
    return tuple(
        Conflict(
            uid=row["uid"],
            source_uid=row["system_uid"],
            system=systems[row["system_uid"]].system if row["system_uid"] in systems else row["system_uid"],
            ref=CustomerRef(row["record_type"], row["source_id"]),
            candidates=tuple(candidates.get(row["uid"], ())),
            evidence=decode_names(row["evidence"]),
            detected_at=row["detected_at"],
            open=row["state"] == "open",
            resolved_by=row["resolved_by"],
            resolved_at=row["resolved_at"],
        )
        for row in rows
    )


async def _candidates(connection: AsyncConnection, uids: list[str]) -> dict[str, list[Candidate]]:
    """The candidates of conflicts, the surest first; merged ones as their survivors, once."""
    query = (
        select(
            conflict_candidates.c.conflict_uid,
            func.coalesce(customers.c.merged_into, customers.c.uid).label("uid"),
            func.max(conflict_candidates.c.confidence).label("confidence"),
        )
        .join(customers, customers.c.uid == conflict_candidates.c.customer_uid)
        .where(conflict_candidates.c.conflict_uid.in_(uids))
        .group_by(conflict_candidates.c.conflict_uid, func.coalesce(customers.c.merged_into, customers.c.uid))
    )
    found: dict[str, list[Candidate]] = {}
    for conflict, uid, confidence in await connection.execute(query) if uids else ():
        found.setdefault(conflict, []).append(Candidate(uid, confidence))
    return {uid: sorted(some, key=lambda c: (-c.confidence, c.customer_uid)) for uid, some in found.items()}
