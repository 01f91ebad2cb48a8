"""How a policy is read: packaged, overridden file by file, and refused with file, line and what is wrong."""

import re

import pytest

from mutations.governance.plan import Verdict
from mutations.governance.policy.cedar import CedarPolicy, load_policy
from mutations.governance.policy.statements import statements
from mutations.governance.policy.texts import BadPolicy, packaged_texts
from tests.mutations.policy.requests_in_words import credit, refund

CREDIT = packaged_texts()["credit.cedar"]
LIMITS = packaged_texts()["limits.toml"]
EXTRA = """
// Our own.
@id("house.no_small_refunds")
@code("PRECONDITION_FAILED")
@message("Refunds below ten are paid out as credits")
@field("amount")
forbid (principal, action == Action::"REFUND_PAYMENT", resource)
when { context.amount < 1000 };
"""


def line_of(text, words):
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def wrong(directory):
    with pytest.raises(BadPolicy) as caught:
        load_policy(directory)
    return str(caught.value)


def test_the_packaged_policy_has_these_rules(policy):
    """The names are stable: they are in audit logs, in refusals and in clients."""
    assert [rule.name for rule in policy.rules] == [
        "switch.off",
        "system.read_only",
        "customer.legal_hold",
        "customer.fraud",
        "identity.links",
        "facts.stale",
        "system.writes",
        "credit.role",
        "credit.amount",
        "credit.sla_breach",
        "credit.entitlement",
        "credit.case",
        "credit.invoice",
        "credit.invoice_state",
        "credit.invoice_ledger",
        "credit.invoice_balance",
        "credit.cap",
        "credit.cap_currency",
        "credit.credit_hold",
        "credit.limit.alone",
        "credit.limit.support_lead",
        "credit.limit.finance_approver",
        "identity.role",
        "identity.steward",
        "refund.role",
        "refund.amount",
        "refund.payment",
        "refund.case",
        "refund.refundable",
        "refund.disputed",
        "refund.limit.alone",
        "refund.limit.finance_approver",
        "refund.other_currency",
        "refund.limit.two_approvers",
        "four_eyes.own_request",
        "four_eyes.original_request",
        "four_eyes.person",
        "four_eyes.role",
        "four_eyes.approver",
        "workflow.cancel",
        "workflow.canceler",
        "workflow.role",
        "workflow.rerun",
    ]


def test_a_file_of_the_directory_replaces_the_packaged_one_of_its_name(policy, write):
    directory = write(
        "limits.toml", LIMITS.replace('support_agent = { EUR = "50.00"', 'support_agent = { EUR = "75.00"')
    )
    own = load_policy(directory)
    assert own.decide(credit("75.00 EUR", "support_agent")).verdict is Verdict.ALLOWED
    assert policy.decide(credit("75.00 EUR", "support_agent")).verdict is Verdict.NEEDS_APPROVAL
    assert own.decide(credit("75.00 USD", "support_agent")).verdict is Verdict.NEEDS_APPROVAL
    assert own.version != policy.version


def test_rules_of_another_name_are_added(write):
    own = load_policy(write("house.cedar", EXTRA))
    assert own.decide(refund("9.99 EUR", "finance_approver")).rules == ("house.no_small_refunds",)
    assert own.decide(refund("10.00 EUR", "finance_approver")).verdict is Verdict.ALLOWED


def test_an_empty_directory_changes_nothing(policy, directory):
    assert load_policy(directory).version == policy.version


def test_what_is_no_policy_is_left_alone(policy, write):
    write(".hidden.cedar", "nonsense")
    assert load_policy(write("README.md", "our rules")).version == policy.version


def test_the_version_is_of_the_text_to_the_letter(policy):
    texts = dict(policy.texts)
    texts["credit.cedar"] += "\n// a comment\n"
    assert CedarPolicy(texts).version != policy.version
    assert CedarPolicy(dict(reversed(policy.texts.items()))).version == policy.version


