"""What the cases of customers cost, and that none is lost or seen twice."""

from datetime import timedelta

import pytest

from sources.canonical.provenance import CustomerRef, Position
from sources.canonical.support import CasePriority, CaseStatus, SupportCase
from sources.capabilities import CaseFilter, Page, Window
from sources.faults import Malformed
from tests.sources.zendesk.shop import NOW, Shop

OPEN = CaseFilter(status=frozenset([CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.PENDING, CaseStatus.ON_HOLD]))
EXPORT, MANY = "search/export", "tickets/show_many"


async def asked_for(shop: Shop, *refs: CustomerRef, window: Window = Window()) -> list[Page[SupportCase]]:  # noqa: B008
    answer = await shop.adapter.cases_of(refs, window)
    pages = [answer[ref] for ref in refs]
    assert all(isinstance(page, Page) for page in pages), pages
    return pages


async def whole(shop: Shop, ref: CustomerRef, filter: CaseFilter | None = None) -> list[str]:
    numbers: list[str] = []
    after: Position | None = None
    while True:
        [page] = await asked_for(shop, ref, window=Window(after, filter))
        numbers += [case.number for case in page.records]
        if page.next is None:
            return numbers
        assert after is None or page.next < after
        after = page.next


def numbers(page: Page[SupportCase]) -> list[str]:
    return [case.number for case in page.records]


async def test_one_customers_newest_cases_cost_one_call(shop: Shop) -> None:
    acme = shop.customer("ACME")
    for key in range(1, 4):
        shop.case("ACME", key)
    await shop.warm()

    [page] = await asked_for(shop, acme)

    assert numbers(page) == ["1", "2", "3"]
    assert shop.asked() == [f"organizations/{acme.id}/tickets"]
    assert page.records[0].requester == "Pat 1 of ACME"
    assert page.records[0].assignee == "Ann Agent"


async def test_the_first_question_also_costs_a_token_and_the_statuses(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1)

    await asked_for(shop, acme)
    await asked_for(shop, acme)

    its_list = f"organizations/{acme.id}/tickets"
    assert shop.asked() == ["/oauth/tokens", its_list, "custom_statuses", its_list]


async def test_three_customers_cost_one_search_and_one_call_for_their_tickets(shop: Shop) -> None:
    refs = [shop.customer(name) for name in ("ACME", "BETA", "GAMMA")]
    for key, name in enumerate(("ACME", "BETA", "GAMMA", "ACME"), 1):
        shop.case(name, key)
    await shop.warm()

    pages = await asked_for(shop, *refs)

    assert [numbers(page) for page in pages] == [["1", "4"], ["2"], ["3"]]
    assert all(page.next is None for page in pages)
    assert shop.asked() == [EXPORT, MANY]


async def test_fifty_one_customers_cost_two_searches_their_tickets_and_one_list(shop: Shop) -> None:
    refs = []
    for place in range(51):
        refs.append(shop.customer(f"C{place}"))
        shop.case(f"C{place}", place + 1)
    await shop.warm()

    pages = await asked_for(shop, *refs)

    assert [numbers(page) for page in pages] == [[str(place + 1)] for place in range(51)]
    assert sorted(shop.asked()) == sorted([EXPORT, EXPORT, MANY, MANY, f"organizations/{refs[50].id}/tickets"])


