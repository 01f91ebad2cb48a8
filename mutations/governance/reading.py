"""Workflows as they stand: by uid, in lists, by the records that they made; and waiting for one to come to rest."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.answers import Glance, Touched, WorkflowPage, WorkflowQuery
from mutations.governance.approvals import may_approve
from mutations.governance.mutation import StepRole
from mutations.governance.records import assembled, load
from mutations.governance.seams import Parts, now
from mutations.governance.tables import workflow_receipts as receipts
from mutations.governance.tables import workflow_steps as steps
from mutations.governance.tables import workflows
from mutations.governance.workflow import FINAL, Workflow, WorkflowStatus
from sources.canonical.actor import Actor, RowLimit
from sources.crosswalk import positions
from sources.crosswalk.tables import customers

MAX_TOTAL = 10_000  # counting further would cost more than the page
SCANNED = 100  # of those that await approval, looked at in one go: who may approve is the policy's to say, not SQL's

RESTING = FINAL | {
    WorkflowStatus.AWAITING_APPROVAL,
    WorkflowStatus.SETTLING,
    WorkflowStatus.FAILED,
    WorkflowStatus.OUTCOME_UNKNOWN,
    WorkflowStatus.NEEDS_ATTENTION,
}
"""The states in which waiting longer is not worth it: days, a person, or nothing more will change them."""


class Place(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    """A place among workflows, newest first."""

    requested_at: datetime
    uid: str


async def search(parts: Parts, query: WorkflowQuery, first: int, after: str | None) -> WorkflowPage:
    """A page of workflows, newest first. Raises sources.crosswalk.words.BadPosition."""
    place = positions.read(after, Place)
    if query.awaiting is not None:
        return await _awaiting(parts, query, query.awaiting, first, place)
    which = _conditions(query)
    async with parts.database.reading() as connection:
        rows = await _rows(connection, which, place, first + 1)
        found = await assembled(connection, rows[:first])
        counted = select(workflows.c.uid).where(*which).limit(MAX_TOTAL + 1).subquery()
        total = int((await connection.execute(select(func.count()).select_from(counted))).scalar_one())
    return _page(list(found.values()), has_next=len(rows) > first, total=total if total <= MAX_TOTAL else None)


async def _awaiting(parts: Parts, query: WorkflowQuery, actor: Actor, first: int, place: Place | None) -> WorkflowPage:
    """Those that this actor may approve now."""
    which = (*_conditions(query), workflows.c.status == WorkflowStatus.AWAITING_APPROVAL.value, _not_expired())
    kept: list[RowMapping] = []
    async with parts.database.reading() as connection:
        while len(kept) <= first:
            rows = await _rows(connection, which, place, SCANNED)
            for row in rows:
                if await may_approve(parts, connection, row, actor):
                    kept.append(row)
            if len(rows) < SCANNED:
                break
            place = Place(rows[-1]["requested_at"], rows[-1]["uid"])
        found = await assembled(connection, kept[:first])
    return _page(list(found.values()), has_next=len(kept) > first, total=None)


async def of_customers(parts: Parts, uids: Sequence[str], first: int, after: str | None) -> dict[str, WorkflowPage]:
    """A page of the workflows of each of these customers, in one question. Raises BadPosition."""
    place = positions.read(after, Place)
    row_number = func.row_number().over(
        partition_by=workflows.c.customer_uid, order_by=(workflows.c.requested_at.desc(), workflows.c.uid.desc())
    )
    which = [workflows.c.customer_uid.in_(list(uids)), *([_before(place)] if place else [])]
    ranked = select(workflows.c.uid, row_number.label("rank")).where(*which).subquery()
    wanted = select(ranked.c.uid).where(ranked.c.rank <= first + 1)
    newest = (workflows.c.requested_at.desc(), workflows.c.uid.desc())
    async with parts.database.reading() as connection:
        query = select(workflows).where(workflows.c.uid.in_(wanted)).order_by(*newest)
        rows = (await connection.execute(query)).mappings().all()
        found = await assembled(connection, rows)
    of: dict[str, list[Workflow]] = {uid: [] for uid in uids}
    for each in found.values():
        of[each.customer_uid or ""].append(each)
    return {uid: _page(each[:first], has_next=len(each) > first, total=None) for uid, each in of.items()}


async def of_uids(parts: Parts, uids: Iterable[str]) -> dict[str, Workflow]:
    """The workflows of these uids, those that there are."""
    async with parts.database.reading() as connection:
        return await load(connection, uids)


async def of_records(parts: Parts, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The workflow that made each record, by (source uid, the vendor's id); those that one made."""
    if not keys:
        return {}
    query = select(receipts.c.source_uid, receipts.c.record_id, receipts.c.workflow_uid).where(
        tuple_(receipts.c.source_uid, receipts.c.record_id).in_([tuple(key) for key in keys])
    )
    async with parts.database.reading() as connection:
        return {
            (source, record): uid for source, record, uid in await connection.execute(query.order_by(receipts.c.at))
        }


