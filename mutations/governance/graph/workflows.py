"""Workflows in the graph: by id, in lists, of a customer, of a credit memo; and where their own edges lead."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types import Info

from mutations.governance.answers import WorkflowPage, WorkflowQuery
from mutations.governance.graph.context import GovernedContext, governed
from mutations.governance.graph.filters import WhichWorkflows
from mutations.governance.graph.inputs import WorkflowId
from mutations.governance.graph.types import WorkflowConnectionType, WorkflowType
from mutations.governance.workflow import Workflow
from resolvers import ids
from resolvers.arguments import After, First
from resolvers.connections import UNSET, Connection, Edge, given, page_length
from resolvers.errors import GatewayError, bad_input, forbidden
from resolvers.exposure import computed, field, grow
from resolvers.interfaces import Node
from resolvers.roots.nodes import READS
from resolvers.roots.nodes import record_of as source_record
from resolvers.types.nodes import CustomerType
from sources.canonical.billing import CreditMemo
from sources.canonical.customer import Customer
from sources.crosswalk.words import BadPosition
from sources.writing import workflow_of

AUDIT_READ = "audit:read"


def workflow_id(self: Workflow) -> str:
    return ids.encode("Workflow", "", self.uid)


def workflow_uid(global_id: str) -> str:
    """The uid in a workflow's id; raises BAD_USER_INPUT."""
    try:
        parts = ids.decode(global_id)
    except ids.NotAnId:
        parts = None
    if parts is None or parts.type != "Workflow":
        raise bad_input("id is not the id of a workflow")
    return parts.id


async def workflow_node(shared: Any, uid: str) -> Workflow | None:
    """A workflow by the last part of its id, within the viewer's rows."""
    found: Workflow | None = await shared.workflow(uid)
    return found


async def workflow(info: Info[Any, Any], id: WorkflowId) -> Workflow | None:
    return await governed(info).workflow(workflow_uid(id))


async def workflows(
    info: Info[Any, Any], filter: WhichWorkflows = UNSET, first: First = UNSET, after: After = UNSET
) -> Connection[Workflow]:
    shared = governed(info)
    query = await filter.canonical(shared) if filter else WorkflowQuery(rows=shared.rows)
    if query is None:
        return connection(WorkflowPage(workflows=(), cursors=(), has_next=False, total=0), None)
    place, length = given(after), page_length(given(first))
    return connection(await _placed(shared.governance.search(query, length, place)), place)


async def workflows_of_customer(
    self: Customer, info: Info[Any, Any], first: First = UNSET, after: After = UNSET
) -> Connection[Workflow]:
    place, length = given(after), page_length(given(first))
    return connection(await _placed(governed(info).workflows_of(self.uid, length, place)), place)


async def _placed(page: Awaitable[WorkflowPage]) -> WorkflowPage:
    """The page, where its cursor is one. Raises BAD_USER_INPUT."""
    try:
        return await page
    except BadPosition:
        raise bad_input("after is not a cursor of this list") from None


def connection(page: WorkflowPage, after: str | None) -> Connection[Workflow]:
    """A page as a connection."""
    edges = [Edge(each, cursor) for each, cursor in zip(page.workflows, page.cursors, strict=True)]
    return Connection(edges, has_next=page.has_next, after=after, total_count=page.total)


async def workflow_of_memo(self: CreditMemo, info: Info[Any, Any]) -> Workflow | None:
    uid = workflow_of(self.reference)
    return None if uid is None else await governed(info).workflow(uid)


async def customer(self: Workflow, info: Info[Any, Any]) -> Customer | None:
    return await governed(info).customer(self.customer_uid) if self.customer_uid else None


def idempotency_key(self: Workflow, info: Info[Any, Any]) -> str | None:
    shared = governed(info)
    asked_it = (shared.actor.issuer, shared.actor.subject) == (self.requester_issuer, self.requested_by)
    if self.idempotency_key is not None and not asked_it and AUDIT_READ not in shared.grants.permissions:
        raise forbidden("Workflow.idempotencyKey")
    return self.idempotency_key


async def records(self: Workflow, info: Info[Any, Any]) -> list[Any]:
    shared = governed(info)
    touched = (await shared.governance.records([self.uid])).get(self.uid, ())
    keys = dict.fromkeys((each.kind, each.source_uid, each.record_id) for each in touched if each.kind in READS)
    found = await asyncio.gather(*(_record(shared, *key) for key in keys), return_exceptions=True)
    return _those_that_came(shared, info, found)


async def _record(shared: GovernedContext, kind: str, source_uid: str, record_id: str) -> Any:
    return await source_record(shared, ids.RecordId(kind, source_uid, record_id))


def _those_that_came(shared: GovernedContext, info: Info[Any, Any], found: Sequence[Any]) -> list[Any]:
    """The records; why others are missing is told beside them."""
    for failure in found:
        if isinstance(failure, GatewayError):
            error = GraphQLError(failure.message, path=info.path.as_list(), extensions=failure.extensions)
            shared.beside.append(error)
        elif isinstance(failure, BaseException):
            raise failure
    return [each for each in found if each is not None and not isinstance(each, BaseException)]


grow(
    WorkflowType,
    id=field(workflow_id, strawberry.ID, "Opaque and stable for ever; `node(id)` takes it."),
    idempotency_key=computed(Workflow, "idempotency_key", idempotency_key),
    customer=field(customer, CustomerType | None, "Whose it is; null where it is none's, or not within your rows."),
    records=field(records, list[Node] | None, "What it made: credit memos, refunds, documents in the ledger."),
)
WORKFLOW = field(workflow, WorkflowType | None, "A governed mutation by its id; null where there is none to be seen.")
WORKFLOWS = field(workflows, WorkflowConnectionType | None, "Governed mutations, newest first.")
CUSTOMER_WORKFLOWS = field(
    workflows_of_customer, WorkflowConnectionType | None, "What was asked for in this customer's name, newest first."
)
MEMO_WORKFLOW = field(workflow_of_memo, WorkflowType | None, "The workflow that gave it; null where none of ours did.")
