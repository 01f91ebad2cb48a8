"""The objects of the organization: their fields, types and values.

Source: Object Reference (Account, Contact, Contract, ContractStatus, Opportunity), Compound Address Fields.
[V] AccountNumber is neither unique nor the id; CurrencyIsoCode exists in multi-currency organizations only;
EndDate follows StartDate and ContractTerm. [M] EndDate is the day before; the keys of a compound address;
Terminated as a StatusCode, which the reference defines but not for use through the API.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sources.salesforce.simulator.ids import record_id
from sources.salesforce.simulator.organization import PREFIXES, Organization, Row, account_number
from sources.simulation.facts import CRM

CENT = Decimal("0.01")  # a currency field holds 18 digits, 2 of them decimals, whatever the currency


class Column(NamedTuple):
    """A field: its API name, its type, how a row has it."""

    name: str
    type: str
    value: Callable[[Organization, Row], Any]


class Relation(NamedTuple):
    """A way up to a row of another object."""

    name: str
    entity: str
    row_id: Callable[[Organization, Row], str | None]


class Entity(NamedTuple):
    """An object; the keys of the dicts are in small letters, as SOQL ignores their case."""

    name: str
    columns: dict[str, Column]
    relations: dict[str, Relation]


def visible(organization: Organization, entity: Entity) -> list[Column]:
    """The columns that exist in this organization and are shown to its integration user."""
    missing = set() if organization.multi_currency else {"CurrencyIsoCode"}
    if not organization.person_accounts:
        missing |= {"IsPersonAccount", "PersonEmail", "PersonMobilePhone"}
    missing |= {column for hidden, column in organization.hidden_fields if hidden == entity.name}
    return [column for column in entity.columns.values() if column.name not in missing]


def _entity(name: str, columns: list[Column], relations: list[Relation]) -> Entity:
    every = [*_SYSTEM, *columns]
    return Entity(
        name, {column.name.lower(): column for column in every}, {link.name.lower(): link for link in relations}
    )


_SYSTEM = [
    Column("Id", "id", lambda org, row: row.id),
    Column("IsDeleted", "boolean", lambda org, row: row.deleted),
    Column("CreatedDate", "datetime", lambda org, row: row.created),
    Column("LastModifiedDate", "datetime", lambda org, row: row.stamp),
    Column("SystemModstamp", "datetime", lambda org, row: row.stamp),
]


def _fact(name: str, type_: str, attribute: str) -> Column:
    return Column(name, type_, lambda org, row: getattr(row.fact, attribute))


def _money(name: str, attribute: str) -> Column:
    def value(org: Organization, row: Row) -> Decimal | None:
        amount: Decimal | None = getattr(row.fact, attribute)
        return None if amount is None else amount.quantize(CENT)

    return Column(name, "currency", value)


def _place(name: str, attribute: str) -> Column:
    return Column(name, "string", lambda org, row: getattr(row.fact.place, attribute))


def _owner_id(org: Organization, row: Row) -> str:
    return record_id(PREFIXES["User"], row.fact.owner)


def _account(org: Organization, row: Row) -> str | None:
    return row.account


def _parent(org: Organization, row: Row) -> str | None:
    return org.account_id(row.fact.parent)


def _address(org: Organization, row: Row) -> dict[str, Any]:
    place = row.fact.place
    return {
        "city": place.city,
        "country": place.country,
        "countryCode": None,
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": place.postal_code,
        "state": place.region,
        "stateCode": None,
        "street": place.line1,
    }


def _stage(place: int) -> Callable[[Organization, Row], Any]:
    return lambda org, row: org.stages.get(row.fact.stage, (row.fact.stage, 50, False, False))[place]


def end_date(start: date, months: int) -> date:
    """The day before the same day `months` later; the last of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for day in range(start.day, start.day - 4, -1):
        try:
            return date(year, month + 1, day) - timedelta(days=1)
        except ValueError:
            continue
    raise ValueError("no month is that short")


