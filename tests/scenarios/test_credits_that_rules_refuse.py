"""What the rules say of an invoice is decided by the policy, with the facts on record: nothing is written anywhere."""

import pytest

from sources.simulation.world import BY_KEY
from tests.support.writing import credit, money, rules

INVOICES = """
query Invoices($number: String!) {
  customerBy(key: {number: $number}) {
    id
    invoices(first: 100) { nodes { id number status total { amount currency } ledger { state } } }
  }
}
"""


async def refused_for(house, customer, wanted):
    """The rules that refuse a goodwill credit on the first invoice that is wanted."""
    found = (await house.data(INVOICES, {"number": BY_KEY[customer].number}))["customerBy"]
    invoice = next(each for each in found["invoices"]["nodes"] if wanted(each))
    given = {
        "customerId": found["id"],
        "amount": money("1.00", invoice["total"]["currency"]),
        "reason": "GOODWILL",
        "invoiceId": invoice["id"],
    }
    house.forget_calls()
    payload = await credit(house, given, f"refused-{customer}", role="support_lead")
    assert payload["workflow"] is None
    for name in ("billing", "erp", "support"):
        sent = [call.path for call in house.calls(name) if call.method != "GET" and call.status < 400]
        assert [path for path in sent if not path.endswith(("search_read", "/oauth/tokens"))] == []
    return rules(payload)


@pytest.mark.parametrize("customer", ["ledger-missing", "ledger-mismatch"])
async def test_an_invoice_that_the_ledger_does_not_have_as_it_is(house, customer):
    told = await refused_for(house, customer, lambda each: each["ledger"]["state"] in ("MISSING", "DIFFERS"))
    assert ("PRECONDITION_FAILED", "credit.invoice_ledger") in told
