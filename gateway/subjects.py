"""One customer's data in the gateway's own stores: told as a whole, and erased."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mutations.governance.audit.audit import Audit
from mutations.governance.audit.erasing import details_of, erase_details
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.records import AuditEvent, AuditQuery
from mutations.governance.purging import tell
from mutations.governance.seams import Forgotten
from mutations.governance.subjects import held_of
from resolvers import ids
from sources.cache import Cache
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.words import LookupKey
from sources.database import to_the_end
from sources.systems import customer_tag

EXPORT, ERASE = "subject.export", "subject.erase"
PAGE = 500  # events that are read at a time


class Subjects:
    """Finds, tells and erases. What it does is on record, under the name of who asked for it."""

    def __init__(self, crosswalk: Crosswalk, audit: Audit, cache: Cache, *, by: str, issuer: str) -> None:
        self._crosswalk = crosswalk
        self._audit = audit
        self._cache = cache
        self._by = by
        self._issuer = issuer
        self._correlation_id = uuid.uuid4().hex

    async def find(self, customer: str) -> tuple[str, ...]:
        """The uids that an id of the graph, a uid or a customer number means."""
        try:
            parts = ids.decode(customer)
            uid = parts.id if parts.type == "Customer" else customer
        except ids.NotAnId:
            uid = customer
        found = (await self._crosswalk.customers([uid]))[uid]
        return (found.uid,) if found is not None else await self._crosswalk.find(LookupKey("number", customer))

    async def held(self, uid: str) -> dict[str, Any]:
        """Everything that is kept of a customer, as JSON. Copies in caches are the sources', and live for minutes."""
        uids = (uid, *await self._crosswalk.former(uid))
        async with self._crosswalk.database.reading() as connection:
            workflows, details = await held_of(connection, uids), await details_of(connection, uids)
        held = {
            "customer": uid,
            "crosswalk": await self._crosswalk.held(uid),
            "workflows": workflows,
            "audit": {"events": [_told(event) for event in await self._events(frozenset(uids))], "details": details},
        }
        await self._audit.write(self._event(uid, EXPORT, AuditOutcome.SUCCEEDED))
        return held

    async def erase(self, uid: str) -> int:
        """Erase what says who the customer is, everywhere but in the workflows; gives how many details went.

        Raises UnknownCustomer. Erasing again does no harm.
        """
        await self._audit.write(self._event(uid, ERASE, AuditOutcome.INTENT))
        links = await self._crosswalk.erase(uid, self._by)
        erased = await self._erase_details(uid, (uid, *await self._crosswalk.former(uid)))
        await self._cache.purge([customer_tag(link.source_uid, link.ref) for link in links])
        await tell(self._crosswalk.database, [Forgotten(link.source_uid, customer=link.ref) for link in links])
        return erased

    @to_the_end
    async def _erase_details(self, uid: str, uids: Sequence[str]) -> int:
        async with self._crosswalk.database.transaction() as connection:
            erased = await erase_details(connection, uids)
            await self._audit.record(connection, self._event(uid, ERASE, AuditOutcome.SUCCEEDED))
        return erased

    async def _events(self, uids: frozenset[str]) -> list[AuditEvent]:
        query = AuditQuery(customer_uids=uids)
        page = await self._audit.log.page(query, PAGE)
        found = list(page.events)
        while page.has_next:
            page = await self._audit.log.page(query, PAGE, page.positions[-1])
            found += page.events
        return found

    def _event(self, uid: str, action: str, outcome: AuditOutcome) -> Event:
        return Event(
            at=datetime.now(UTC),
            actor=self._by,
            issuer=self._issuer,
            action=action,
            outcome=outcome,
            customers=(uid,),
            correlation_id=self._correlation_id,
        )


def _told(event: AuditEvent) -> dict[str, Any]:
    """An event without whom else it was about."""
    return {
        "at": event.at,
        "actor": event.actor,
        "action": event.action,
        "outcome": event.outcome,
        "operation": event.operation,
        "classes": event.classes,
        "workflow": event.workflow_uid,
    }
