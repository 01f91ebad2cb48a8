"""Every rule that says no, by its stable name; each alone, and all of them at once."""

import pytest

from mutations.governance.plan import GovernedAction, Verdict
from sources.canonical.money import Money
from tests.mutations.policy.requests_in_words import credit, refund, request

CASE = {"case_given": True, "case_is_theirs": True}
BREACHED = {**CASE, "case_breached": True}
INVOICE = {
    "invoice_given": True,
    "invoice_is_theirs": True,
    "invoice_creditable_minor": 100_00,
    "invoice_state": "OPEN",
}


def denied_by(policy, asked):
    decision = policy.decide(asked)
    assert (decision.verdict is Verdict.DENIED) is bool(decision.refusals)
    assert not (decision.refusals and decision.approvals)
    return [(each.rule, each.code.value, each.field) for each in decision.refusals]


@pytest.mark.parametrize(
    "facts",
    [
        {"reason": "GOODWILL"},
        {"reason": "SLA_BREACH", **BREACHED},
        {"reason": "SERVICE_FAILURE", **CASE},
        {"reason": "BILLING_ERROR", **INVOICE},
        {"reason": "DUPLICATE", **INVOICE},
        {"reason": "DUPLICATE", **INVOICE, "invoice_state": "PAID"},
        {"reason": "BILLING_ERROR", **INVOICE, "invoice_state": "PARTIALLY_PAID"},
        {"reason": "BILLING_ERROR", **INVOICE, "credit_hold": True},
    ],
)
def test_these_reasons_are_entitled(policy, facts):
    assert denied_by(policy, credit("1.00 EUR", "support_agent", facts=facts)) == []


@pytest.mark.parametrize(
    ("facts", "rule", "code", "field"),
    [
        ({"reason": "SLA_BREACH"}, "credit.sla_breach", "NOT_ENTITLED", "caseId"),
        ({"reason": "SLA_BREACH", **CASE}, "credit.sla_breach", "NOT_ENTITLED", "caseId"),
        ({"reason": "SERVICE_FAILURE"}, "credit.entitlement", "NOT_ENTITLED", "reason"),
        ({"reason": "SERVICE_FAILURE", **INVOICE}, "credit.entitlement", "NOT_ENTITLED", "reason"),
        ({"reason": "BILLING_ERROR", **CASE}, "credit.entitlement", "NOT_ENTITLED", "reason"),
        ({"reason": "DUPLICATE"}, "credit.entitlement", "NOT_ENTITLED", "reason"),
        ({"reason": "BECAUSE"}, "credit.entitlement", "NOT_ENTITLED", "reason"),
        ({"case_given": True}, "credit.case", "NOT_ENTITLED", "caseId"),
        ({**INVOICE, "invoice_is_theirs": False}, "credit.invoice", "NOT_ENTITLED", "invoiceId"),
        ({**INVOICE, "invoice_state": "DRAFT"}, "credit.invoice_state", "PRECONDITION_FAILED", "invoiceId"),
        ({**INVOICE, "invoice_state": "VOID"}, "credit.invoice_state", "PRECONDITION_FAILED", "invoiceId"),
        ({**INVOICE, "invoice_state": "UNCOLLECTIBLE"}, "credit.invoice_state", "PRECONDITION_FAILED", "invoiceId"),
        ({**INVOICE, "invoice_in_ledger": False}, "credit.invoice_ledger", "PRECONDITION_FAILED", "invoiceId"),
        ({**INVOICE, "invoice_creditable_minor": 99}, "credit.invoice_balance", "OVER_LIMIT", "amount"),
        ({"credit_hold": True}, "credit.credit_hold", "PRECONDITION_FAILED", "reason"),
        ({"fraud": True}, "customer.fraud", "PRECONDITION_FAILED", None),
        ({"legal_hold": True}, "customer.legal_hold", "PRECONDITION_FAILED", None),
        ({"links_ok": False}, "identity.links", "PRECONDITION_FAILED", None),
        ({"stale": True}, "facts.stale", "SYSTEM_UNAVAILABLE", None),
        ({"writes_offered": False}, "system.writes", "PRECONDITION_FAILED", None),
    ],
)
@pytest.mark.parametrize("role", ["support_agent", "finance_approver"])
def test_a_credit_is_denied_by(policy, role, facts, rule, code, field):
    assert denied_by(policy, credit("1.00 EUR", role, facts=facts)) == [(rule, code, field)]