async def records(parts: Parts, uids: Iterable[str]) -> dict[str, tuple[Touched, ...]]:
    """What each workflow made, in the order of its steps."""
    wanted = sorted(set(uids))
    query = (
        select(
            receipts.c.workflow_uid,
            receipts.c.source_uid,
            receipts.c.record_id,
            steps.c.step,
            steps.c.role,
            workflows.c.action,
        )
        .join(steps, and_(steps.c.workflow_uid == receipts.c.workflow_uid, steps.c.name == receipts.c.name))
        .join(workflows, workflows.c.uid == receipts.c.workflow_uid)
        .where(receipts.c.workflow_uid.in_(wanted))
        .order_by(steps.c.position)
    )
    async with parts.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    found: dict[str, list[Touched]] = {uid: [] for uid in wanted}
    for row in rows:
        kind = parts.mutation(row["action"]).kinds.get(row["step"])
        made = kind.makes if kind is not None and row["role"] == StepRole.DO.value else None
        found[row["workflow_uid"]].append(
            Touched(step=row["step"], source_uid=row["source_uid"], record_id=row["record_id"], kind=made)
        )
    return {uid: tuple(each) for uid, each in found.items()}


async def glances(parts: Parts, uids: Iterable[str]) -> dict[str, Glance]:
    """Where workflows stand, cheaply."""
    query = select(workflows.c.uid, workflows.c.status, workflows.c.updated_at, workflows.c.version)
    async with parts.database.reading() as connection:
        rows = await connection.execute(query.where(workflows.c.uid.in_(sorted(set(uids)))))
        return {uid: Glance(WorkflowStatus(status), at, version) for uid, status, at, version in rows}


async def wait(parts: Parts, uid: str, seconds: float, closing: asyncio.Event) -> Workflow | None:
    """The workflow, once it has come to rest, the time is over, or the process ends; None where there is none.

    It holds nothing meanwhile. Word of a change comes from the hub; what other processes do is asked for.
    """
    until = time.monotonic() + seconds
    listening = parts.hub.listen(uid)
    try:
        while True:
            found = (await glances(parts, [uid])).get(uid)
            left = until - time.monotonic()
            if found is None or found.status in RESTING or left <= 0 or closing.is_set():
                break
            try:
                async with asyncio.timeout(min(left, parts.pace.poll)):
                    await anext(listening)
            except TimeoutError:
                continue
    finally:
        listening.close()
    return (await of_uids(parts, [uid])).get(uid)


async def _rows(
    connection: AsyncConnection, which: Iterable[ColumnElement[bool]], place: Place | None, most: int
) -> Sequence[RowMapping]:
    query: Select[Any] = select(workflows).where(*which, *([_before(place)] if place else []))
    newest = query.order_by(workflows.c.requested_at.desc(), workflows.c.uid.desc()).limit(most)
    rows: Sequence[RowMapping] = (await connection.execute(newest)).mappings().all()
    return rows


def _before(place: Place) -> ColumnElement[bool]:
    at = workflows.c.requested_at
    return or_(at < place.requested_at, and_(at == place.requested_at, workflows.c.uid < place.uid))


def _not_expired() -> ColumnElement[bool]:
    return workflows.c.expires_at > now()


def _conditions(query: WorkflowQuery) -> tuple[ColumnElement[bool], ...]:
    which: list[ColumnElement[bool]] = []
    if query.statuses:
        which.append(workflows.c.status.in_([each.value for each in query.statuses]))
    if query.actions:
        which.append(workflows.c.action.in_([each.value for each in query.actions]))
    if query.customer_uids is not None:
        which.append(workflows.c.customer_uid.in_(sorted(query.customer_uids)))
    if query.older_than_seconds is not None:
        which.append(workflows.c.requested_at < now() - timedelta(seconds=query.older_than_seconds))
    if query.correlation_id is not None:
        which.append(workflows.c.correlation_id == query.correlation_id)
    if not query.rows.unlimited:
        which.append(workflows.c.customer_uid.in_(_within(query.rows)))
    return tuple(which)


def _within(rows: RowLimit) -> Select[tuple[str]]:
    """The customers that a row limit admits."""
    query = select(customers.c.uid)
    if rows.customers is not None:
        listed = sorted(rows.customers)
        query = query.where(or_(customers.c.uid.in_(listed), customers.c.number.in_(listed)))
    if rows.owner is not None:
        query = query.where(customers.c.owner == rows.owner)
    if rows.tier is not None:
        query = query.where(customers.c.tier == rows.tier)
    return query


def _page(found: Sequence[Workflow], *, has_next: bool, total: int | None) -> WorkflowPage:
    cursors = tuple(positions.write(Place(each.requested_at, each.uid)) for each in found)
    return WorkflowPage(workflows=tuple(found), cursors=cursors, has_next=has_next, total=total)
