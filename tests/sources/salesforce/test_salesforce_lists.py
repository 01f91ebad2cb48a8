"""Lists of customers: order, ties, windows, and what happens when there is too much of one."""

from dataclasses import dataclass

from sources.canonical.crm import Contact
from sources.canonical.provenance import CustomerRef, Position
from sources.capabilities import MAX_UPSTREAM_PAGES, PAGE_SIZE, Page, Window
from sources.salesforce.soql import full_id
from tests.sources.salesforce.org import Org


async def whole(org: Org, ref: CustomerRef) -> list[Page[Contact]]:
    pages, after = [], None
    while True:
        page = (await org.adapter.contacts_of([ref], Window(after=after)))[ref]
        pages.append(page)
        after = page.next
        if after is None:
            return pages


async def test_two_hundred_and_fifty_contacts_of_the_same_second_come_once_each(org: Org) -> None:
    ref = org.customer("C-1")
    for place in range(250):
        org.person("C-1", f"P{place}")
    await org.warm()
    pages = await whole(org, ref)
    ids = [record.provenance.record_id for page in pages for record in page.records]
    assert [len(page.records) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 50]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 250
    assert org.count() == 3


async def test_the_newest_come_first_and_ties_by_id(org: Org) -> None:
    ref = org.customer("C-1")
    for place in range(30):
        org.person("C-1", f"P{place}", days=100 - place // 3)
    records = (await org.adapter.contacts_of([ref], Window()))[ref].records
    positions = [record.position for record in records]
    assert positions == sorted(positions, reverse=True)
    assert records[0].name in {"Person P27", "Person P28", "Person P29"}


async def test_one_customer_with_too_many_leaves_the_others_a_place_to_go_on(org: Org) -> None:
    org.rest.page_rows = 40
    bulky, quiet = org.customer("C-1"), org.customer("C-2")
    for place in range(300):
        org.person("C-1", f"P{place}", days=100)
    org.person("C-2", "old", days=400)
    await org.warm()
    answer = await org.adapter.contacts_of([bulky, quiet], Window())
    assert org.count() == MAX_UPSTREAM_PAGES
    assert answer[quiet].records == ()
    assert answer[quiet].next is not None
    rest = (await org.adapter.contacts_of([quiet], Window(after=answer[quiet].next)))[quiet]
    assert [record.name for record in rest.records] == ["Person old"]
    assert rest.next is None


async def test_reading_stops_when_every_customer_has_a_full_page(org: Org) -> None:
    org.rest.page_rows = 250
    first, second = org.customer("C-1"), org.customer("C-2")
    for place in range(400):
        org.person("C-1", f"P{place}", days=place)
        org.person("C-2", f"Q{place}", days=place)
    await org.warm()
    answer = await org.adapter.contacts_of([first, second], Window())
    assert org.count() == 1
    assert [len(answer[ref].records) for ref in (first, second)] == [PAGE_SIZE, PAGE_SIZE]


async def test_an_id_of_fifteen_characters_is_the_same_customer(org: Org) -> None:
    ref = org.filled(1)[0]
    short = CustomerRef("Account", ref.id[:15])
    answer = await org.adapter.contacts_of([short, ref], Window())
    assert answer[short] == answer[ref]
    assert len(answer[ref].records) == 1


async def test_a_contact_is_found_by_fifteen_and_by_eighteen_characters(org: Org) -> None:
    ref = org.filled(1)[0]
    contact = (await org.adapter.contacts_of([ref], Window()))[ref].records[0]
    long = contact.provenance.record_id
    found = await org.adapter.contacts([long, long[:15]])
    assert [record.name for record in found.values() if record] == ["Person P0", "Person P0"]
    assert full_id(long[:15]) == long


async def test_a_position_that_is_no_record_of_ours_still_begins_where_it_says(org: Org) -> None:
    ref = org.customer("C-1")
    for place in range(150):
        org.person("C-1", f"P{place}")
    at = (await org.adapter.contacts_of([ref], Window()))[ref].records[0].at
    page = (await org.adapter.contacts_of([ref], Window(after=Position(at, "~"))))[ref]
    assert len(page.records) == PAGE_SIZE


async def test_short_pages_lose_nothing(org: Org) -> None:
    org.rest.page_rows = 7
    refs = org.filled(30)
    records = await org.adapter.customer_records(refs)
    assert all(records[ref] is not None for ref in refs)


@dataclass
class Careless:
    """An adapter that reads one page and believes it to be all."""

    org: Org

    async def contacts_of(self, ref: CustomerRef) -> int:
        entity = self.org.adapter._contact
        page = await self.org.adapter._reader.page(entity, f"WHERE AccountId = '{ref.id}'")
        return len(page.rows)


async def test_who_does_not_follow_the_pages_loses_records_here(org: Org) -> None:
    ref = org.customer("C-1")
    for place in range(90):
        org.person("C-1", f"P{place}")
    org.rest.page_rows = 40
    assert await Careless(org).contacts_of(ref) == 40
    assert len((await org.adapter.contacts_of([ref], Window()))[ref].records) == 90


async def test_a_list_of_exactly_one_page_ends_with_it(org: Org) -> None:
    ref = org.customer("C-1")
    for place in range(PAGE_SIZE):
        org.person("C-1", f"P{place}", days=place)
    page = (await org.adapter.contacts_of([ref], Window()))[ref]
    assert (len(page.records), page.next) == (PAGE_SIZE, None)
