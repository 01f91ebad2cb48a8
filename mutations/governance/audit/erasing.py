"""What the audit log holds about a person beyond who did what: the details, which can be erased."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.tables import audit_customers, audit_details, audit_events


def _about(customer_uids: Sequence[str]) -> Any:
    first = select(audit_events.c.uid).where(audit_events.c.customer_uid.in_(customer_uids))
    further = select(audit_customers.c.event_uid).where(audit_customers.c.customer_uid.in_(customer_uids))
    return or_(audit_details.c.event_uid.in_(first), audit_details.c.event_uid.in_(further))


async def details_of(connection: AsyncConnection, customer_uids: Sequence[str]) -> list[dict[str, Any]]:
    """The details of events that name one of the customers, oldest first: event, at, action, detail."""
    asked = (
        select(audit_details, audit_events.c.at, audit_events.c.action)
        .join(audit_events, audit_events.c.uid == audit_details.c.event_uid)
        .where(_about(customer_uids))
        .order_by(audit_details.c.event_uid)
    )
    return [
        {"event": row.event_uid, "at": row.at, "action": row.action, "detail": msgspec.json.decode(row.detail)}
        for row in await connection.execute(asked)
    ]


async def erase_details(connection: AsyncConnection, customer_uids: Sequence[str]) -> int:
    """Delete the details of events that name one of the customers; how many they were.

    Their commitments stay in the chain. An event of other customers besides loses its detail too.
    """
    erased = await connection.execute(delete(audit_details).where(_about(customer_uids)))
    return erased.rowcount
