"""Which workflows a list shows."""

from typing import Annotated, TypeAlias

import strawberry

from mutations.governance.answers import WorkflowQuery
from mutations.governance.graph.context import GovernedContext
from mutations.governance.plan import GovernedAction
from mutations.governance.workflow import WorkflowStatus
from resolvers import ids
from resolvers.connections import UNSET, given
from resolvers.enums import exposed_enum
from resolvers.errors import bad_input

for _values in (GovernedAction, WorkflowStatus):
    exposed_enum(_values)


@strawberry.input(name="WorkflowFilter", description="Which workflows; what is given must all hold.")
class WorkflowFilterInput:
    status: list[WorkflowStatus] | None = strawberry.field(default=UNSET, description="In one of these states.")
    action: list[GovernedAction] | None = strawberry.field(default=UNSET, description="One of these.")
    customer_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this customer.")
    awaiting_my_approval: bool | None = strawberry.field(default=UNSET, description="True: those that you may approve.")
    older_than_seconds: int | None = strawberry.field(default=UNSET, description="Asked for longer ago than this.")
    correlation_id: str | None = strawberry.field(default=UNSET, description="Of this request.")

    async def canonical(self, shared: GovernedContext) -> WorkflowQuery | None:
        """The query; None where nothing can match, since the customer is not there to be seen."""
        uids = None
        if given(self.customer_id) is not None:
            customer = await shared.customer(_customer_uid(str(self.customer_id)))
            if customer is None:
                return None
            uids = frozenset({customer.uid})
        return WorkflowQuery(
            statuses=frozenset(given(self.status) or ()),
            actions=frozenset(given(self.action) or ()),
            customer_uids=uids,
            awaiting=shared.actor if given(self.awaiting_my_approval) else None,
            older_than_seconds=given(self.older_than_seconds),
            correlation_id=given(self.correlation_id),
            rows=shared.rows,
        )


def _customer_uid(global_id: str) -> str:
    try:
        parts = ids.decode(global_id)
    except ids.NotAnId:
        parts = None
    if parts is None or parts.type != "Customer":
        raise bad_input("customerId is not the id of a customer")
    return parts.id


WhichWorkflows: TypeAlias = Annotated[
    WorkflowFilterInput | None, strawberry.argument(description="Only workflows for which all of it holds.")
]
