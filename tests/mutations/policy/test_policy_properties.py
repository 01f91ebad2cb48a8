"""What holds for every amount, role and sum."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mutations.governance.plan import Verdict
from mutations.governance.policy.cedar import load_policy
from mutations.governance.policy.words import Sums
from sources.canonical.money import Money
from tests.mutations.policy.requests_in_words import actor, credit, refund

POLICY = load_policy()
CASES = settings(max_examples=150, deadline=None)  # a decision is some 150 µs, and a busy machine is slow

roles = st.sets(
    st.sampled_from(["support_agent", "support_lead", "finance_analyst", "finance_approver", "auditor"]), max_size=3
)
minor = st.integers(1, 2_000_000)
currencies = st.sampled_from(["EUR", "USD", "GBP", "CHF", "JPY"])
makers = st.sampled_from([credit, refund])
sums = st.builds(
    lambda mine, others: Sums(alone_for_customer=mine, alone_in_all=mine + others),
    st.integers(0, 600_000),
    st.integers(0, 6_000_000),
)


def effort(decision) -> tuple[int, int, int]:
    """How much a decision asks of others; more is greater."""
    if decision.verdict is Verdict.DENIED:
        return (2, 0, 0)
    ranks = {"support_lead": 0, "finance_approver": 1}
    needed = [(each.count, ranks[each.roles[0]]) for each in decision.approvals]
    return (1, *max(needed)) if needed else (0, 0, 0)


@CASES
@given(makers, roles, minor, minor, currencies, sums)
def test_a_larger_amount_never_needs_less(make, who, one, other, currency, before):
    smaller, larger = sorted((one, other))
    asked = [make(Money(each, currency), *who, sums=before) for each in (smaller, larger)]
    first, second = map(effort, map(POLICY.decide, asked))
    assert first <= second


@CASES
@given(makers, roles, minor, currencies, sums, sums)
def test_having_done_more_never_needs_less(make, who, amount, currency, one, other):
    less = Sums(
        alone_for_customer=min(one.alone_for_customer, other.alone_for_customer),
        alone_in_all=min(one.alone_in_all, other.alone_in_all),
    )
    more = Sums(
        alone_for_customer=max(one.alone_for_customer, other.alone_for_customer),
        alone_in_all=max(one.alone_in_all, other.alone_in_all),
    )
    first, second = (POLICY.decide(make(Money(amount, currency), *who, sums=each)) for each in (less, more))
    assert effort(first) <= effort(second)


@CASES
@given(
    makers,
    st.sampled_from(["support_agent", "support_lead", "finance_approver"]),
    st.sampled_from(["EUR", "USD", "GBP"]),
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 600_000)), min_size=1, max_size=40),
)
def test_splitting_never_gives_more_alone_than_the_limit(make, role, currency, parts):
    """Many small ones, for one customer or for many: what is done alone stays within the limit, and ten times it."""
    limits = {limit.action: limit.without_approval for limit in POLICY.limits(actor("rita", role))}
    alone: dict[int, int] = {}
    for customer, amount in parts:
        before = Sums(alone_for_customer=alone.get(customer, 0), alone_in_all=sum(alone.values()))
        asked = make(Money(amount, currency), role, sums=before, customer_uid=str(customer))
        if POLICY.decide(asked).verdict is Verdict.ALLOWED:
            alone[customer] = alone.get(customer, 0) + amount
    action = make("1.00 EUR").action
    limit = next((each.minor for each in limits.get(action, ()) if each.currency == currency), 0)
    assert all(done <= limit for done in alone.values())
    assert sum(alone.values()) <= 10 * limit


@CASES
@given(st.lists(st.integers(1, 100_000), max_size=30), st.integers(0, 300_000), roles)
def test_the_sum_of_credits_never_passes_the_cap(amounts, cap, who):
    credited = 0
    for amount in amounts:
        asked = credit(Money(amount, "EUR"), *who, cap=Money(cap, "EUR"), sums=Sums(credited=credited))
        if POLICY.decide(asked).verdict is not Verdict.DENIED:
            credited += amount
    assert credited <= cap


@CASES
@given(roles, roles, minor, currencies)
def test_another_role_never_needs_more(some, more, amount, currency):
    """Of credits: whoever may ask at all needs no more approvals because of one role more."""
    first = POLICY.decide(credit(Money(amount, currency), *some))
    second = POLICY.decide(credit(Money(amount, currency), *(some | more)))
    assert effort(second) <= effort(first)
