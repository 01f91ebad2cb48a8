"""Who approves and who calls off: another person, never the requester nor who acts for the requester."""

import pytest

from mutations.governance.plan import ApprovalRequirement, GovernedAction
from mutations.governance.refusals import Refusal
from tests.mutations.policy.requests_in_words import actor, credit, rerun

BY_LEAD = ApprovalRequirement(roles=("support_lead",), count=1, reason="credit.limit.support_lead")
BY_FINANCE = ApprovalRequirement(roles=("finance_approver",), count=1, reason="credit.limit.finance_approver")
ASKED = credit("300.00 EUR", "support_agent", "support_lead", subject="rita")
FOR_RITA = credit("300.00 EUR", "support_agent", subject="rita", acting="assistant")


def answer(policy, asked, requirement, approver):
    said = policy.approver_role(asked, requirement, approver)
    return (said.rule, said.code.value) if isinstance(said, Refusal) else said


def test_another_person_with_the_role_approves_by_that_role(policy):
    assert answer(policy, ASKED, BY_LEAD, actor("lena", "auditor", "support_lead")) == "support_lead"


@pytest.mark.parametrize(
    ("asked", "approver"),
    [
        (ASKED, actor("rita", "support_lead")),
        (ASKED, actor("rita", "support_lead", acting="lena")),
        (ASKED, actor("lena", "support_lead", acting="rita")),
        (FOR_RITA, actor("rita", "support_lead")),
        (FOR_RITA, actor("assistant", "support_lead")),
        (FOR_RITA, actor("lena", "support_lead", acting="assistant")),
        (FOR_RITA, actor("rita", "support_lead", acting="assistant")),
    ],
)
def test_the_requester_and_who_acts_for_the_requester_never_approve(policy, asked, approver):
    assert answer(policy, asked, BY_LEAD, approver) == ("four_eyes.own_request", "OWN_REQUEST")


def test_a_program_does_not_approve(policy):
    program = actor("nightly", "support_lead", person=False)
    assert answer(policy, ASKED, BY_LEAD, program) == ("four_eyes.person", "NOT_ALLOWED")


def test_nobody_approves_in_a_persons_name(policy):
    assert answer(policy, ASKED, BY_LEAD, actor("lena", "support_lead", acting="bot")) == (
        "four_eyes.person",
        "NOT_ALLOWED",
    )


@pytest.mark.parametrize("roles", [(), ("support_agent",), ("finance_approver",), ("platform_admin", "auditor")])
def test_who_lacks_the_role_does_not_approve(policy, roles):
    assert answer(policy, ASKED, BY_LEAD, actor("lena", *roles)) == ("four_eyes.role", "NOT_ALLOWED")


def test_the_same_subject_of_another_issuer_is_another_person(policy):
    stranger = actor("rita", "support_lead", issuer="https://other.example.com/")
    assert answer(policy, ASKED, BY_LEAD, stranger) == "support_lead"


@pytest.mark.parametrize("action", [GovernedAction.REPLAY, GovernedAction.COMPENSATE])
def test_a_replay_is_not_approved_by_who_asked_for_the_original(policy, action):
    asked = rerun(action, "finance_approver", subject="fin1", original="ann", acting="assistant")
    original = ("four_eyes.original_request", "OWN_REQUEST")
    assert answer(policy, asked, BY_FINANCE, actor("ann", "finance_approver")) == original
    assert answer(policy, asked, BY_FINANCE, actor("assistant", "finance_approver")) == original
    assert answer(policy, asked, BY_FINANCE, actor("fin1", "finance_approver")) == (
        "four_eyes.own_request",
        "OWN_REQUEST",
    )
    assert answer(policy, asked, BY_FINANCE, actor("fin2", "finance_approver")) == "finance_approver"


@pytest.mark.parametrize(
    "who",
    [
        actor("rita"),
        actor("assistant"),
        actor("fin1", "finance_approver"),
        actor("rita", person=False),
    ],
)
def test_the_requester_and_finance_approvers_call_off(policy, who):
    assert policy.may_cancel(FOR_RITA, who) is None


@pytest.mark.parametrize(
    "who", [actor("lena", "support_lead"), actor("paul", "platform_admin"), actor("aud", "auditor")]
)
def test_others_do_not_call_off(policy, who):
    refusal = policy.may_cancel(FOR_RITA, who)
    assert (refusal.rule, refusal.code.value) == ("workflow.cancel", "NOT_ALLOWED")


def test_a_subject_that_looks_like_two_words_is_not_another_issuers(policy):
    """Issuer and subject are one id in Cedar: it must not be possible to build one's own out of another's."""
    asked = credit("300.00 EUR", "support_agent", issuer="https://a", subject="b c")
    assert answer(policy, asked, BY_LEAD, actor("c", "support_lead", issuer="https://a b")) == "support_lead"
