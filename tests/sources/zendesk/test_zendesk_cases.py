"""What the cases of customers cost, and that none is lost or seen twice."""

from datetime import timedelta


from sources.canonical.provenance import CustomerRef
from sources.canonical.support import CasePriority, CaseStatus
from sources.capabilities import CaseFilter, Page, Window
from tests.sources.zendesk.shop import NOW, Shop

OPEN = CaseFilter(status=frozenset([CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.PENDING, CaseStatus.ON_HOLD]))


async def test_one_customers_newest_cases_cost_one_call(shop: Shop) -> None:
    acme = shop.customer("ACME")
    for key in range(1, 4):
        shop.case("ACME", key)
    await shop.warm()

    page = (await shop.adapter.cases_of([acme], Window()))[acme]

    assert [case.number for case in page.records] == ["1", "2", "3"]
    assert shop.asked() == [f"organizations/{acme.id}/tickets"]
    assert page.records[0].requester == "Pat 1 of ACME"
    assert page.records[0].assignee == "Ann Agent"
