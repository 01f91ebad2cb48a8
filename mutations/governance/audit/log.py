"""Reading the audit log: newest first, by everything that an auditor asks."""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.chaining import further_customers
from mutations.governance.audit.records import AuditEvent, AuditPage, AuditQuery, BadPosition
from mutations.governance.audit.rows import bits_of, event_of
from mutations.governance.audit.tables import audit_chain, audit_customers, audit_events
from sources.database import Database

COUNTED = 10_000  # more than that are not counted: nobody pages through them, and the count would read them all
UID = re.compile(r"[0-9a-f]{26}")
PREFIX = b"e1:"  # the form of a position

e = audit_events.c


class AuditLog:
    """The events of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: AuditQuery, first: int, after: str | None = None) -> AuditPage:
        """The newest events after a position. Raises BadPosition."""
        before = None if after is None else _uid_in(after)
        async with self._database.reading() as connection:
            uids = (await connection.execute(_matching(query, before, first + 1))).scalars().all()
            events = await _events(connection, e.uid.in_(uids[:first]))
        found = [events[uid] for uid in uids[:first]]
        return AuditPage(found, [position_of(each.uid) for each in found], len(uids) > first)

    async def count(self, query: AuditQuery) -> int | None:
        """How many events match; None where they are more than COUNTED."""
        counted = select(func.count()).select_from(_matching(query, None, COUNTED + 1).subquery())
        async with self._database.reading() as connection:
            found = int((await connection.execute(counted)).scalar_one())
        return found if found <= COUNTED else None

    async def event(self, uid: str) -> AuditEvent | None:
        """One event; None where there is none."""
        async with self._database.reading() as connection:
            return (await _events(connection, e.uid == uid)).get(uid)

    async def of_workflows(self, uids: Sequence[str]) -> Mapping[str, tuple[AuditEvent, ...]]:
        """All events of each workflow, oldest first; in one question."""
        async with self._database.reading() as connection:
            events = await _events(connection, e.workflow_uid.in_(uids))
        found: dict[str, list[AuditEvent]] = defaultdict(list)
        for uid in sorted(events):
            found[str(events[uid].workflow_uid)].append(events[uid])
        return {uid: tuple(found[uid]) for uid in uids}


def position_of(uid: str) -> str:
    """The position of an event in every list that holds it."""
    return base64.urlsafe_b64encode(PREFIX + uid.encode()).decode().rstrip("=")


def _uid_in(position: str) -> str:
    try:
        decoded = base64.urlsafe_b64decode(position + "=" * (-len(position) % 4))
        uid = decoded.removeprefix(PREFIX).decode("ascii")
    except (ValueError, binascii.Error):
        raise BadPosition("is no position in the audit log") from None
    if not decoded.startswith(PREFIX) or not UID.fullmatch(uid):
        raise BadPosition("is no position in the audit log")
    return uid


def _matching(query: AuditQuery, before: str | None, limit: int) -> Select[Any]:
    """The uids of the newest events that match.

    An event of a customer is found by its first or by its further customers, each newest first by its own index.
    """
    conditions = _conditions(query, before)
    customers = _customers(query)
    if customers is None:
        return select(e.uid).where(*conditions).order_by(e.uid.desc()).limit(limit)
    further = audit_customers.c
    ways = (
        select(e.uid).where(e.customer_uid.in_(customers), *conditions),
        select(e.uid)
        .join(audit_customers, further.event_uid == e.uid)
        .where(further.customer_uid.in_(customers), *conditions),
    )
    parts = [select(way.order_by(e.uid.desc()).limit(limit).subquery()) for way in ways]
    both = union(*parts).subquery()
    return select(both.c.uid).order_by(both.c.uid.desc()).limit(limit)


def _customers(query: AuditQuery) -> list[str] | None:
    if query.customer_uid is None:
        return None if query.customer_uids is None else sorted(query.customer_uids)
    if query.customer_uids is not None and query.customer_uid not in query.customer_uids:
        return []
    return [query.customer_uid]


def _conditions(query: AuditQuery, before: str | None) -> list[ColumnElement[bool]]:
    equal = (
        (e.workflow_uid, query.workflow_uid),
        (e.actor, query.actor),
        (e.action, query.action),
        (e.system, query.system),
        (e.correlation_id, query.correlation_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if query.classes is not None:
        conditions.append(e.classes.op("&")(bits_of(query.classes)) != 0)
    if query.since is not None:
        conditions.append(e.at >= query.since)
    if query.until is not None:
        conditions.append(e.at < query.until)
    if query.outcomes is not None:
        conditions.append(e.outcome.in_(sorted(each.value for each in query.outcomes)))
    if before is not None:
        conditions.append(e.uid < before)
    return conditions


async def _events(connection: AsyncConnection, condition: ColumnElement[bool]) -> dict[str, AuditEvent]:
    chain = audit_chain.c
    asked = (
        select(audit_events, chain.sequence, chain.previous_digest, chain.digest)
        .outerjoin(audit_chain, chain.event_uid == e.uid)
        .where(condition)
    )
    rows = (await connection.execute(asked)).all()
    others = await further_customers(connection, [row.uid for row in rows]) if rows else {}
    return {
        row.uid: event_of(
            row,
            others.get(row.uid, ()),
            None if row.sequence is None else (row.sequence, row.previous_digest, row.digest),
        )
        for row in rows
    }
