"""Organizations, and persons without one, as customers."""

import asyncio
from typing import Any

import pytest

from sources.canonical.customer import CustomerFlag, CustomerKind, CustomerRecord
from sources.canonical.provenance import CustomerRef
from sources.capabilities import CustomerBatch
from sources.faults import Refused, SourceFault
from tests.sources.zendesk.shop import Shop

ORGANIZATIONS, USERS = "organizations/show_many", "users/show_many"


async def by_number(shop: Shop, *numbers: str) -> dict[str, list[CustomerRef]]:
    answer = await shop.adapter.customers_by_number(numbers)
    assert not any(isinstance(found, SourceFault) for found in answer.values())
    return {number: [record.ref for record in found] for number, found in answer.items()}  # type: ignore[union-attr]


async def scanned(shop: Shop, resume: str | None = None) -> list[CustomerBatch]:
    return [batch async for batch in shop.adapter.scan_customers(resume)]


async def test_records_by_reference_cost_a_call_for_each_hundred_of_a_type(shop: Shop) -> None:
    organizations = [shop.customer(f"C{place}") for place in range(101)]
    persons = [shop.customer(f"P{place}", person=True) for place in range(2)]
    unknown = [CustomerRef("organization", "4711"), CustomerRef("user", "x"), CustomerRef("party", "1")]
    await shop.warm()

    answer = await shop.adapter.customer_records([*organizations, *persons, *unknown, organizations[0]])

    assert sorted(shop.asked()) == [ORGANIZATIONS, ORGANIZATIONS, USERS]
    assert len(answer) == 106
    assert all(isinstance(answer[ref], CustomerRecord) for ref in (*organizations, *persons))
    assert [answer[ref] for ref in unknown] == [None, None, None]


async def test_an_organization_says_what_zendesk_knows_and_no_more(shop: Shop) -> None:
    acme = shop.customer("ACME", vip=True)

    record: Any = (await shop.adapter.customer_records([acme]))[acme]

    assert (record.number, record.name, record.domains) == ("ACME", "ACME Ltd", ("acme.example",))
    assert (record.kind, record.tier, record.flags) == (CustomerKind.ORGANIZATION, "premium", (CustomerFlag.VIP,))
    assert (record.legal_name, record.owner, record.parent, record.addresses) == (None, None, None, ())
    assert (record.emails, record.url) == ((), None)


async def test_a_person_without_an_organization_is_a_customer(shop: Shop) -> None:
    paloma = shop.customer("PALOMA", person=True)

    record: Any = (await shop.adapter.customer_records([paloma]))[paloma]

    assert (record.number, record.kind) == ("PALOMA", CustomerKind.PERSON)
    assert (record.emails, record.phones) == (("info@paloma.example",), ("+49301234567",))


async def test_members_of_an_organization_and_agents_are_no_customers(shop: Shop) -> None:
    shop.customer("ACME")
    shop.case("ACME", 1)
    member = CustomerRef("user", shop.person("ACME"))
    agent = CustomerRef("user", str(next(u.id for u in shop.account.records.users.values() if u.role == "agent")))

    assert await shop.adapter.customer_records([member, agent]) == {member: None, agent: None}


async def test_numbers_in_external_ids_cost_a_call_for_each_hundred_of_a_type(shop: Shop) -> None:
    refs = {f"C{place}": shop.customer(f"C{place}") for place in range(101)}
    paloma = shop.customer("PALOMA", person=True)
    shop.customer("UNKEYED", keyed=frozenset())
    await shop.warm()

    found = await by_number(shop, *refs, "PALOMA", "UNKEYED", "C0")

    assert sorted(shop.asked()) == [ORGANIZATIONS, ORGANIZATIONS, USERS, USERS]
    assert found == {number: [ref] for number, ref in refs.items()} | {"PALOMA": [paloma], "UNKEYED": []}


async def test_numbers_differ_by_the_case_of_their_letters(shop: Shop) -> None:
    shop.customer("acme")
    assert await by_number(shop, "ACME") == {"ACME": []}


async def test_a_number_that_several_carry_gives_them_all(shop: Shop) -> None:
    refs = {shop.customer("ACME"), shop.customer("BETA", number="ACME"), shop.customer("P", person=True, number="ACME")}
    assert set((await by_number(shop, "ACME"))["ACME"]) == refs


async def test_persons_are_left_out_where_they_have_no_key(shop: Shop) -> None:
    shop.customer("ACME")
    shop.customer("PALOMA", person=True)
    shop.adapter = shop.connect(person_key="")
    await shop.warm()

    assert await by_number(shop, "PALOMA") == {"PALOMA": []}
    assert [len(batch.records) for batch in await scanned(shop)] == [1]
    assert shop.asked() == [ORGANIZATIONS, "organizations"]


async def test_a_number_that_would_split_the_list_is_refused_alone(shop: Shop) -> None:
    acme = shop.customer("ACME")

    answer = await shop.adapter.customers_by_number(["ACME", "A,B", ""])

    assert [record.ref for record in answer["ACME"]] == [acme]  # type: ignore[union-attr]
    assert isinstance(answer["A,B"], Refused)
    assert isinstance(answer[""], Refused)


async def test_numbers_in_a_field_of_the_accounts_own_cost_a_search_each(shop: Shop) -> None:
    shop.simulator.world.number_field = "customer_number"
    acme, beta = shop.customer("ACME"), shop.customer("BETA")
    shop.adapter = shop.connect(customer_key="organization.organization_fields.customer_number", person_key="")
    await shop.warm()

    assert await by_number(shop, "ACME", "BETA", "GAMMA") == {"ACME": [acme], "BETA": [beta], "GAMMA": []}
    assert shop.asked() == 3 * ["search/export"]


async def test_a_scan_gives_everyone_once_a_hundred_at_a_time(shop: Shop) -> None:
    refs = {shop.customer(f"C{place}") for place in range(250)} | {shop.customer("PALOMA", person=True)}
    await shop.warm()

    batches = await scanned(shop)

    found = [record.ref for batch in batches for record in batch.records]
    assert set(found) == refs
    assert len(found) == len(refs)
    assert shop.asked() == [*3 * ["organizations"], *3 * ["users"]]  # 251 end users, of whom one is a customer
    assert batches[-1].resume is None


async def test_a_scan_goes_on_where_it_stopped(shop: Shop) -> None:
    for place in range(230):
        shop.customer(f"C{place}")
    batches = await scanned(shop)

    for place, batch in enumerate(batches[:-1]):
        rest = await scanned(shop, batch.resume)
        expected = [record.ref for later in batches[place + 1 :] for record in later.records]
        assert [record.ref for later in rest for record in later.records] == expected


async def test_one_batch_that_fails_leaves_the_others_alone(shop: Shop) -> None:
    acme, paloma = shop.customer("ACME"), shop.customer("PALOMA", person=True)
    shop.switches.only, shop.switches.status = USERS, 403

    answer = await shop.adapter.customer_records([acme, paloma])

    assert isinstance(answer[acme], CustomerRecord)
    assert isinstance(answer[paloma], Refused)
    shop.switches.only = ""
    with pytest.raises(Refused):
        await shop.adapter.customer_records([acme, paloma])


async def test_many_who_ask_at_once_cost_one_token(shop: Shop) -> None:
    acme = shop.customer("ACME")

    await asyncio.gather(*(shop.adapter.customer_records([acme]) for _ in range(10)))

    assert shop.asked().count("/oauth/tokens") == 1
    assert shop.asked().count(ORGANIZATIONS) == 10
