"""How suites ask for governed writes."""

import asyncio
from typing import Any

WORKFLOW = """
  id action status reason requestedBy correlationId expiresAt
  amount { amount currency }
  customer { number }
  plan { hash verdict steps { name system amount { amount } reversibility } approvals { roles count } }
  approvals { role decision by comment }
  steps { name system status attempts externalId error }
  failure { step system code message retryable }
"""
REFUSALS = "refusals { code rule field message }"
ISSUE_CREDIT = f"""
mutation Credit($input: IssueCreditInput!, $key: String!, $plan: String, $wait: Int) {{
  issueCredit(input: $input, idempotencyKey: $key, planHash: $plan, waitSeconds: $wait) {{
    idempotency {REFUSALS} workflow {{ {WORKFLOW} }}
  }}
}}
"""
PLAN_CREDIT = f"""
query Plan($input: IssueCreditInput!) {{
  planIssueCredit(input: $input) {{
    hash verdict validUntil {REFUSALS} approvals {{ roles count reason }}
    steps {{ name system effect amount {{ amount currency }} reversibility }}
  }}
}}
"""
REFUND_PAYMENT = f"""
mutation Refund($input: RefundPaymentInput!, $key: String!, $plan: String, $wait: Int) {{
  refundPayment(input: $input, idempotencyKey: $key, planHash: $plan, waitSeconds: $wait) {{
    idempotency {REFUSALS} workflow {{ {WORKFLOW} }}
  }}
}}
"""
DECIDE = {
    verb: f"""
mutation Decide($id: ID!, {declared}) {{
  {verb}Workflow(id: $id, {given}) {{ {REFUSALS} workflow {{ {WORKFLOW} }} }}
}}
"""
    for verb, declared, given in (
        ("approve", "$hash: String!, $comment: String", "planHash: $hash, comment: $comment"),
        ("reject", "$comment: String!", "comment: $comment"),
        ("cancel", "$comment: String!", "comment: $comment"),
        ("replay", "$comment: String!, $key: String!", "comment: $comment, idempotencyKey: $key"),
        ("compensate", "$comment: String!, $key: String!", "comment: $comment, idempotencyKey: $key"),
    )
}
STORY = """
query Story($number: String!) {
  customerBy(key: {number: $number}) {
    id
    cases(first: 20) { nodes { id number status slaMilestones { breached } } }
    invoices(first: 20) { nodes { id number status total { amount currency } balance { amount currency } } }
    payments(first: 20) { nodes { id status amount { amount currency } refundable { amount currency } } }
  }
}
"""


def money(amount: str, currency: str = "GBP") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


class Story:
    """What a customer's story gives a write to work on, by global ids."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.customer_id = told["id"]
        self.cases = told["cases"]["nodes"]
        self.invoices = told["invoices"]["nodes"]
        self.payments = told["payments"]["nodes"]

    @property
    def breached(self) -> dict[str, Any]:
        """The case whose promise was broken."""
        return next(case for case in self.cases if any(each["breached"] for each in case["slaMilestones"] or ()))

    @property
    def owed(self) -> dict[str, Any]:
        """An invoice that something is owed on."""
        return next(each for each in self.invoices if each["status"] in ("OPEN", "PARTIALLY_PAID"))

    @property
    def paid(self) -> dict[str, Any]:
        """A payment of which something can be given back."""
        return next(each for each in self.payments if each["refundable"] and float(each["refundable"]["amount"]) > 0)

    def credit(self, amount: str, **more: Any) -> dict[str, Any]:
        """The input of a credit for the broken promise, on the invoice that is owed."""
        return {
            "customerId": self.customer_id,
            "amount": money(amount, self.owed["total"]["currency"]),
            "reason": "SLA_BREACH",
            "caseId": self.breached["id"],
            "invoiceId": self.owed["id"],
            **more,
        }


async def story_of(house: Any, number: str) -> Story:
    """The story of a customer; what was cached for it is of no matter to a write."""
    return Story((await house.data(STORY, {"number": number}))["customerBy"])


async def credit(
    house: Any, given: dict[str, Any], key: str, *, role: str = "support_agent", wait: int = 20, **more: Any
):
    """The payload of issueCredit."""
    variables = {"input": given, "key": key, "wait": wait, **more}
    return (await house.data(ISSUE_CREDIT, variables, role=role))["issueCredit"]


async def decide(house: Any, verb: str, workflow: dict[str, Any], *, role: str, **given: Any):
    """The payload of a decision about a workflow."""
    if verb == "approve":
        given.setdefault("hash", workflow["plan"]["hash"])
    else:
        given.setdefault("comment", "as agreed on the phone")
    answer = await house.data(DECIDE[verb], {"id": workflow["id"], **given}, role=role)
    return answer[f"{verb}Workflow"]


RESTING = {
    "SUCCEEDED", "FAILED", "REJECTED", "EXPIRED", "CANCELED", "COMPENSATED", "OUTCOME_UNKNOWN", "NEEDS_ATTENTION",
}  # fmt: skip


async def at_rest(house: Any, workflow_id: str, *, role: str = "finance_analyst", seconds: float = 20.0):
    """The workflow when it moves no more."""
    async with asyncio.timeout(seconds):
        while True:
            query = f"query($id: ID!) {{ workflow(id: $id) {{ {WORKFLOW} }} }}"
            found = (await house.data(query, {"id": workflow_id}, role=role))["workflow"]
            if found["status"] in RESTING:
                return found
            await asyncio.sleep(0.05)


def rules(payload: dict[str, Any]) -> set[tuple[str, str | None]]:
    """The (code, rule) of every refusal."""
    return {(each["code"], each["rule"]) for each in payload["refusals"]}