@pytest.mark.parametrize(
    ("facts", "rule", "code", "field"),
    [
        ({"payment_is_theirs": False}, "refund.payment", "NOT_ENTITLED", "paymentId"),
        ({"case_given": True}, "refund.case", "NOT_ENTITLED", "caseId"),
        ({"refundable_minor": 99}, "refund.refundable", "OVER_LIMIT", "amount"),
        ({"disputed": True}, "refund.disputed", "PRECONDITION_FAILED", "paymentId"),
        ({"fraud": True}, "customer.fraud", "PRECONDITION_FAILED", None),
        ({"legal_hold": True}, "customer.legal_hold", "PRECONDITION_FAILED", None),
        ({"links_ok": False}, "identity.links", "PRECONDITION_FAILED", None),
        ({"stale": True}, "facts.stale", "SYSTEM_UNAVAILABLE", None),
        ({"writes_offered": False}, "system.writes", "PRECONDITION_FAILED", None),
    ],
)
def test_a_refund_is_denied_by(policy, facts, rule, code, field):
    assert denied_by(policy, refund("1.00 EUR", "finance_approver", facts=facts)) == [(rule, code, field)]


@pytest.mark.parametrize(
    ("off", "rule"),
    [({"switched_off": ("source erp",)}, "switch.off"), ({"read_only": ("erp",)}, "system.read_only")],
)
@pytest.mark.parametrize("action", list(GovernedAction))
def test_what_is_switched_off_or_read_only_is_denied_to_everyone(policy, action, off, rule):
    asked = {
        GovernedAction.ISSUE_CREDIT: credit,
        GovernedAction.REFUND_PAYMENT: refund,
    }
    roles = ("finance_approver", "support_lead", "platform_admin")
    make = asked.get(action)
    wanted = make("1.00 EUR", *roles, **off) if make else request(action, *roles, **off)
    assert denied_by(policy, wanted) == [(rule, "SYSTEM_UNAVAILABLE", None)]


@pytest.mark.parametrize(("make", "rule"), [(credit, "credit.amount"), (refund, "refund.amount")])
@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_and_less_is_no_amount(policy, make, rule, minor):
    assert denied_by(policy, make(Money(minor, "EUR"), "finance_approver")) == [(rule, "INVALID_INPUT", "amount")]


def test_every_rule_that_says_no_is_told_at_once(policy):
    asked = credit(
        "2.00 EUR",
        "auditor",
        facts={"reason": "SLA_BREACH", "legal_hold": True, "links_ok": False},
        cap=Money(1_00, "EUR"),
        switched_off=("action ISSUE_CREDIT",),
    )
    decision = policy.decide(asked)
    assert set(decision.rules) == {
        "credit.role",
        "credit.sla_breach",
        "credit.cap",
        "customer.legal_hold",
        "identity.links",
        "switch.off",
    }
    assert decision.rules == tuple(each.rule for each in decision.refusals)


def test_the_order_of_refusals_is_that_of_the_files_every_time(policy):
    asked = credit("1.00 EUR", "auditor", facts={"legal_hold": True, "fraud": True, "reason": "DUPLICATE"})
    assert {policy.decide(asked).rules for _ in range(20)} == {
        ("customer.legal_hold", "customer.fraud", "credit.role", "credit.entitlement")
    }


@pytest.mark.parametrize("missing", ["reason", "legal_hold", "fraud", "links_ok", "stale", "writes_offered"])
def test_a_fact_that_is_missing_denies(policy, missing):
    asked = credit("1.00 EUR", "support_agent")
    facts = {name: value for name, value in asked.attributes.items() if name != missing}
    decision = policy.decide(credit("1.00 EUR", "support_agent", attributes=facts))
    assert decision.verdict is Verdict.DENIED
    assert decision.rules[-1] == "policy.incomplete"


@pytest.mark.parametrize("value", ["false", 0, None])
def test_a_fact_of_another_type_denies(policy, value):
    decision = policy.decide(credit("1.00 EUR", "support_agent", facts={"legal_hold": value}))
    assert decision.verdict is Verdict.DENIED
    assert "policy.incomplete" in decision.rules


def test_a_number_that_is_too_large_for_the_engine_denies(policy):
    for minor in (2**63 - 1, 2**63, 2**80):
        assert policy.decide(credit(Money(minor, "EUR"), "finance_approver")).verdict is Verdict.DENIED


def test_facts_that_no_rule_reads_change_nothing(policy):
    assert denied_by(policy, credit("1.00 EUR", "support_agent", facts={"weather": "fine"})) == []


def test_no_message_holds_an_amount_or_a_person(policy):
    asked = credit("12345.67 EUR", "auditor", subject="rita@example.com", facts={"legal_hold": True})
    for refusal in policy.decide(asked).refusals:
        assert "12345" not in refusal.message
        assert "rita" not in refusal.message
