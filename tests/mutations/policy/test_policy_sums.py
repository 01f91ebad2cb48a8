"""A limit holds for sums: for one customer in a day, ten times that over all, and the cap for everyone."""

import pytest

from mutations.governance.plan import Verdict
from mutations.governance.policy.words import Sums
from sources.canonical.money import Money
from tests.mutations.policy.requests_in_words import credit, refund


@pytest.mark.parametrize(
    ("before", "amount", "verdict"),
    [(0, "50.00", Verdict.ALLOWED), (10_00, "40.00", Verdict.ALLOWED), (10_01, "40.00", Verdict.NEEDS_APPROVAL)],
)
def test_what_was_done_alone_for_the_customer_today_counts(policy, before, amount, verdict):
    sums = Sums(alone_for_customer=before, alone_in_all=before)
    assert policy.decide(credit(f"{amount} EUR", "support_agent", sums=sums)).verdict is verdict


@pytest.mark.parametrize(
    ("before", "verdict"),
    [(499_00, Verdict.ALLOWED), (499_01, Verdict.NEEDS_APPROVAL), (500_00, Verdict.NEEDS_APPROVAL)],
)
def test_over_all_customers_ten_times_the_limit_holds(policy, before, verdict):
    asked = credit("1.00 EUR", "support_agent", sums=Sums(alone_in_all=before))
    assert policy.decide(asked).verdict is verdict


def test_the_same_holds_for_refunds(policy):
    spent = Sums(alone_for_customer=500_00, alone_in_all=500_00)
    decision = policy.decide(refund("0.01 EUR", "finance_approver", sums=spent))
    assert decision.rules == ("refund.limit.finance_approver",)


def test_what_was_done_alone_does_not_lower_what_others_may_approve(policy):
    spent = Sums(alone_for_customer=50_00, alone_in_all=500_00)
    decision = policy.decide(credit("500.00 EUR", "support_agent", sums=spent))
    assert decision.rules == ("credit.limit.support_lead",)


@pytest.mark.parametrize("role", ["support_agent", "support_lead", "finance_approver"])
def test_the_cap_holds_for_everyone(policy, role):
    asked = {"cap": Money(1000_00, "EUR"), "sums": Sums(credited=960_00)}
    assert policy.decide(credit("40.00 EUR", role, **asked)).verdict is Verdict.ALLOWED
    decision = policy.decide(credit("40.01 EUR", role, **asked))
    assert decision.verdict is Verdict.DENIED
    assert [(each.rule, each.code.value, each.field) for each in decision.refusals] == [
        ("credit.cap", "OVER_LIMIT", "amount")
    ]


def test_a_cap_of_nothing_lets_nothing_through(policy):
    decision = policy.decide(credit("0.01 EUR", "finance_approver", cap=Money(0, "EUR")))
    assert decision.rules == ("credit.cap",)


def test_a_cap_in_another_currency_caps_nothing_and_so_denies(policy):
    decision = policy.decide(credit("1.00 USD", "support_agent", cap=Money(1000_00, "EUR")))
    assert decision.rules == ("credit.cap_currency",)


def test_a_credit_without_a_cap_is_denied(policy):
    decision = policy.decide(credit("1.00 EUR", "support_agent", cap=None))
    assert decision.rules == ("policy.incomplete",)
    assert "credit.cap" in decision.refusals[0].message


def test_a_refund_counts_against_no_cap(policy):
    asked = refund("1.00 EUR", "finance_approver", cap=Money(0, "EUR"), sums=Sums(credited=10**9))
    assert policy.decide(asked).verdict is Verdict.ALLOWED
