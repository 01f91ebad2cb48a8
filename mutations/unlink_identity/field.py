"""unlinkIdentity in the graph."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from mutations.governance.graph.asking import LOCAL_WAIT_SECONDS, requested
from mutations.governance.graph.context import GovernedContext
from mutations.governance.graph.inputs import IdempotencyKey, customer_of, required_text, source_uid
from mutations.governance.graph.payloads import GovernedPayload, GovernedPayloadType
from mutations.unlink_identity.command import UnlinkIdentity
from resolvers.exposure import field


@strawberry.input(description="A record of a source that is not to be a customer's.")
class UnlinkIdentityInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    system: str = strawberry.field(description="The configured name of the system.")
    record_id: str = strawberry.field(description="The vendor's own id of the record.")
    reason: str = strawberry.field(description="Why it is not theirs, in a sentence.")

    async def command(self, shared: GovernedContext) -> UnlinkIdentity:
        """What is asked for. Raises Refused."""
        customer = await customer_of(shared, self.customer_id)
        return UnlinkIdentity(
            customer_uid=customer.uid,
            source=source_uid(shared, self.system),
            record_id=self.record_id.strip(),
            reason=required_text(self.reason, "reason"),
        )


Wanted = Annotated[UnlinkIdentityInput, strawberry.argument(description="The record, and whose it is not.")]


async def unlink_identity(info: Info[Any, Any], input: Wanted, idempotency_key: IdempotencyKey) -> GovernedPayload:
    return await requested(
        info,
        UnlinkIdentity.action,
        input.command,
        idempotency_key=idempotency_key,
        wait_seconds=LOCAL_WAIT_SECONDS,
    )


FIELDS = {
    "unlink_identity": field(
        unlink_identity,
        GovernedPayloadType,
        "Say that a record of a source is not this customer's; outlives every re-run of the rules.",
    )
}