async def test_the_searches_of_busy_customers_read_on_until_each_has_half_a_page(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    for key in range(1, 401):
        shop.case(("ACME", "BETA")[key % 2], key)
    await shop.warm()

    pages = await asked_for(shop, *refs)

    assert shop.asked() == [EXPORT, MANY]
    assert [len(page.records) for page in pages] == [49, 50]  # the second of the last row is not known to be whole
    for ref in refs:
        assert len(await whole(shop, ref)) == 200


async def test_a_long_list_with_ties_comes_whole_and_in_order(shop: Shop) -> None:
    acme = shop.customer("ACME")
    for key in range(1, 251):  # ids of one, two and three digits within one second
        shop.case("ACME", key, at=NOW - timedelta(days=1, hours=key // 90))

    found = await whole(shop, acme)

    expected = sorted(range(1, 251), key=lambda key: (-(key // 90), str(key)), reverse=True)
    assert found == [str(key) for key in expected]


async def test_imported_tickets_with_new_ids_and_old_dates_are_not_lost(shop: Shop) -> None:
    acme = shop.customer("ACME")
    for key in range(1, 121):
        shop.case("ACME", key, at=NOW - timedelta(days=10, minutes=-key))
    for key in range(1001, 1121):
        shop.case("ACME", key, at=NOW - timedelta(days=90, minutes=-key))

    found = await whole(shop, acme)

    assert found == [str(key) for key in (*range(120, 0, -1), *range(1120, 1000, -1))]


async def test_archived_tickets_are_reached_by_the_search(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1, at=NOW - timedelta(days=400))
    shop.moved("ACME", 1, "closed", at=NOW - timedelta(days=300))
    shop.case("ACME", 2, at=NOW - timedelta(days=350))  # old and still open: a list has it, out of its place
    shop.case("ACME", 3, at=NOW - timedelta(days=2))
    await shop.warm()

    [page] = await asked_for(shop, acme)
    assert numbers(page) == ["3"]
    assert page.next is not None
    assert shop.asked() == [f"organizations/{acme.id}/tickets"]
    shop.forget()

    [older] = await asked_for(shop, acme, window=Window(page.next))
    assert numbers(older) == ["2", "1"]
    assert older.next is None
    assert shop.asked() == [EXPORT, MANY]


async def test_a_customer_without_recent_cases_is_searched_at_once(shop: Shop) -> None:
    quiet, silent = shop.customer("QUIET"), shop.customer("SILENT")
    shop.case("QUIET", 1, at=NOW - timedelta(days=400))
    await shop.warm()

    assert numbers((await asked_for(shop, quiet))[0]) == ["1"]
    assert shop.asked() == [f"organizations/{quiet.id}/tickets", EXPORT, MANY]
    shop.forget()

    assert (await asked_for(shop, silent))[0] == Page((), None)
    assert shop.asked() == [f"organizations/{silent.id}/tickets", EXPORT]


async def test_open_cases_of_one_customer_cost_one_call_however_old_they_are(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1, at=NOW - timedelta(days=400))
    shop.case("ACME", 2)
    shop.moved("ACME", 2, "solved", at=NOW - timedelta(hours=1))
    await shop.warm()

    [page] = await asked_for(shop, acme, window=Window(filter=OPEN))

    assert numbers(page) == ["1"]
    assert page.next is None
    assert shop.asked() == [f"organizations/{acme.id}/tickets"]


async def test_a_filter_is_pushed_into_the_search(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    for key, status in enumerate(("open", "solved", "open", "pending"), 1):
        shop.case(("ACME", "BETA")[key % 2], key)
        shop.moved(("ACME", "BETA")[key % 2], key, status, at=NOW - timedelta(hours=1))
    await shop.warm()
    filter = CaseFilter(frozenset([CaseStatus.OPEN, CaseStatus.ON_HOLD]), frozenset([CasePriority.HIGH]))

    pages = await asked_for(shop, *refs, window=Window(filter=filter))

    assert [numbers(page) for page in pages] == [[], ["1", "3"]]
    query = shop.simulator.harness.calls[0].query
    assert "status%3Aopen+status%3Ahold+priority%3Ahigh" in query


async def test_normal_priority_is_not_pushed_since_it_also_means_none(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    shop.case("ACME", 1, priority=None)
    shop.case("BETA", 2, priority="normal")
    shop.case("BETA", 3, priority="low")
    await shop.warm()
    filter = CaseFilter(priority=frozenset([CasePriority.NORMAL]))

    pages = await asked_for(shop, *refs, window=Window(filter=filter))

    assert [numbers(page) for page in pages] == [["1"], ["2"]]


@pytest.mark.parametrize("disobedience", ["ignored", "last", "both", "refused"])
async def test_a_search_that_is_not_obeyed_leads_to_one_list_for_each(shop: Shop, disobedience: str) -> None:
    names = ("ACME", "BETA", "GAMMA")
    refs = [shop.customer(name) for name in names]
    shop.customer("OTHER")
    for key, name in enumerate((*names, "OTHER"), 1):
        shop.case(name, key)
    shop.account.index.repeated_keyword = disobedience
    await shop.warm()

    pages = await asked_for(shop, *refs)
    assert [numbers(page) for page in pages] == [["1"], ["2"], ["3"]]
    first = shop.asked()
    assert len(first) == {"ignored": 4, "last": 6, "both": 6, "refused": 4}[disobedience]
    shop.forget()

    await asked_for(shop, *refs)
    assert sorted(shop.asked()) == sorted(f"organizations/{ref.id}/tickets" for ref in refs)


async def test_older_parts_of_a_search_that_is_not_obeyed_are_searched_one_by_one(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    for key in range(1, 11):
        shop.case(("ACME", "BETA")[key % 2], key)
    shop.account.index.repeated_keyword = "refused"
    await shop.warm()

    pages = await asked_for(shop, *refs, window=Window(Position(NOW - timedelta(days=1, hours=5), "5")))

    assert [numbers(page) for page in pages] == [["6", "8", "10"], ["7", "9"]]
    assert sorted(shop.asked()) == [EXPORT, EXPORT, EXPORT, MANY, MANY]


async def test_an_empty_answer_is_believed_only_after_the_search_was_tried_on_two_customers(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    for name, key in (("GAMMA", 1), ("DELTA", 2)):
        shop.customer(name)
        shop.case(name, key)
    await shop.warm()

    assert await asked_for(shop, *refs) == [Page((), None), Page((), None)]
    assert shop.asked() == [EXPORT, EXPORT, EXPORT]
    shop.forget()

    assert await asked_for(shop, *refs) == [Page((), None), Page((), None)]
    assert shop.asked() == [EXPORT]


async def test_a_list_that_is_not_sorted_is_not_trusted_beyond_its_first_page(shop: Shop) -> None:
    acme = shop.customer("ACME")
    for key in range(1, 131):
        shop.case("ACME", key, at=NOW - timedelta(days=10, minutes=key * 7 % 131))
    shop.account.sort_obeyed = False

    assert len(set(await whole(shop, acme))) == 130


async def test_a_search_that_lags_does_not_show_a_state_of_before(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    for key in (1, 2, 3):
        shop.case(("ACME", "BETA")[key % 2], key)
    shop.account.index.lag_seconds = 300
    shop.moved("BETA", 1, "solved", at=NOW - timedelta(seconds=30))
    await shop.warm()

    pages = await asked_for(shop, *refs, window=Window(filter=CaseFilter(frozenset([CaseStatus.NEW]))))

    assert [numbers(page) for page in pages] == [["2"], ["3"]]


async def test_tickets_of_a_person_are_those_without_an_organization(shop: Shop) -> None:
    paloma, other = shop.customer("PALOMA", person=True), shop.customer("OTHER", person=True)
    shop.case("PALOMA", 1)
    shop.case("PALOMA", 2)
    shop.case("OTHER", 3)
    shop.account.records.tickets[2].organization_id = 509974
    await shop.warm()

    [page] = await asked_for(shop, paloma)
    assert numbers(page) == ["1"]
    assert page.records[0].customer_ref == paloma
    assert shop.asked() == [f"users/{paloma.id}/tickets/requested"]
    shop.forget()

    assert [numbers(page) for page in await asked_for(shop, paloma, other)] == [["1"], ["3"]]
    assert shop.asked() == [EXPORT, MANY]


async def test_cases_by_number_cost_a_call_for_each_hundred(shop: Shop) -> None:
    shop.customer("ACME")
    ids = [shop.case("ACME", key) for key in range(1, 151)]
    await shop.warm()

    answer = await shop.adapter.cases([*ids, "1", "4711", "no-id", "9" * 30, "007"])

    assert shop.asked() == [MANY, MANY]
    assert [key for key, case in answer.items() if isinstance(case, SupportCase)] == ids
    assert {answer[key] for key in ("4711", "no-id", "9" * 30, "007")} == {None}


async def test_service_levels_come_along_and_are_unknown_where_they_do_not(shop: Shop) -> None:
    acme = shop.customer("ACME")
    due = NOW - timedelta(hours=3)
    shop.case("ACME", 1, first_reply_due=due)
    shop.case("ACME", 2, first_reply_due=NOW + timedelta(hours=30))
    shop.case("ACME", 3)

    [page] = await asked_for(shop, acme)
    late, running, none = page.records
    assert [(m.name, m.due_at, m.breached) for m in late.sla_milestones or ()] == [("first_reply_time", due, True)]
    assert [m.breached for m in running.sla_milestones or ()] == [False]
    assert none.sla_milestones == ()

    shop.account.sla_null_breach_at = True
    [page] = await asked_for(shop, acme)
    assert [(m.due_at, m.breached) for m in page.records[0].sla_milestones or ()] == [(None, True)]

    shop.account.slas_offered = False
    [page] = await asked_for(shop, acme)
    assert [case.sla_milestones for case in page.records] == [None, None, None]


async def test_service_levels_are_not_asked_for_where_the_settings_say_so(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1, first_reply_due=NOW)
    shop.adapter = shop.connect(sla=False)

    [page] = await asked_for(shop, acme)

    assert page.records[0].sla_milestones is None
    assert "slas" not in shop.simulator.harness.calls[-2].query + shop.simulator.harness.calls[-1].query


async def test_a_status_of_the_accounts_own_is_told_by_its_label(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1)
    shop.moved("ACME", 1, "hold", at=NOW - timedelta(hours=1), label="Waiting for supplier")

    [page] = await asked_for(shop, acme)
    assert (page.records[0].status, page.records[0].vendor_status) == (CaseStatus.ON_HOLD, "Waiting for supplier")

    shop.account.own_statuses = False
    [page] = await asked_for(shop, acme)
    assert (page.records[0].status, page.records[0].vendor_status) == (CaseStatus.ON_HOLD, "hold")


async def test_statuses_that_cannot_be_read_leave_the_tickets_own_word(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1)
    shop.switches.only, shop.switches.status = "custom_statuses", 403

    [page] = await asked_for(shop, acme)

    assert (page.records[0].status, page.records[0].vendor_status) == (CaseStatus.NEW, "new")


async def test_invoice_numbers_are_read_from_the_configured_field(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1, invoices=("INV-1", "INV-2"))

    [page] = await asked_for(shop, acme)
    assert page.records[0].invoice_numbers == ("INV-1", "INV-2")

    shop.adapter = shop.connect(fields={})
    [page] = await asked_for(shop, acme)
    assert page.records[0].invoice_numbers == ()


async def test_a_number_leads_to_the_tickets_customer(shop: Shop) -> None:
    acme, paloma = shop.customer("ACME"), shop.customer("PALOMA", person=True)
    shop.case("ACME", 35436)
    shop.case("PALOMA", 35437)
    await shop.warm()

    assert await shop.adapter.customers_of_document("#35436") == (acme,)
    assert await shop.adapter.customers_of_document(" 0035437") == (paloma,)
    assert await shop.adapter.customers_of_document("35438") == ()
    assert await shop.adapter.customers_of_document("INV-1") == ()
    assert shop.asked() == [MANY, MANY, MANY]


async def test_what_fails_for_one_customer_leaves_the_others_alone(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    shop.case("ACME", 1)
    shop.case("BETA", 2)
    shop.account.index.repeated_keyword = "refused"
    shop.switches.only, shop.switches.status = f"organizations/{refs[0].id}/", 403

    answer = await shop.adapter.cases_of(refs, Window())

    assert not isinstance(answer[refs[0]], Page)
    assert numbers(answer[refs[1]]) == ["2"]  # type: ignore[arg-type]


async def test_records_lead_to_the_agents_page_only_over_https(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1)
    [page] = await asked_for(shop, acme)
    assert page.records[0].provenance.url is None


async def test_one_ticket_that_does_not_fit_spoils_only_its_own_customer(shop: Shop) -> None:
    refs = [shop.customer(name) for name in ("ACME", "BETA", "GAMMA")]
    for key, name in enumerate(("ACME", "BETA", "GAMMA"), 1):
        shop.case(name, key)
    shop.account.records.tickets[2].status = None

    answer = await shop.adapter.cases_of(refs, Window())
    by_id = await shop.adapter.cases(["1", "2", "3"])

    assert [type(answer[ref]) for ref in refs] == [Page, Malformed, Page]
    assert [type(by_id[id]) for id in ("1", "2", "3")] == [SupportCase, Malformed, SupportCase]
    with pytest.raises(Malformed):
        await shop.adapter.cases_of(refs[1:2], Window())


async def test_a_search_of_exactly_one_page_for_a_customer_says_that_nothing_follows(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    for key in range(1, 101):
        shop.case("ACME", key)
    shop.case("BETA", 101)

    pages = await asked_for(shop, *refs)

    assert [len(page.records) for page in pages] == [100, 1]
    assert [page.next for page in pages] == [None, None]


async def test_an_account_without_exports_of_searches_is_read_list_by_list(shop: Shop) -> None:
    refs = [shop.customer("ACME"), shop.customer("BETA")]
    shop.case("ACME", 1)
    shop.case("BETA", 2)
    shop.switches.only, shop.switches.status = "search/export", 404
    shop.switches.body = '{"error":"InvalidEndpoint","description":"Not found"}'

    pages = await asked_for(shop, *refs)

    assert [numbers(page) for page in pages] == [["1"], ["2"]]
