"""What the demo says: who may ask, and three things to try."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path

from gateway.commands.demo_story import Story
from gateway.policy import ReadPolicy
from sources.simulation.world import BY_KEY

BROKEN = BY_KEY["sla-breach"].number  # whose case was not answered in time
DEMO_HINT = "c360 demo --port 0 takes a free one (make demo PORT=0)"

WHOLE = """{ customerBy(key: {number: "%s"}) { displayName tier
  status { standing reasons { code system } openExposure { amount currency } incomplete }
  identities { system recordId method confidence }
  cases(first: 3) { nodes { number subject status } }
  invoices(first: 3) { nodes { number status balance { amount currency } ledger { state } } } } }"""
TAX = """{ viewer { roles withheld }
  customerBy(key: {number: "%s"}) { displayName taxContext { taxIds { type value } } } }"""
CREDIT = """mutation { issueCredit(idempotencyKey: "%s", waitSeconds: 20, input: { customerId: "%s",
  amount: {amount: "%s", currency: "%s"}, reason: SLA_BREACH, caseId: "%s", invoiceId: "%s" }) {
  idempotency refusals { code rule message }
  workflow { id status plan { hash approvals { roles count } } steps { name system status externalId } } } }"""
LINEAGE = """{ customerBy(key: {number: "%s"}) { creditMemos(first: 1) { nodes { number amount { amount currency }
  case { number subject } invoice { number } ledger { system state recordId }
  workflow { status requestedBy approvals { by role } auditEvents {
    at actor action outcome system externalId } } } } } }"""
APPROVE = """mutation { approveWorkflow(id: "ID", planHash: "HASH", comment: "as agreed") {
  refusals { code message } workflow { status approvals { by role } } } }"""
ALONE, ABOVE = "40.00", "120.00"  # within a support_agent's limit, and above it: a support_lead must approve


def personas(policy: ReadPolicy, tokens: Mapping[str, str]) -> str:
    """A line for each role with its token."""
    width = max(map(len, tokens))
    return "\n".join(f"{role:<{width}}  {token}" for role, token in tokens.items())


def things_to_try(url: str, headers: Mapping[str, Path], addresses: Mapping[str, str], story: Story | None) -> str:
    """Three things, each as commands that work as they stand. `story`: what a credit can be given for."""
    everything, held = BY_KEY["everything"].number, BY_KEY["credit-hold"].number
    asked = _curl(url, headers["support_agent"], WHOLE % everything)
    parts = [
        f"1. One customer whole, live from {len(addresses)} systems ({everything}):\n{asked}\n"
        "The same person may not see everything; a finance_analyst in the place of support_agent may:\n"
        + _curl(url, headers["support_agent"], TAX % held),
    ]
    if story is not None:
        parts.append(credit_to_try(url, headers, story))
    broken = addresses.get("billing") or next(iter(addresses.values()))
    parts.append(
        f"{len(parts) + 1}. Break a system, ask 1 again and see what is left; then mend it:\n"
        f"curl -s -X PUT {broken}/_simulate -d '{{\"status\": 503}}'\n"
        f"curl -s -X DELETE {broken}/_simulate"
    )
    return "\n\n".join(parts)


def credit_to_try(url: str, headers: Mapping[str, Path], story: Story) -> str:
    """A credit that an agent gives alone, its trail, and one that another person must approve."""
    agent, lead, auditor = (headers[role] for role in ("support_agent", "support_lead", "auditor"))

    def credit(amount: str) -> str:
        key = f"try-{amount}-{uuid.uuid4().hex[:8]}"  # of this demo: an older one's workflows are still on record
        given = (key, story.customer, amount, story.currency, story.case, story.invoice)
        return _curl(url, agent, CREDIT % given)

    return (
        f"2. A credit for a broken promise ({BROKEN}): {ALONE} an agent gives alone, in the ledger and in billing:\n"
        f"{credit(ALONE)}\n"
        "From the case to the ledger, and who did what, as an auditor sees it:\n"
        f"{_curl(url, auditor, LINEAGE % BROKEN)}\n"
        f"{ABOVE} await a support_lead; put the ID and the HASH of the answer into the second command:\n"
        f"{credit(ABOVE)}\n"
        f"{_curl(url, lead, APPROVE)}"
    )


def _curl(url: str, header: Path, query: str) -> str:
    body = json.dumps({"query": " ".join(query.split())})
    return f"curl -s {url} -H @{header} -H 'content-type: application/json' -d '{body}'"
