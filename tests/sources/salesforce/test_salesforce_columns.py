"""Fields that an organization lacks, hides, or has named: only they are null, and `check` says so."""

import asyncio
from decimal import Decimal

import pytest

from sources.canonical.money import Money
from sources.capabilities import Window
from sources.faults import Refused
from sources.salesforce.settings import SalesforceSettings
from tests.sources.salesforce.org import Org

ALL = Window()
BASE = {"base_url": "https://acme.my.salesforce.com", "client_id": "id", "client_secret": "s"}


async def test_a_hidden_field_is_found_once_and_then_left_out(org: Org) -> None:
    refs = org.filled(2)
    org.data.hidden_fields.add(("Contact", "Email"))
    await org.warm()
    first = (await org.adapter.contacts_of(refs, ALL))[refs[0]].records[0]
    assert (first.email, first.role) == (None, "IT Manager")
    assert org.count() == 3  # the question, describe, the question without the field
    org.forget()
    await org.adapter.contacts_of(refs, ALL)
    assert org.count() == 1


async def test_a_configured_field_that_does_not_exist_leaves_the_others(org: Org) -> None:
    refs = org.filled(1)
    adapter = org.connect(fields={"tier": "Tier__c", "vip": "Gone__c"})
    record = (await adapter.customer_records(refs))[refs[0]]
    assert record is not None
    assert (record.tier, record.flags) == ("premium", None)


async def test_two_hidden_fields_of_different_objects_spoil_neither(org: Org) -> None:
    refs = org.filled(2)
    org.data.hidden_fields |= {("Contact", "Title"), ("Opportunity", "OwnerId"), ("Account", "Industry")}
    org.data.hidden_fields |= {("Contract", "Credit_Cap__c")}
    contacts, contracts, records = await asyncio.gather(
        org.adapter.contacts_of(refs, ALL), org.adapter.contracts_of(refs, ALL), org.adapter.customer_records(refs)
    )
    assert contacts[refs[0]].records[0].role is None
    assert contracts[refs[0]].records[0].credit_cap is None
    assert records[refs[0]].industry is None


async def test_a_hidden_field_that_is_needed_is_refused(org: Org) -> None:
    refs = org.filled(1)
    org.data.hidden_fields.add(("Contact", "AccountId"))
    with pytest.raises(Refused):
        await org.adapter.contacts_of(refs, ALL)


async def test_an_organization_with_one_currency_is_asked_once_and_remembered(org: Org) -> None:
    org.data.multi_currency = False
    refs = org.filled(2)
    adapter = org.connect(multi_currency="auto", currency="USD")
    sales, _ = await asyncio.gather(adapter.opportunities_of(refs, ALL), adapter.contracts_of(refs, ALL))
    assert sales[refs[0]].records[0].amount == Money(800050, "USD")
    assert org.paths() == ["oauth2/token", "data/v67.0/composite", "data/v67.0/composite"]
    org.forget()
    await asyncio.gather(adapter.opportunities_of(refs, ALL), adapter.contracts_of(refs, ALL))
    assert org.count() == 1


async def test_an_organization_with_many_currencies_is_found_out(org: Org) -> None:
    ref = org.customer("C-1")
    org.sale("C-1", "O1", currency="JPY", amount=Decimal(1500))
    adapter = org.connect(multi_currency="auto")
    sales = await adapter.opportunities_of([ref], ALL)
    assert sales[ref].records[0].amount == Money(1500, "JPY")


async def test_currencies_are_found_out_where_opportunities_are_hidden(org: Org) -> None:
    ref = org.customer("C-1")
    org.contract("C-1", "1", currency="JPY", credit_cap=Decimal(1000))
    org.data.hidden_objects.add("Opportunity")
    adapter = org.connect(multi_currency="auto")
    assert (await adapter.contracts_of([ref], ALL))[ref].records[0].credit_cap == Money(1000, "JPY")


async def test_a_well_configured_organization_has_nothing_to_mend(org: Org) -> None:
    assert await org.adapter.check() == ()
    assert org.paths() == ["oauth2/token", "data/v67.0/composite"]


async def test_check_names_each_thing_to_mend(org: Org) -> None:
    org.data.hidden_objects.add("Contract")
    org.data.hidden_fields |= {("Account", "Industry"), ("Account", "AccountNumber")}
    fields = {"tier": "Gone__c", "vip": "Tier__c", "legal_hold": "Legal_Hold__c"}
    found = await org.connect(fields=fields, multi_currency=False).check()
    assert "the integration user does not see the object Contract" in found
    assert "Account has no field Industry that the integration user sees: it stays null" in found
    assert "customer_key = AccountNumber: Account has no such field that the integration user sees" in found
    assert "fields.tier = Gone__c: Account has no such field that the integration user sees" in found
    assert "fields.vip = Tier__c: the field is of type picklist, not boolean" in found
    assert "fields.credit_cap is not set: it stays null" in found
    assert "multi_currency = false, but records carry a currency: amounts would be shown as EUR" in found
    assert not [line for line in found if "legal_hold" in line]


async def test_check_raises_where_the_credential_is_refused(org: Org) -> None:
    with pytest.raises(Refused):
        await org.connect(client_secret="wrong").check()


async def test_a_retired_version_is_refused(org: Org) -> None:
    with pytest.raises(Refused, match="retired"):
        await org.connect(api_version="v30.0").check()


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": {"tier": "Tier__c, Id FROM User"}},
        {"fields": {"tier": ""}},
        {"fields": {"shoe_size": "Shoe__c"}},
        {"fields": {"tier": "Industry"}},
        {"fields": {"tier": "X__c", "vip": "X__c"}},
        {"customer_key": "AccountNumber' OR Id != '"},
        {"customer_key": "Name"},
        {"api_version": "67.0"},
        {"currency": "euro"},
        {"token_path": "https://elsewhere.example/"},
        {"base_url": "ftp://acme"},
        {"password": "x"},
    ],
    ids=str,
)
def test_a_setting_that_would_spoil_a_query_is_refused(changes: dict) -> None:
    with pytest.raises(ValueError, match="1 validation error for SalesforceSettings"):
        SalesforceSettings.model_validate(BASE | changes)


def test_the_secret_is_not_shown() -> None:
    settings = SalesforceSettings.model_validate(BASE | {"client_secret": "do not tell"})
    assert "do not tell" not in repr(settings)
    assert settings.secrets() == ("do not tell",)


@pytest.mark.parametrize(
    ("base_url", "web"),
    [
        ("https://acme.my.salesforce.com", "https://acme.lightning.force.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.lightning.force.com"),
        ("http://127.0.0.1:8000", None),
        ("https://my.salesforce.com.elsewhere.example", None),
    ],
)
def test_the_address_of_the_user_interface_comes_from_the_configured_base(base_url: str, web: str | None) -> None:
    assert SalesforceSettings.model_validate(BASE | {"base_url": base_url}).web_origin() == web
