"""issueCredit in the graph."""

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
    customer_of,
    maybe_record_key,
    text,
)
from mutations.governance.graph.payloads import GovernedPayload, GovernedPayloadType
from mutations.governance.graph.types import WorkflowPlanType
from mutations.governance.plan import WorkflowPlan
from mutations.issue_credit.command import CreditReason, IssueCredit
from resolvers.connections import UNSET
from resolvers.enums import exposed_enum
from resolvers.exposure import field

exposed_enum(CreditReason)


@strawberry.input(description="A credit for a customer; on an invoice, or on account where none is given.")
class IssueCreditInput:
    customer_id: strawberry.ID = strawberry.field(description="Who gets it.")
    amount: MoneyInput = strawberry.field(
        description="Gross, tax included; in the invoice's currency where there is one. The tax share is split over"
        " the invoice's rates."
    )
    reason: CreditReason = strawberry.field(description="What entitles the customer to it.")
    case_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The case that it settles.")
    invoice_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The invoice that it credits.")
    note: str | None = strawberry.field(default=UNSET, description="For agents: it is put into the case.")

    async def command(self, shared: GovernedContext) -> IssueCredit:
        """What is asked for. Raises Refused."""
        customer = await customer_of(shared, self.customer_id)
        return IssueCredit(
            customer_uid=customer.uid,
            amount=self.amount.canonical("amount"),
            reason=self.reason,
            case=maybe_record_key(self.case_id, "SupportCase", "caseId"),
            invoice=maybe_record_key(self.invoice_id, "Invoice", "invoiceId"),
            note=text(self.note, "note"),
        )


Wanted = Annotated[IssueCreditInput, strawberry.argument(description="The credit.")]


async def plan_issue_credit(info: Info[Any, Any], input: Wanted) -> WorkflowPlan:
    return await planned(info, IssueCredit.action, input.command)


async def issue_credit(
    info: Info[Any, Any],
    input: Wanted,
    idempotency_key: IdempotencyKey,
    plan_hash: PlanHash = UNSET,
    wait_seconds: WaitSeconds = 0,
) -> GovernedPayload:
    return await requested(
        info,
        IssueCredit.action,
        input.command,
        idempotency_key=idempotency_key,
        plan_hash=plan_hash,
        wait_seconds=wait_seconds,
    )


FIELDS = {"issue_credit": field(issue_credit, GovernedPayloadType, "Give a customer a credit.")}
QUERIES = {
    "plan_issue_credit": field(
        plan_issue_credit, WorkflowPlanType | None, "What issueCredit would do, before anyone does it."
    )
}
