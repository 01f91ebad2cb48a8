"""End users as contacts."""

from datetime import timedelta
from typing import Any

import pytest

from sources.canonical.crm import Contact
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Page, Window
from tests.sources.zendesk.shop import NOW, Shop


async def whole(shop: Shop, ref: CustomerRef) -> list[str]:
    ids: list[str] = []
    window = Window()
    while True:
        page = (await shop.adapter.contacts_of([ref], window))[ref]
        assert isinstance(page, Page)
        ids += [contact.provenance.record_id for contact in page.records]
        if page.next is None:
            return ids
        window = Window(page.next)


async def test_the_contacts_of_one_customer_cost_one_call(shop: Shop) -> None:
    acme = shop.customer("ACME")
    second = shop.person("ACME", "2", at=NOW - timedelta(days=3))
    await shop.warm()

    page: Any = (await shop.adapter.contacts_of([acme], Window()))[acme]

    assert [(c.name, c.email, c.role) for c in page.records] == [
        ("Pat 2 of ACME", "pat2@acme.example", "Buyer"),
        ("Pat 1 of ACME", "pat1@acme.example", "Buyer"),
    ]
    assert page.records[0].provenance.record_id == second
    assert page.next is None
    assert shop.asked() == [f"organizations/{acme.id}/users"]


async def test_the_contacts_of_three_customers_cost_one_search(shop: Shop) -> None:
    refs = [shop.customer(name) for name in ("ACME", "BETA", "GAMMA")]
    await shop.warm()

    answer: Any = await shop.adapter.contacts_of(refs, Window())

    assert [[c.name for c in answer[ref].records] for ref in refs] == [
        ["Pat 1 of ACME"],
        ["Pat 1 of BETA"],
        ["Pat 1 of GAMMA"],
    ]
    assert shop.asked() == ["search/export"]


@pytest.mark.parametrize("how_many", [150, 620])
async def test_the_contacts_of_a_large_customer_come_whole_and_newest_first(shop: Shop, how_many: int) -> None:
    acme = shop.customer("ACME")
    people = [shop.person("ACME", str(n), at=NOW - timedelta(days=1, hours=n // 5)) for n in range(2, how_many + 1)]

    found = await whole(shop, acme)

    assert len(found) == how_many
    assert set(found) >= set(people)
    held = shop.account.records.users
    assert found == sorted(found, key=lambda id: (held[int(id)].created_at, id), reverse=True)


async def test_a_person_is_its_own_contact(shop: Shop) -> None:
    paloma = shop.customer("PALOMA", person=True)

    page: Any = (await shop.adapter.contacts_of([paloma], Window()))[paloma]

    assert [(c.provenance.record_id, c.customer_ref) for c in page.records] == [(paloma.id, paloma)]


async def test_contacts_by_id_leave_agents_out(shop: Shop) -> None:
    acme = shop.customer("ACME")
    person = shop.person("ACME", "2")
    shop.case("ACME", 1)
    agent = str(next(user.id for user in shop.account.records.users.values() if user.role == "agent"))
    await shop.warm()

    answer = await shop.adapter.contacts([person, agent, "4711", "no-id", person])

    contact = answer[person]
    assert isinstance(contact, Contact)
    assert contact.customer_ref == acme
    assert (answer[agent], answer["4711"], answer["no-id"]) == (None, None, None)
    assert shop.asked() == ["users/show_many"]


@pytest.mark.parametrize("disobedience", ["ignored", "last", "both", "refused"])
async def test_a_search_that_is_not_obeyed_leads_to_one_list_for_each(shop: Shop, disobedience: str) -> None:
    refs = [shop.customer(name) for name in ("ACME", "BETA")]
    shop.customer("OTHER")
    shop.account.index.repeated_keyword = disobedience

    answer: Any = await shop.adapter.contacts_of(refs, Window())

    assert [[c.name for c in answer[ref].records] for ref in refs] == [["Pat 1 of ACME"], ["Pat 1 of BETA"]]


async def test_unknown_customers_have_no_contacts(shop: Shop) -> None:
    unknown = [CustomerRef("organization", "4711"), CustomerRef("user", "4712"), CustomerRef("party", "1")]
    assert await shop.adapter.contacts_of(unknown, Window()) == dict.fromkeys(unknown, Page((), None))
