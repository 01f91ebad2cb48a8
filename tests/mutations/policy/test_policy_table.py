"""The table of roles, actions and amounts, line by line: who may do what alone, and who else has to approve."""

import pytest

from mutations.governance.plan import ApprovalRequirement, GovernedAction, Verdict
from mutations.governance.policy.cedar import CedarPolicy
from mutations.governance.policy.words import PolicyRequest
from tests.mutations.policy.requests_in_words import credit, refund, request, rerun

ALONE = Verdict.ALLOWED, ()
DENIED = Verdict.DENIED, ()
OTHER_CURRENCIES = ("CHF", "JPY", "KWD")
LISTED = ("EUR", "USD", "GBP")
ROLES = (
    "support_agent",
    "support_lead",
    "finance_analyst",
    "finance_approver",
    "auditor",
    "platform_admin",
    "integration",
)
ASK_FOR_CREDITS = ("support_agent", "support_lead", "finance_analyst", "finance_approver")
ASK_FOR_REFUNDS = ("support_lead", "finance_analyst", "finance_approver")


def approval(role: str, count: int = 1) -> tuple[Verdict, tuple[tuple[tuple[str, ...], int], ...]]:
    return Verdict.NEEDS_APPROVAL, (((role,), count),)


def said(policy: CedarPolicy, asked: PolicyRequest) -> tuple[Verdict, tuple[tuple[tuple[str, ...], int], ...]]:
    decision = policy.decide(asked)
    return decision.verdict, tuple((each.roles, each.count) for each in decision.approvals)


CREDITS = [
    ("support_agent", "0.01", ALONE),
    ("support_agent", "50.00", ALONE),
    ("support_agent", "50.01", approval("support_lead")),
    ("support_agent", "500.00", approval("support_lead")),
    ("support_agent", "500.01", approval("finance_approver")),
    ("support_agent", "1000000.00", approval("finance_approver")),
    ("support_lead", "50.01", ALONE),
    ("support_lead", "250.00", ALONE),
    ("support_lead", "250.01", approval("finance_approver")),
    ("support_lead", "1000000.00", approval("finance_approver")),
    ("finance_analyst", "0.01", approval("finance_approver")),
    ("finance_analyst", "1000000.00", approval("finance_approver")),
    ("finance_approver", "5000.00", ALONE),
    ("finance_approver", "5000.01", approval("finance_approver")),
    ("finance_approver", "1000000.00", approval("finance_approver")),
    ("auditor", "0.01", DENIED),
    ("platform_admin", "0.01", DENIED),
    ("integration", "0.01", DENIED),
    ("gardener", "0.01", DENIED),
]
REFUNDS = [
    ("support_agent", "0.01", DENIED),
    ("support_lead", "0.01", approval("finance_approver")),
    ("support_lead", "5000.00", approval("finance_approver")),
    ("support_lead", "5000.01", approval("finance_approver", 2)),
    ("finance_analyst", "0.01", approval("finance_approver")),
    ("finance_analyst", "5000.00", approval("finance_approver")),
    ("finance_analyst", "5000.01", approval("finance_approver", 2)),
    ("finance_approver", "500.00", ALONE),
    ("finance_approver", "500.01", approval("finance_approver")),
    ("finance_approver", "5000.00", approval("finance_approver")),
    ("finance_approver", "5000.01", approval("finance_approver", 2)),
    ("finance_approver", "1000000.00", approval("finance_approver", 2)),
    ("auditor", "0.01", DENIED),
    ("platform_admin", "0.01", DENIED),
    ("integration", "0.01", DENIED),
]


@pytest.mark.parametrize("currency", LISTED)
@pytest.mark.parametrize(("role", "amount", "expected"), CREDITS)
def test_a_credit_needs_what_the_table_says(policy, role, amount, currency, expected):
    assert said(policy, credit(f"{amount} {currency}", role)) == expected


