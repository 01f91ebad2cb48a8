"""linkIdentity in the graph."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from mutations.governance.graph.asking import LOCAL_WAIT_SECONDS, requested
from mutations.governance.graph.context import GovernedContext
from mutations.governance.graph.inputs import IdempotencyKey, customer_of, required_text, source_uid
from mutations.governance.graph.payloads import GovernedPayload, GovernedPayloadType
from mutations.link_identity.command import LinkIdentity
from resolvers.exposure import field


@strawberry.input(description="A record of a source that is to be a customer's.")
class LinkIdentityInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    system: str = strawberry.field(description="The configured name of the system.")
    record_id: str = strawberry.field(description="The vendor's own id of the record.")
    evidence: str = strawberry.field(description="What shows that it is theirs, in a sentence.")

    async def command(self, shared: GovernedContext) -> LinkIdentity:
        """What is asked for. Raises Refused."""
        customer = await customer_of(shared, self.customer_id)
        return LinkIdentity(
            customer_uid=customer.uid,
            source=source_uid(shared, self.system),
            record_id=self.record_id.strip(),
            evidence=required_text(self.evidence, "evidence"),
        )


Wanted = Annotated[LinkIdentityInput, strawberry.argument(description="The record, and whose it is.")]


async def link_identity(info: Info[Any, Any], input: Wanted, idempotency_key: IdempotencyKey) -> GovernedPayload:
    return await requested(
        info,
        LinkIdentity.action,
        input.command,
        idempotency_key=idempotency_key,
        wait_seconds=LOCAL_WAIT_SECONDS,
    )


FIELDS = {
    "link_identity": field(
        link_identity,
        GovernedPayloadType,
        "Say that a record of a source is this customer's; outlives every re-run of the rules.",
    )
}
