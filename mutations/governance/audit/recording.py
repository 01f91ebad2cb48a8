"""Recording events, in the transaction of what they record: both are there, or neither is."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.events import Event
from mutations.governance.audit.rows import Rows
from mutations.governance.audit.tables import audit_customers, audit_details, audit_events

_TABLES = (("events", insert(audit_events)), ("customers", insert(audit_customers)), ("details", insert(audit_details)))


async def record(connection: AsyncConnection, *events: Event) -> None:
    """Record events, in their order, in the caller's transaction. The sequencer gives them their places later on."""
    await connection.run_sync(record_now, events)


def record_now(connection: Connection, events: Sequence[Event]) -> None:
    """The same where the whole transaction runs in a thread."""
    rows = Rows(events)
    for name, statement in _TABLES:
        if found := getattr(rows, name):
            connection.execute(statement, found)