_OWNER = Relation("Owner", "User", _owner_id)

ENTITIES = {
    entity.name.lower(): entity
    for entity in (
        _entity(
            "Account",
            [
                Column("Name", "string", lambda org, row: row.fact.names_by_system.get(CRM, row.fact.name)),
                Column("AccountNumber", "string", lambda org, row: account_number(row.fact)),
                Column("MasterRecordId", "reference", lambda org, row: None),
                Column("ParentId", "reference", _parent),
                Column("OwnerId", "reference", _owner_id),
                _fact("Industry", "picklist", "industry"),
                _fact("Website", "url", "website"),
                _fact("Phone", "phone", "phone"),
                _place("BillingStreet", "line1"),
                _place("BillingCity", "city"),
                _place("BillingState", "region"),
                _place("BillingPostalCode", "postal_code"),
                _place("BillingCountry", "country"),
                Column("BillingAddress", "address", _address),
                Column("ShippingAddress", "address", lambda org, row: None),
                _fact("CurrencyIsoCode", "picklist", "currency"),
                _fact("IsPersonAccount", "boolean", "person"),
                Column("PersonEmail", "email", lambda org, row: row.fact.email if row.fact.person else None),
                Column("PersonMobilePhone", "phone", lambda org, row: None),
                _fact("Tier__c", "picklist", "tier"),
                _fact("Legal_Name__c", "string", "legal_name"),
                _fact("Email__c", "email", "email"),
                _fact("Tax_Id__c", "string", "tax_id"),
                _fact("VIP__c", "boolean", "vip"),
                _fact("Legal_Hold__c", "boolean", "legal_hold"),
                _fact("Credit_Hold__c", "boolean", "credit_hold"),
            ],
            [_OWNER, Relation("Parent", "Account", _parent)],
        ),
        _entity(
            "Contact",
            [
                Column("AccountId", "reference", _account),
                _fact("Name", "string", "name"),
                _fact("Email", "email", "email"),
                _fact("Phone", "phone", "phone"),
                Column("MobilePhone", "phone", lambda org, row: None),
                _fact("Title", "string", "role"),
            ],
            [Relation("Account", "Account", _account)],
        ),
        _entity(
            "Contract",
            [
                Column("AccountId", "reference", _account),
                _fact("ContractNumber", "string", "number"),
                Column("Status", "picklist", lambda org, row: row.fact.status.capitalize()),
                Column("StatusCode", "picklist", lambda org, row: row.fact.status.capitalize()),
                _fact("StartDate", "date", "start"),
                _fact("ContractTerm", "int", "months"),
                Column("EndDate", "date", lambda org, row: end_date(row.fact.start, row.fact.months)),
                _fact("CurrencyIsoCode", "picklist", "currency"),
                _money("Credit_Cap__c", "credit_cap"),
                _money("Total_Value__c", "total_value"),
                _fact("Sla_Tier__c", "picklist", "sla_tier"),
                _fact("Auto_Renew__c", "boolean", "auto_renew"),
            ],
            [Relation("Account", "Account", _account)],
        ),
        _entity(
            "Opportunity",
            [
                Column("AccountId", "reference", _account),
                Column("OwnerId", "reference", _owner_id),
                _fact("Name", "string", "name"),
                Column("StageName", "picklist", _stage(0)),
                Column("Probability", "percent", lambda org, row: Decimal(_stage(1)(org, row))),
                Column("IsClosed", "boolean", _stage(2)),
                Column("IsWon", "boolean", _stage(3)),
                _money("Amount", "amount"),
                _fact("CloseDate", "date", "close_date"),
                _fact("CurrencyIsoCode", "picklist", "currency"),
            ],
            [_OWNER, Relation("Account", "Account", _account)],
        ),
        _entity("User", [Column("Name", "string", lambda org, row: row.fact)], []),
    )
}
