"""Accounts as the records that stand for customers."""

from decimal import Decimal

from sources.canonical.crm import ContractStatus
from sources.canonical.customer import CustomerFlag, CustomerKind
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef
from sources.capabilities import CustomerBatch, Window
from sources.salesforce import customers
from sources.simulation.facts import CRM
from tests.sources.salesforce.org import NOW, Org


async def scanned(org: Org, resume: str | None = None) -> list[CustomerBatch]:
    return [batch async for batch in org.adapter.scan_customers(resume)]


async def test_an_account_is_mapped_with_everything_that_it_says(org: Org) -> None:
    parent = org.customer("C-1")
    ref = org.customer(
        "C-2", parent="C-1", vip=True, credit_hold=True, tax_id="DE123456789", website="https://www.works.example/de"
    )
    record = (await org.adapter.customer_records([ref]))[ref]
    assert record is not None
    assert (record.number, record.name, record.legal_name) == ("C-2", "C-2 Works", "C-2 Works GmbH")
    assert (record.tier, record.owner, record.industry) == ("premium", "Thea Malling", "Software")
    assert record.flags == (CustomerFlag.VIP, CustomerFlag.CREDIT_HOLD)
    assert record.domains == ("works.example",)
    assert record.emails == ("office@works.example",)
    assert [tax.value for tax in record.tax_ids] == ["DE123456789"]
    assert record.parent == parent
    assert record.addresses[0].city == "Berlin"
    assert record.created_at is not None
    assert record.url is None  # a loopback base_url has no user interface


async def test_a_natural_person_is_a_person_account(org: Org) -> None:
    ref = org.customer("C-1", person=True, legal_name="Paloma Garrano")
    record = (await org.adapter.customer_records([ref]))[ref]
    assert record is not None
    assert record.kind is CustomerKind.PERSON
    assert record.emails == ("office@works.example",)


async def test_an_organization_without_person_accounts_is_asked_for_none_of_their_fields(org: Org) -> None:
    org.data.person_accounts = False
    ref = org.customer("C-1", person=True)
    adapter = org.connect()
    await org.warm()
    record = (await adapter.customer_records([ref]))[ref]
    assert record is not None
    assert record.kind is CustomerKind.ORGANIZATION
    assert org.paths() == ["oauth2/token", "data/v67.0/composite"]


async def test_an_account_in_the_recycle_bin_is_told_as_deleted(org: Org) -> None:
    ref = org.customer("C-1")
    org.data.delete("Account", ref.id)
    record = (await org.adapter.customer_records([ref]))[ref]
    assert record is not None
    assert record.deleted


async def test_an_account_that_is_not_shared_with_us_is_unknown(org: Org) -> None:
    ref = org.customer("C-1")
    org.data.hidden_rows.add(ref.id)
    assert await org.adapter.customer_records([ref]) == {ref: None}
    assert await org.adapter.customers_by_number(["C-1"]) == {"C-1": ()}


async def test_a_number_finds_every_account_that_carries_it(org: Org) -> None:
    refs = {org.customer("first", number="C-7"), org.customer("second", number="C-7"), org.customer("third")}
    found = (await org.adapter.customers_by_number(["C-7", "C-8"]))["C-7"]
    assert {record.ref for record in found} < refs
    assert len(found) == 2


async def test_a_number_of_another_case_is_no_explicit_link(org: Org) -> None:
    org.customer("C-7a")
    found = await org.adapter.customers_by_number(["c-7A", "C-7a", "", "x" * 300, "it's \\ here"])
    assert {number: len(records) for number, records in found.items()} == {
        "c-7A": 0, "C-7a": 1, "": 0, "x" * 300: 0, "it's \\ here": 0,
    }  # fmt: skip


async def test_a_number_with_quotes_and_backslashes_is_found(org: Org) -> None:
    odd = 'O\'Brien \\ "Söhne"\t_%'
    org.customer("odd", number=odd)
    assert len((await org.adapter.customers_by_number([odd]))[odd]) == 1


async def test_an_account_without_a_number_is_found_by_its_id_alone(org: Org) -> None:
    ref = org.customer("C-1", keyed=frozenset())
    assert (await org.adapter.customers_by_number(["C-1"]))["C-1"] == ()
    record = (await org.adapter.customer_records([ref]))[ref]
    assert record is not None
    assert record.number is None


async def test_all_customers_come_in_batches_with_their_number(org: Org, monkeypatch) -> None:
    monkeypatch.setattr(customers, "SCAN_ROWS", 40)
    refs = {org.customer(f"C-{place}") for place in range(100)}
    await org.warm()
    batches = await scanned(org)
    assert [len(batch.records) for batch in batches] == [40, 40, 20]
    assert {batch.total for batch in batches} == {100}
    assert {record.ref for batch in batches for record in batch.records} == refs
    assert batches[-1].resume is None
    assert org.count() == 3


