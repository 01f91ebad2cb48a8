"""Decisions as rows: what was asked, what was decided, by which policy; and that policy's texts."""

import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.policy.tables import policy_decisions, policy_texts
from mutations.governance.policy.words import Decision, PolicyRequest
from sources.database import Database, to_the_end

PAGE_ROWS = 500  # read at a time: some megabytes at most, and no long transaction
UID_BYTES = 8


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the past, and all that it depended on."""

    uid: str
    at: datetime
    workflow_uid: str | None
    request: PolicyRequest
    decision: Decision


class Decisions:
    """Stores decisions in the transactions of what they decide."""

    async def store(
        self,
        connection: AsyncConnection,
        request: PolicyRequest,
        decision: Decision,
        *,
        workflow_uid: str | None,
        correlation_id: str,
        at: datetime,
    ) -> None:
        """Append a decision; `workflow_uid` is None where it made none."""
        await connection.execute(
            insert(policy_decisions).values(
                uid=secrets.token_hex(UID_BYTES),
                at=at,
                action=request.action.value,
                verdict=decision.verdict.value,
                workflow_uid=workflow_uid,
                correlation_id=correlation_id,
                request=msgspec.json.encode(request, order="sorted").decode(),
                decision=msgspec.json.encode(decision, order="sorted").decode(),
                policy_version=decision.policy_version,
            )
        )


@to_the_end
async def keep_texts(database: Database, version: str, texts: Mapping[str, str]) -> None:
    """Keep what a policy says, by its version; does nothing where it is kept."""
    insert_into = insert_sqlite if database.is_sqlite else insert_postgresql
    text = msgspec.json.encode(dict(texts), order="sorted").decode()
    row = {"version": version, "texts": text, "kept_at": datetime.now(UTC)}
    async with database.transaction() as connection:
        await connection.execute(insert_into(policy_texts).values(row).on_conflict_do_nothing())


async def kept_texts(connection: AsyncConnection, version: str) -> Mapping[str, str] | None:
    """What the policy of a version said; None where it was never in force here."""
    found = select(policy_texts.c.texts).where(policy_texts.c.version == version)
    text = (await connection.execute(found)).scalar_one_or_none()
    return None if text is None else msgspec.json.decode(text, type=dict[str, str])


async def decided_since(database: Database, since: datetime) -> AsyncIterator[Decided]:
    """The decisions since a moment, oldest first."""
    after = 0
    while True:
        query = (
            select(policy_decisions)
            .where(policy_decisions.c.at >= since, policy_decisions.c.id > after)
            .order_by(policy_decisions.c.id)
            .limit(PAGE_ROWS)
        )
        async with database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        for row in rows:
            yield Decided(
                uid=row["uid"],
                at=row["at"],
                workflow_uid=row["workflow_uid"],
                request=msgspec.json.decode(row["request"], type=PolicyRequest),
                decision=msgspec.json.decode(row["decision"], type=Decision),
            )
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1]["id"]
