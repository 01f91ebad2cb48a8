"""A steward's word about whose record it is, told through /graphql."""

from sources.simulation.world import BY_KEY
from tests.support.asking import codes
from tests.support.writing import REFUSALS, rules

ASKED = f"""
mutation Ask($input: VERBIdentityInput!, $key: String!) {{
  asked: FIELDIdentity(input: $input, idempotencyKey: $key) {{
    idempotency {REFUSALS} workflow {{ id action status reason }}
  }}
}}
"""
LINK = ASKED.replace("VERB", "Link").replace("FIELD", "link")
UNLINK = ASKED.replace("VERB", "Unlink").replace("FIELD", "unlink")
IDENTITIES = (
    "query($n: String!) { customerBy(key: {number: $n}) { id identities { system recordId method evidence } } }"
)
AMBIGUOUS, SISTER = BY_KEY["ambiguous"].number, BY_KEY["ambiguous-sister"].number


async def identities(house, number):
    return (await house.data(IDENTITIES, {"n": number}))["customerBy"]


async def contested(house):
    """The billing record that fits two customers."""
    query = "{ identityConflicts(first: 50) { nodes { system recordId candidates { number } } } }"
    nodes = (await house.data(query, role="platform_admin"))["identityConflicts"]["nodes"]
    return next(each for each in nodes if AMBIGUOUS in [c["number"] for c in each["candidates"]])["recordId"]


async def test_a_lead_links_a_record_and_takes_it_back(house):
    customer, record = await identities(house, AMBIGUOUS), await contested(house)
    given = {"customerId": customer["id"], "system": "billing", "recordId": record}
    linked = await house.data(LINK, {"input": {**given, "evidence": "the contract names the account"}, "key": "l-1"},
                              role="support_lead")  # fmt: skip
    assert linked["asked"]["refusals"] == []
    assert linked["asked"]["workflow"]["status"] == "SUCCEEDED"
    own = [each for each in (await identities(house, AMBIGUOUS))["identities"] if each["system"] == "billing"]
    assert [(each["recordId"], each["method"]) for each in own] == [(record, "STEWARD")]
    unlinked = await house.data(UNLINK, {"input": {**given, "reason": "it is the sister's"}, "key": "u-1"},
                                role="platform_admin")  # fmt: skip
    assert unlinked["asked"]["workflow"]["status"] == "SUCCEEDED"
    assert "billing" not in [each["system"] for each in (await identities(house, AMBIGUOUS))["identities"]]


async def test_who_may_not_is_refused_and_nothing_is_linked(house):
    customer, record = await identities(house, AMBIGUOUS), await contested(house)
    given = {"customerId": customer["id"], "system": "billing", "recordId": record, "evidence": "it looks alike"}
    payload = (await house.data(LINK, {"input": given, "key": "l-2"}, role="finance_analyst"))["asked"]
    assert rules(payload) == {("NOT_ALLOWED", "identity.role")}
    assert (await identities(house, AMBIGUOUS))["identities"] == customer["identities"]


async def test_what_is_not_known_is_refused_at_its_field(house):
    customer = await identities(house, AMBIGUOUS)
    given = {"customerId": customer["id"], "system": "billing", "recordId": "cus_nobody", "evidence": "a guess"}
    payload = (await house.data(LINK, {"input": given, "key": "l-3"}, role="support_lead"))["asked"]
    assert [(each["code"], each["rule"], each["field"]) for each in payload["refusals"]] == [
        ("PRECONDITION_FAILED", "record.unknown", "recordId")
    ]
    payload = await house.data(LINK, {"input": {**given, "system": "nowhere"}, "key": "l-4"}, role="support_lead")
    assert payload["asked"]["refusals"][0]["field"] == "system"
    wrong = await house.ask(LINK, {"input": {**given, "customerId": 5.5}, "key": "l-5"}, role="support_lead")
    assert codes(wrong) == {("BAD_USER_INPUT", None)}