async def test_a_scan_goes_on_where_it_was_stopped(org: Org, monkeypatch) -> None:
    monkeypatch.setattr(customers, "SCAN_ROWS", 40)
    for place in range(100):
        org.customer(f"C-{place}")
    first = (await scanned(org))[0]
    rest = await scanned(org, first.resume)
    ids = [record.ref.id for batch in (first, *rest) for record in batch.records]
    assert len(ids) == len(set(ids)) == 100


async def test_a_scan_that_ends_on_a_full_batch_says_so(org: Org, monkeypatch) -> None:
    monkeypatch.setattr(customers, "SCAN_ROWS", 40)
    for place in range(40):
        org.customer(f"C-{place}")
    batches = await scanned(org)
    assert [(len(batch.records), batch.resume is None) for batch in batches] == [(40, False), (0, True)]


async def test_a_scan_over_short_pages_leaves_nobody_out(org: Org) -> None:
    org.rest.page_rows = 7
    for place in range(30):
        org.customer(f"C-{place}")
    batches = await scanned(org)
    assert sum(len(batch.records) for batch in batches) == 30


async def test_a_customer_who_is_not_in_the_crm_is_not_here(org: Org) -> None:
    org.customer("C-1", systems=frozenset(["billing"]))
    org.person("C-1", "P1")
    assert [batch.records for batch in await scanned(org)] == [()]


async def test_the_crms_own_spelling_of_a_name_is_told(org: Org) -> None:
    ref = org.customer("C-1", names_by_system={CRM: "C1 Works Ltd."})
    record = (await org.adapter.customer_records([ref]))[ref]
    assert record is not None
    assert record.name == "C1 Works Ltd."


async def test_a_contracts_number_finds_its_customer(org: Org) -> None:
    ref = org.filled(2)[1]
    assert await org.adapter.customers_of_document("00000001") == (ref,)
    assert await org.adapter.customers_of_document("no such") == ()
    assert await org.adapter.customers_of_document("") == ()


async def test_contract_states_and_amounts(org: Org) -> None:
    ref = org.customer("C-1")
    org.contract("C-1", "1", days=1, months=24, credit_cap=Decimal(250000), currency="JPY", auto_renew=True)
    org.contract("C-1", "2", days=2, status="draft", total_value=Decimal("12.25"), currency="KWD", sla_tier="gold")
    org.contract("C-1", "3", days=3, status="terminated")
    org.contract("C-1", "4", days=800, months=12)
    records = {record.number: record for record in (await org.adapter.contracts_of([ref], Window()))[ref].records}
    assert [records[number].status for number in "1234"] == [
        ContractStatus.ACTIVE, ContractStatus.DRAFT, ContractStatus.TERMINATED, ContractStatus.EXPIRED,
    ]  # fmt: skip
    assert records["4"].vendor_status == "Activated"
    assert records["1"].credit_cap == Money(250000, "JPY")
    assert records["2"].total_value == Money(12250, "KWD")
    assert (records["1"].auto_renew, records["2"].sla_tier) == (True, "gold")


async def test_a_label_of_the_organizations_own_may_be_given_a_meaning(org: Org) -> None:
    ref = org.customer("C-1")
    org.contract("C-1", "1", status="activated")
    adapter = org.connect(contract_statuses={"Activated": "SUSPENDED"})
    assert (await adapter.contracts_of([ref], Window()))[ref].records[0].status is ContractStatus.SUSPENDED


async def test_a_sale_is_won_by_the_table_of_stages_whatever_the_stage_is_called(org: Org) -> None:
    org.data.stages["Closed Won"] = ("Gewonnen", 100, True, True)
    ref = org.customer("C-1")
    org.sale("C-1", "O1", days=1, stage="Closed Won")
    org.sale("C-1", "O2", days=2, stage="Closed Lost")
    org.sale("C-1", "O3", days=3, stage="Negotiation")
    records = (await org.adapter.opportunities_of([ref], Window()))[ref].records
    assert [(record.stage, record.won, record.probability) for record in records] == [
        ("Gewonnen", True, 1.0),
        ("Closed Lost", False, 0.0),
        ("Negotiation", None, 0.9),
    ]
    assert records[0].amount == Money(800050, "EUR")
    assert records[0].at < NOW


async def test_a_reference_of_another_type_is_not_asked_for(org: Org) -> None:
    ref = org.customer("C-1")
    foreign = CustomerRef("organization", ref.id)
    await org.warm()
    assert await org.adapter.customer_records([foreign]) == {foreign: None}
    assert org.count() == 0
