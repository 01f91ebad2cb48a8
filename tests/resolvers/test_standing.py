"""The decision table: first match wins, a silent system that decides makes it UNKNOWN."""

import pytest

from resolvers.views.standing import FACTS, BadTable, Fact, Standing, StandingTable

TABLE = StandingTable.packaged()


def decide(**known):
    facts = {name: Fact(None) for name in FACTS} | known
    standing, reasons = TABLE.decide(facts)
    return standing, [reason.code for reason in reasons]


def test_nothing_against_an_account_is_good():
    assert decide() == (Standing.GOOD, [])


def test_a_credit_hold_outweighs_everything_and_all_reasons_are_told():
    standing, reasons = decide(credit_hold=Fact(True, "erp"), overdue=Fact(True), oldest_overdue_days=Fact(45))
    assert standing is Standing.ON_HOLD
    assert reasons == ["CREDIT_HOLD", "LONG_OVERDUE", "OVERDUE"]


@pytest.mark.parametrize(("days", "standing"), [(29, Standing.WATCH), (30, Standing.AT_RISK)])
def test_thirty_days_overdue_is_at_risk(days, standing):
    assert decide(overdue=Fact(True), oldest_overdue_days=Fact(days))[0] is standing


def test_a_failing_payment_is_at_risk():
    assert decide(subscription_state=Fact("PAST_DUE", "billing"))[0] is Standing.AT_RISK


def test_a_silent_system_that_decides_makes_the_standing_unknown_and_known_reasons_stay():
    standing, reasons = decide(credit_hold=Fact(None, "erp", silent=True), overdue=Fact(True))
    assert standing is Standing.UNKNOWN
    assert reasons == ["OVERDUE"]


def test_a_silent_system_below_a_rule_that_holds_changes_nothing():
    assert decide(legal_hold=Fact(True), overdue=Fact(None, silent=True))[0] is Standing.ON_HOLD


@pytest.mark.parametrize(
    "rule",
    [
        {"standing": "FINE", "reason": "X", "when": {}},
        {"standing": "GOOD", "reason": "X", "when": {"moon_phase": "full"}},
        {"standing": "GOOD", "reason": "X", "when": {"open_cases": {"at_least": "many"}}},
        {"standing": "GOOD", "reason": "X", "when": {"open_cases": {"between": 3}}},
        {"standing": "GOOD", "reason": "X"},
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(rule):
    with pytest.raises(BadTable):
        StandingTable.read({"rule": [rule]})
