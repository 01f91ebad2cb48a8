"""The schema says what a rule can read: what is asked holds exactly that, so that no rule is ever left undecided."""

import cedarpy
import pytest

from mutations.governance.plan import ApprovalRequirement, GovernedAction
from mutations.governance.policy.limits import read_limits
from mutations.governance.policy.questions import approving, asked, canceling, entity, question, requester_of
from mutations.governance.policy.texts import packaged_texts
from tests.mutations.policy.requests_in_words import actor, credit, refund, request, rerun

SCHEMA = cedarpy.Schema.from_str(packaged_texts()["schema.cedarschema"])
LIMITS = read_limits(packaged_texts()["limits.toml"], lambda role: True)
OFF = {"switched_off": ("source erp",), "read_only": ("erp",)}


def fits(action, who, context):
    """Cedar's own check of a question against the schema; gives what does not fit."""
    said = cedarpy.is_authorized(
        question(action, who, "c1", context), "permit (principal, action, resource);", [entity(who)], schema=SCHEMA
    )
    return said.diagnostics.errors


@pytest.mark.parametrize(
    "one",
    [
        credit("1.00 EUR", "support_agent", **OFF),
        credit("1.00 EUR", "finance_approver", acting="bot", scopes=("a",)),
        credit("1 JPY", "auditor"),
        refund("1.00 EUR", "support_lead", **OFF),
        refund("1.00 CHF", "finance_approver"),
        request(GovernedAction.LINK_IDENTITY, "support_lead", **OFF),
        request(GovernedAction.UNLINK_IDENTITY, "platform_admin"),
        rerun(GovernedAction.REPLAY, "finance_approver"),
        rerun(GovernedAction.COMPENSATE, "finance_approver", acting="bot"),
    ],
    ids=lambda one: f"{one.action.value} {one.roles[0]}",
)
def test_a_question_fits_the_schema(one):
    assert fits(one.action.value, requester_of(one), asked(one, LIMITS)) == []


def test_questions_about_workflows_fit_the_schema():
    by_lead = ApprovalRequirement(roles=("support_lead",), count=1, reason="r")
    one = rerun(GovernedAction.REPLAY, "finance_approver", acting="bot")
    who = actor("lena", "support_lead", acting="bob")
    assert fits("APPROVE", who, approving(one, by_lead)) == []
    assert fits("CANCEL", who, canceling(one)) == []


def test_what_does_not_fit_would_be_seen():
    one = credit("1.00 EUR", "support_agent", facts={"legal_hold": "no"})
    (said,) = fits("ISSUE_CREDIT", requester_of(one), asked(one, LIMITS))
    assert "is not valid" in said
