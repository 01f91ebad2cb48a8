"""What a decision of the policy costs: `python bench/policy.py` prints a table.

CPU time, best of several rounds, one thread; nothing is asked but the engine.
"""

import sys
import time
from collections.abc import Callable

from mutations.governance.plan import ApprovalRequirement, GovernedAction
from mutations.governance.policy.cedar import CedarPolicy, load_policy
from mutations.governance.policy.words import PolicyRequest, Sums
from sources.canonical.actor import Actor
from sources.canonical.money import Money

ROUNDS = 5
CALLS = 1000
FACTS = {
    "reason": "SLA_BREACH",
    "case_given": True,
    "case_is_theirs": True,
    "case_breached": True,
    "invoice_given": True,
    "invoice_is_theirs": True,
    "invoice_in_ledger": True,
    "invoice_creditable_minor": 1_000_000,
    "invoice_state": "OPEN",
    "legal_hold": False,
    "fraud": False,
    "credit_hold": False,
    "links_ok": True,
    "stale": False,
    "writes_offered": True,
    "systems": ["billing", "erp", "support"],
}


def credit(amount: str, role: str) -> PolicyRequest:
    return PolicyRequest(
        action=GovernedAction.ISSUE_CREDIT,
        issuer="https://id.example.com/",
        subject="rita",
        person=True,
        roles=(role,),
        scopes=(),
        customer_uid="c1",
        amount=Money.of(amount, "EUR"),
        attributes=FACTS,
        cap=Money.of("1000.00", "EUR"),
        sums=Sums(alone_for_customer=1_00, alone_in_all=20_00, credited=30_00),
    )


def best(call: Callable[[], object], calls: int = CALLS) -> float:
    """CPU seconds for one call, in the best round: a busy machine changes little of them."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        for _ in range(calls):
            call()
        rounds.append((time.thread_time() - start) / calls)
    return min(rounds)


def measured(policy: CedarPolicy) -> list[tuple[str, float]]:
    agent = Actor(issuer="https://id.example.com/", subject="rita", person=True, roles=("support_agent",))
    lead = Actor(issuer="https://id.example.com/", subject="lena", person=True, roles=("support_lead",))
    asked = credit("300.00", "support_agent")
    by_lead = ApprovalRequirement(roles=("support_lead",), count=1, reason="credit.limit.support_lead")
    cases: list[tuple[str, Callable[[], object]]] = [
        ("decide: a credit, alone", lambda: policy.decide(credit("40.00", "support_agent"))),
        ("decide: a credit that needs approval", lambda: policy.decide(asked)),
        ("decide: a credit that is denied", lambda: policy.decide(credit("40.00", "auditor"))),
        ("approver_role", lambda: policy.approver_role(asked, by_lead, lead)),
        ("limits of a viewer", lambda: policy.limits(agent)),
        ("availability of every action", lambda: policy.availability(agent, "EUR")),
    ]
    return [*((name, best(call)) for name, call in cases), ("load and check the policy", best(load_policy, 5))]


def main() -> None:
    rows = measured(load_policy())
    width = max(len(name) for name, _ in rows)
    for name, seconds in rows:
        sys.stdout.write(f"{name:<{width}}  {seconds * 1e6:>9.0f} µs\n")


if __name__ == "__main__":
    main()
