"""What a viewer is told before asking: limits, and what could be done for a customer. No source is asked."""

import pytest

from mutations.governance.plan import GovernedAction, Verdict
from mutations.governance.policy.words import Limit
from sources.canonical.money import Money
from tests.mutations.policy.requests_in_words import actor

CREDIT, REFUND = GovernedAction.ISSUE_CREDIT, GovernedAction.REFUND_PAYMENT
LINK, UNLINK = GovernedAction.LINK_IDENTITY, GovernedAction.UNLINK_IDENTITY


def all_three(major: int) -> tuple[Money, ...]:
    return tuple(Money(major * 100, currency) for currency in ("EUR", "USD", "GBP"))


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("support_agent", [(CREDIT, all_three(50), all_three(500))]),
        ("support_lead", [(CREDIT, all_three(250), ()), (REFUND, (), all_three(5000))]),
        ("finance_analyst", [(CREDIT, (), ()), (REFUND, (), all_three(5000))]),
        ("finance_approver", [(CREDIT, all_three(5000), ()), (REFUND, all_three(500), all_three(5000))]),
        ("auditor", []),
        ("platform_admin", []),
        ("integration", []),
    ],
)
def test_a_viewer_is_told_its_limits(policy, role, expected):
    assert policy.limits(actor("rita", role)) == tuple(
        Limit(action=action, without_approval=alone, with_approval=approved) for action, alone, approved in expected
    )


def test_a_programs_limits_are_those_of_its_scopes(policy):
    program = actor("nightly", "integration", person=False, scopes=("write:refunds",))
    assert [limit.action for limit in policy.limits(program)] == [REFUND]


def offers(policy, who, currency="EUR", **more):
    return {
        each.action: (each.verdict, each.reasons, each.limit, each.approver_roles)
        for each in policy.availability(who, currency, **more)
    }


def test_an_agent_is_told_what_it_could_do_for_a_customer(policy):
    assert offers(policy, actor("rita", "support_agent")) == {
        CREDIT: (
            Verdict.ALLOWED,
            ("credit.limit.alone",),
            Money(50_00, "EUR"),
            ("support_lead", "finance_approver"),
        ),
        REFUND: (Verdict.DENIED, ("refund.role",), None, ()),
        LINK: (Verdict.DENIED, ("identity.role",), None, ()),
        UNLINK: (Verdict.DENIED, ("identity.role",), None, ()),
    }


def test_in_another_currency_a_finance_approver_would_have_to_approve(policy):
    found = offers(policy, actor("rita", "support_lead"), "CHF")
    assert found[CREDIT] == (
        Verdict.NEEDS_APPROVAL,
        ("credit.limit.finance_approver",),
        None,
        ("finance_approver",),
    )
    assert found[LINK] == (Verdict.ALLOWED, ("identity.steward",), None, ())


def test_what_is_switched_off_is_told(policy):
    off = {CREDIT: ("source erp",)}
    found = offers(policy, actor("rita", "support_agent"), switched_off=off)
    assert found[CREDIT] == (Verdict.DENIED, ("switch.off",), None, ())
    assert found[REFUND][1] == ("refund.role",)


def test_facts_that_are_known_count_and_others_say_nothing(policy):
    found = offers(policy, actor("rita", "finance_approver"), known={"legal_hold": True})
    assert found[CREDIT][:2] == (Verdict.DENIED, ("customer.legal_hold",))
    assert found[REFUND][:2] == (Verdict.DENIED, ("customer.legal_hold",))
    assert offers(policy, actor("rita", "finance_approver"), known={"legal_hold": False})[CREDIT][0] is Verdict.ALLOWED