@pytest.mark.parametrize("currency", LISTED)
@pytest.mark.parametrize(("role", "amount", "expected"), REFUNDS)
def test_a_refund_needs_what_the_table_says(policy, role, amount, currency, expected):
    assert said(policy, refund(f"{amount} {currency}", role)) == expected


@pytest.mark.parametrize("currency", OTHER_CURRENCIES)
@pytest.mark.parametrize("role", ASK_FOR_CREDITS)
def test_a_credit_in_another_currency_needs_a_finance_approver(policy, role, currency):
    assert said(policy, credit(f"1 {currency}", role)) == approval("finance_approver")


@pytest.mark.parametrize("currency", OTHER_CURRENCIES)
@pytest.mark.parametrize("role", ASK_FOR_REFUNDS)
def test_a_refund_in_another_currency_needs_a_finance_approver(policy, role, currency):
    assert said(policy, refund(f"1 {currency}", role)) == approval("finance_approver")


@pytest.mark.parametrize("action", [GovernedAction.LINK_IDENTITY, GovernedAction.UNLINK_IDENTITY])
@pytest.mark.parametrize("role", ROLES)
def test_identities_are_linked_by_support_leads_and_platform_admins_alone(policy, action, role):
    expected = ALONE if role in ("support_lead", "platform_admin") else DENIED
    assert said(policy, request(action, role)) == expected


@pytest.mark.parametrize("action", [GovernedAction.REPLAY, GovernedAction.COMPENSATE])
@pytest.mark.parametrize("role", ROLES)
def test_a_finance_approver_asks_for_a_replay_and_another_approves(policy, action, role):
    expected = approval("finance_approver") if role == "finance_approver" else DENIED
    assert said(policy, rerun(action, role)) == expected


@pytest.mark.parametrize(
    ("asked", "scope", "other"),
    [(credit, "write:credits", "write:refunds"), (refund, "write:refunds", "write:credits")],
)
def test_a_program_asks_with_its_scope_and_never_acts_alone(policy, asked, scope, other):
    program = {"person": False, "subject": "nightly"}
    with_scope = asked("0.01 EUR", "integration", scopes=(scope,), **program)
    assert said(policy, with_scope) == approval("finance_approver")
    assert said(policy, asked("0.01 EUR", "integration", scopes=(other,), **program)) == DENIED
    assert said(policy, asked("0.01 EUR", scopes=(scope,), **program)) == DENIED, "a scope counts with its role"


def test_a_program_counts_as_what_its_roles_give(policy):
    assert said(policy, credit("50.00 EUR", "support_agent", person=False)) == ALONE


def test_above_five_thousand_a_programs_refund_needs_two(policy):
    asked = refund("5000.01 EUR", "integration", scopes=("write:refunds",), person=False)
    assert said(policy, asked) == approval("finance_approver", 2)


def test_of_several_roles_the_widest_limit_counts(policy):
    assert said(policy, credit("250.00 EUR", "support_agent", "support_lead")) == ALONE
    assert said(policy, credit("500.00 EUR", "support_agent", "support_lead")) == approval("support_lead")
    assert said(policy, credit("50.00 EUR", "auditor", "support_agent")) == ALONE


def test_an_approval_names_the_rule_that_asks_for_it(policy):
    decision = policy.decide(refund("6000.00 USD", "support_lead"))
    assert decision.approvals == (
        ApprovalRequirement(roles=("finance_approver",), count=2, reason="refund.limit.two_approvers"),
    )
    assert decision.rules == ("refund.limit.two_approvers",)


def test_a_decision_names_its_rules_and_the_policys_version(policy):
    decision = policy.decide(credit("1.00 EUR", "support_agent"))
    assert decision.rules == ("credit.limit.alone",)
    assert decision.policy_version == policy.version
    assert len(policy.version) == 64


def test_who_has_no_role_is_told_so(policy):
    (refusal,) = policy.decide(credit("1.00 EUR")).refusals
    assert (refusal.rule, refusal.code.value) == ("credit.role", "NOT_ALLOWED")
