"""Recording events, in the transaction of what they record: both are there, or neither is."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.audit.events import Event
from mutations.governance.audit.rows import Rows
from mutations.governance.audit.tables import audit_customers, audit_details, audit_events
from sources.prepared import Prepared

EVENTS, CUSTOMERS, DETAILS = (Prepared(insert(table)) for table in (audit_events, audit_customers, audit_details))


async def record(connection: AsyncConnection, *events: Event) -> None:
    """Record events, in their order, in the caller's transaction. The sequencer gives them their places later on."""
    await connection.run_sync(record_now, events)


def record_now(connection: Connection, events: Sequence[Event]) -> None:
    """The same where the whole transaction runs in a thread."""
    rows = Rows(events)
    for statement, found in ((EVENTS, rows.events), (CUSTOMERS, rows.customers), (DETAILS, rows.details)):
        if found:
            statement.write(connection, found)
