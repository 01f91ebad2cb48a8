"""The audit log in the graph: Query.auditEvents, Workflow.auditEvents, node(id); within the viewer's rows."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
import strawberry
from strawberry.types import Info

from mutations.governance.audit.events import AuditOutcome
from mutations.governance.audit.records import AuditEvent, AuditQuery, BadPosition
from mutations.governance.graph.context import GovernedContext, governed
from mutations.governance.graph.types import WorkflowType
from mutations.governance.graph.workflows import AUDIT_READ, workflow_uid
from mutations.governance.workflow import Workflow
from resolvers import ids
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, Edge, connection_type, given, page_length
from resolvers.enums import exposed_enum
from resolvers.errors import bad_input, forbidden
from resolvers.exposure import exposed, field, grow
from resolvers.interfaces import Node
from sources.canonical.sensitivity import Sensitivity
from sources.crosswalk.words import CustomerQuery

PAGE = 100  # customers read at once where rows have to be listed
MOST_CUSTOMERS = 1000  # of limited rows that a question about all of them may have; more name one

exposed_enum(AuditOutcome)
exposed_enum(Sensitivity)


@strawberry.input(name="AuditFilter", description="Which events; what is given must all hold.")
class AuditFilterInput:
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description="About this customer.")
    workflow_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this workflow.")
    actor: str | None = strawberry.field(default=UNSET, description="By this subject.")
    action: str | None = strawberry.field(default=UNSET, description='Of this action, e.g. "issueCredit" or "read".')
    classes: list[Sensitivity] | None = strawberry.field(default=UNSET, description="Which showed one of these.")
    system: str | None = strawberry.field(default=UNSET, description="In this configured system.")
    correlation_id: str | None = strawberry.field(default=UNSET, description="Of this request.")
    since: datetime | None = strawberry.field(default=UNSET, description="At this moment or later.")
    until: datetime | None = strawberry.field(default=UNSET, description="Before this moment.")
    outcome: list[AuditOutcome] | None = strawberry.field(default=UNSET, description="With one of these outcomes.")

    def canonical(self) -> AuditQuery:
        """The query, for any rows."""
        classes, outcomes = given(self.classes), given(self.outcome)
        return AuditQuery(
            customer_uid=_uid_of(given(self.customer_id)),
            workflow_uid=None if given(self.workflow_id) is None else workflow_uid(str(self.workflow_id)),
            actor=given(self.actor),
            action=given(self.action),
            classes=None if classes is None else frozenset(classes),
            system=given(self.system),
            correlation_id=given(self.correlation_id),
            since=given(self.since),
            until=given(self.until),
            outcomes=None if outcomes is None else frozenset(outcomes),
        )


WhichEvents: TypeAlias = Annotated[
    AuditFilterInput | None, strawberry.argument(description="Only events for which all of it holds.")
]


def _uid_of(customer_id: Any) -> str | None:
    if customer_id is None:
        return None
    try:
        parts = ids.decode(customer_id)
    except ids.NotAnId:
        parts = None
    if parts is None or parts.type != "Customer":
        raise bad_input("customerId is not the id of a customer")
    return parts.id


async def audit_events(
    info: Info[Any, Any], filter: WhichEvents = UNSET, first: First = UNSET, after: After = UNSET
) -> Connection[AuditEvent]:
    shared, place = governed(info), given(after)
    query = filter.canonical() if filter else AuditQuery()
    query = await within_rows(shared, query)
    try:
        page = await shared.audit.page(query, page_length(given(first)), place)
    except BadPosition:
        raise bad_input("after is not a cursor of this list") from None
    edges = [Edge(event, position) for event, position in zip(page.events, page.positions, strict=True)]
    total = await shared.audit.count(query)
    return Connection(edges, has_next=page.has_next, after=place, total_count=total)


async def within_rows(shared: GovernedContext, query: AuditQuery) -> AuditQuery:
    """The query for what the viewer's rows admit, whatever it asked for."""
    if shared.rows.unlimited:
        return query
    if query.customer_uid is not None:
        admitted = await shared.customer(query.customer_uid)
        seen = frozenset() if admitted is None else frozenset({query.customer_uid, admitted.uid})
    else:
        seen = await _listed(shared)
    return msgspec.structs.replace(query, customer_uids=seen)


async def _listed(shared: GovernedContext) -> frozenset[str]:
    """The customers within the viewer's rows. Raises BAD_USER_INPUT where they are too many to ask about at once."""
    found: set[str] = set()
    after = None
    while len(found) < MOST_CUSTOMERS:
        hits = await shared.crosswalk.search(CustomerQuery(rows=shared.rows, first=PAGE, after=after))
        found.update(hits.uids)
        if not hits.has_next:
            return frozenset(found)
        after = hits.cursors[-1]
    raise bad_input("your rows hold too many customers to be asked about at once: name one by customerId")


async def audit_node(shared: GovernedContext, uid: str) -> AuditEvent | None:
    """An event by the last part of its id. Raises FORBIDDEN where the log is not for the viewer."""
    if AUDIT_READ not in shared.grants.permissions:
        raise forbidden("AuditEvent")
    event = await shared.audit.event(uid)
    if event is None or shared.rows.unlimited or await shared.customers(event.customer_uids):
        return event
    return None


async def events_of_workflow(self: Workflow, info: Info[Any, Any]) -> list[AuditEvent]:
    found: list[AuditEvent] = await governed(info).trail(self.uid)
    return found


async def customers(self: AuditEvent, info: Info[Any, Any]) -> list[str]:
    shared = governed(info)
    uids = self.customer_uids
    if not shared.rows.unlimited:
        uids = tuple(each.uid for each in await shared.customers(uids))
    return [ids.encode("Customer", "", uid) for uid in uids]


def workflow_id(self: AuditEvent) -> str | None:
    return None if self.workflow_uid is None else ids.encode("Workflow", "", self.workflow_uid)


def event_id(self: AuditEvent) -> str:
    return ids.encode("AuditEvent", "", self.uid)


AuditEventType = exposed(AuditEvent, Node)
grow(
    AuditEventType,
    id=field(event_id, strawberry.ID, "Opaque and stable for ever; `node(id)` takes it."),
    customers=field(customers, list[strawberry.ID], "The customers that it concerns, by id."),
    workflow_id=field(workflow_id, strawberry.ID | None, "The workflow that it belongs to, by id."),
)
grow(
    WorkflowType,
    audit_events=field(
        events_of_workflow,
        list[AuditEventType] | None,  # type: ignore[valid-type]
        "The complete trail, oldest first: from the request to the ledger.",
        permission=AUDIT_READ,
    ),
)
AUDIT_EVENTS = field(
    audit_events,
    connection_type(AuditEventType, counted=True) | None,
    "What was asked, decided, done, refused and looked at, newest first.",
    permission=AUDIT_READ,
)