@pytest.mark.parametrize(
    ("was", "typed", "what"),
    [
        ("context.sums.credited +", "context.sums.creditd +", "attribute `sums.creditd`"),
        ("context.facts.credit_hold", "context.facts.credithold", "attribute `facts.credithold`"),
        ("context.amount <= 0", 'context.amount <= "0"', "expected Long but saw String"),
        ('Role::"support_lead"', 'Role::"suport_lead"', 'Role::"suport_lead"'),
        ("context.limit has with_support_lead && ", "", "with_support_lead"),
    ],
)
def test_a_typo_is_told_with_its_file_and_line(write, was, typed, what):
    said = wrong(write("credit.cedar", CREDIT.replace(was, typed, 1)))
    found = re.fullmatch(r"credit\.cedar, line (\d+): (\S+): (.*)", said, re.DOTALL)
    assert found
    assert what in found[3]
    assert "policy0" not in said
    assert CREDIT.splitlines()[int(found[1]) - 1] == f'@id("{found[2]}")'


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.cedar", "\n\npermit (principal, action, resource) when { 1 < };", "a.cedar, line 3: "),
        ("a.cedar", "// x\npermit (principal, action, resource)", "a.cedar, line 2: the statement that begins here"),
        ("a.cedar", "permit (principal, action, resource);", 'line 1: has no name: begin it with @id("…")'),
        ("a.cedar", '@id("x") forbid (principal, action, resource);', "line 1: x: @code has to be one of NOT_ALLOWED,"),
        ("a.cedar", '@id("x") @code("NOPE") @message("m") forbid (principal, action, resource);', "@code has to be"),
        ("a.cedar", '@id("x") @code("OVER_LIMIT") forbid (principal, action, resource);', "x: a forbid says why"),
        ("a.cedar", '@id("x") permit (principal, action, resource);', 'x: a permit says @grants("alone"), or'),
        ("a.cedar", '@id("x") @grants("approval") permit (principal, action, resource);', "an approval needs @appr"),
        (
            "a.cedar",
            '@id("x") @grants("approval") @approver("auditor") @persons("0") permit (principal, action, resource);',
            "an approval needs @approver",
        ),
        (
            "a.cedar",
            '@id("x") @grants("approval") @approver("auditor") @persons("1") permit (principal, action, resource);',
            "x: limits.toml has no auditor in cheapest_first",
        ),
        (
            "a.cedar",
            '@id("x") @grants("alone") @approver("y") permit (principal, action, resource);',
            "x: a permit says",
        ),
        ("a.cedar", '@id("x") @grant("alone") permit (principal, action, resource);', "x: a permit takes no @grant"),
        (
            "a.cedar",
            '@id("x") @grants("alone") permit (principal == ?principal, action, resource);',
            "line 1: is a template: write out whom it is for",
        ),
        (
            "a.cedar",
            '@id("credit.cap") @grants("alone") permit (principal, action == Action::"CANCEL", resource);',
            "is also in a.cedar, line 1",
        ),
        ("schema.cedarschema", "entity Actor", "schema.cedarschema: "),
        ("limit.toml", LIMITS, "would count for nothing under this name; use limits.toml, schema.cedarschema or"),
        ("limits.toml", "currencies = [", "limits.toml: "),
        ("limits.toml", LIMITS.replace("all_customers_times = 10", ""), "limits.toml: "),
        ("limits.toml", LIMITS.replace("cheapest_first", "cheapest"), "limits.toml: "),
        ("limits.toml", LIMITS.replace("support_agent =", "suport_agent ="), '"suport_agent" is no role of the schema'),
        ("limits.toml", LIMITS.replace('EUR = "50.00"', 'EUR = "50.001"'), 'support_agent has "50.001" EUR'),
        ("limits.toml", LIMITS.replace('EUR = "50.00"', 'EUR = "fifty"'), 'support_agent has "fifty" EUR'),
        ("limits.toml", LIMITS.replace('EUR = "50.00"', 'EUR = "-1"'), 'support_agent has "-1" EUR'),
        ("limits.toml", LIMITS.replace('EUR = "50.00"', 'EUR = "NaN"'), 'support_agent has "NaN" EUR'),
        ("limits.toml", LIMITS.replace('EUR = "50.00"', "EUR = 50.0"), "limits.toml: "),
        ("limits.toml", LIMITS.replace('EUR = "50.00"', 'CHF = "50.00"'), "support_agent has a limit in CHF, which"),
        ("limits.toml", LIMITS.replace("times = 10", "times = 0"), "all_customers_times must be 1 or more"),
        ("limits.toml", LIMITS.replace("limits.ISSUE_CREDIT.alone", "limits.ISSUE_CREDITS.alone"), "ISSUE_CREDITS"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(write, name, text, said):
    assert said in wrong(write(name, text))


def test_a_directory_that_is_not_there_is_refused(directory):
    missing = directory / "nowhere"
    assert wrong(missing) == f"{missing}: is no directory that can be read (No such file or directory)"


def test_a_file_that_is_no_text_is_refused(directory):
    (directory / "a.cedar").write_bytes(b"\xff\xfe")
    assert wrong(directory) == f"{directory / 'a.cedar'}: cannot be read (UnicodeDecodeError)"


def test_statements_begin_after_comments_and_end_at_their_own_semicolon():
    text = '// one; two\n\n@message("a; \\" b // c")\nforbid (p, a, r); permit (p, a, r); // end;\n'
    found = list(statements("a.cedar", text))
    assert [(each.line, each.text[:8]) for each in found] == [(3, "@message"), (4, "permit (")]
