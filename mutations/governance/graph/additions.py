"""Everything that governed writes add to the graph, whatever the mutations are."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from strawberry.types.field import StrawberryField

from mutations.governance.graph.audit import AUDIT_EVENTS, audit_node
from mutations.governance.graph.changes import APPROVALS_CHANGED, WORKFLOW_CHANGED, shown
from mutations.governance.graph.costs import PRICES, roots
from mutations.governance.graph.deciding import DECISIONS
from mutations.governance.graph.types import WorkflowType
from mutations.governance.graph.viewing import ACTIONS, LIMITS
from mutations.governance.graph.workflows import (
    CUSTOMER_WORKFLOWS,
    MEMO_WORKFLOW,
    WORKFLOW,
    WORKFLOWS,
    workflow_node,
)
from resolvers.exposure import exposed
from resolvers.roots.changes import Subscription
from resolvers.roots.viewer import Viewer
from resolvers.types.nodes import NODES as RECORD_TYPES
from resolvers.types.nodes import CustomerType

__all__ = ["DECISIONS", "ENTITIES", "EVENTS", "FIELDS", "NODES", "PRICES", "QUERIES", "roots"]

QUERIES: Mapping[str, StrawberryField] = {
    "workflow": WORKFLOW,
    "workflows": WORKFLOWS,
    "audit_events": AUDIT_EVENTS,
}
FIELDS: tuple[tuple[Any, Mapping[str, StrawberryField]], ...] = (
    (Subscription, {"workflow_changed": WORKFLOW_CHANGED, "approvals_changed": APPROVALS_CHANGED}),
    (CustomerType, {"actions": ACTIONS, "workflows": CUSTOMER_WORKFLOWS}),
    (RECORD_TYPES["CreditMemo"], {"workflow": MEMO_WORKFLOW}),
    (exposed(Viewer), {"limits": LIMITS}),
)
EVENTS: Mapping[str, Callable[..., Any]] = {"workflowChanged": shown, "approvalsChanged": shown}
NODES: Mapping[str, Callable[[Any, str], Awaitable[Any]]] = {"Workflow": workflow_node, "AuditEvent": audit_node}
ENTITIES: Mapping[str, Any] = {"Workflow": WorkflowType}
