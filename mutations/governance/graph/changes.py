"""Subscription.workflowChanged and approvalsChanged: workflows as they move. Each event is read and masked anew."""

from typing import Any

import strawberry
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from mutations.governance.graph.context import GovernedContext, governed
from mutations.governance.graph.inputs import WorkflowId
from mutations.governance.graph.types import WorkflowType
from mutations.governance.graph.workflows import workflow_uid
from mutations.governance.workflow import Workflow
from resolvers.errors import ErrorCode, GatewayError
from resolvers.rows import admits


async def workflow_changed(info: Info[Any, Any], id: WorkflowId) -> Any:
    shared = governed(info)
    uid = workflow_uid(id)
    listening = shared.governance.changes(uid)
    if await shared.workflow(uid) is None:
        listening.close()
        raise not_shown()
    return Changes(listening)


async def approvals_changed(info: Info[Any, Any]) -> Any:
    shared = governed(info)
    return Awaiting(shared, shared.governance.approvals())


class Changes:
    """The uids that a listening gives, as an iterator that its subscription closes."""

    def __init__(self, listening: Any) -> None:
        self._listening = listening

    def __aiter__(self) -> "Changes":
        return self

    async def __anext__(self) -> str:
        uid: str = await anext(self._listening)
        return uid

    async def aclose(self) -> None:
        """Hear nothing more."""
        self._listening.close()


class Awaiting(Changes):
    """Those among them that the viewer may approve now, within the viewer's rows."""

    def __init__(self, shared: GovernedContext, listening: Any) -> None:
        super().__init__(listening)
        self._shared = shared

    async def __anext__(self) -> str:
        while True:
            uid = await super().__anext__()
            if await self._shared.governance.awaits(self._shared.actor, uid) and await self._within_rows(uid):
                return uid

    async def _within_rows(self, uid: str) -> bool:
        """Asked beside the request's loaders: these ended when the stream was opened."""
        shared = self._shared
        if shared.rows.unlimited:
            return True
        found = (await shared.governance.workflows([uid])).get(uid)
        if found is None or found.customer_uid is None:
            return False
        customer = (await shared.crosswalk.customers([found.customer_uid]))[found.customer_uid]
        return customer is not None and admits(shared.rows, customer)


async def shown(uid: str, info: Any, **arguments: Any) -> Workflow:
    """A workflow as this viewer may see it now; raises FORBIDDEN where it has left the viewer's rows."""
    found: Workflow | None = await info.context.workflow(uid)
    if found is None:
        raise not_shown()
    return found


def not_shown() -> GatewayError:
    """The workflow does not exist, or is not within the viewer's rows: which of the two is not told."""
    return GatewayError(ErrorCode.FORBIDDEN, "there is no such workflow among those that you may see")


WORKFLOW_CHANGED: StrawberryField = strawberry.subscription(
    resolver=workflow_changed,
    graphql_type=WorkflowType,
    description="A workflow at each of its changes; the same state may be told twice.",
)
APPROVALS_CHANGED: StrawberryField = strawberry.subscription(
    resolver=approvals_changed,
    graphql_type=WorkflowType,
    description="Every workflow that now awaits an approval which the viewer may give.",
)
