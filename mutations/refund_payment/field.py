"""refundPayment in the graph."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from mutations.governance.graph.asking import planned, requested
from mutations.governance.graph.context import GovernedContext
from mutations.governance.graph.inputs import (
    IdempotencyKey,
    MoneyInput,
    PlanHash,
    WaitSeconds,
    maybe_record_key,
    record_key,
    required_text,
)
from mutations.governance.graph.payloads import GovernedPayload, GovernedPayloadType
from mutations.governance.graph.types import WorkflowPlanType
from mutations.governance.plan import WorkflowPlan
from mutations.refund_payment.command import RefundPayment
from resolvers.connections import UNSET
from resolvers.exposure import field


@strawberry.input(description="Money given back for a payment, to where it came from.")
class RefundPaymentInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    amount: MoneyInput = strawberry.field(description="Gross, in the payment's currency; at most what is left of it.")
    reason: str = strawberry.field(description="Why, in a sentence.")
    case_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The case that it settles.")

    async def command(self, _: GovernedContext) -> RefundPayment:
        """What is asked for. Raises Refused."""
        return RefundPayment(
            payment=record_key(self.payment_id, "Payment", "paymentId"),
            amount=self.amount.canonical("amount"),
            reason=required_text(self.reason, "reason"),
            case=maybe_record_key(self.case_id, "SupportCase", "caseId"),
        )


Wanted = Annotated[RefundPaymentInput, strawberry.argument(description="The refund.")]


async def plan_refund_payment(info: Info[Any, Any], input: Wanted) -> WorkflowPlan:
    return await planned(info, RefundPayment.action, input.command)


async def refund_payment(
    info: Info[Any, Any],
    input: Wanted,
    idempotency_key: IdempotencyKey,
    plan_hash: PlanHash = UNSET,
    wait_seconds: WaitSeconds = 0,
) -> GovernedPayload:
    return await requested(
        info,
        RefundPayment.action,
        input.command,
        idempotency_key=idempotency_key,
        plan_hash=plan_hash,
        wait_seconds=wait_seconds,
    )


FIELDS = {"refund_payment": field(refund_payment, GovernedPayloadType, "Give back what was paid.")}
QUERIES = {
    "plan_refund_payment": field(
        plan_refund_payment, WorkflowPlanType | None, "What refundPayment would do, before anyone does it."
    )
}
