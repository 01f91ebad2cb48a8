"""Salesforce's JSON: only the fields that are read, under Salesforce's own names.

A field without a default is promised by the Object Reference; one with a default may be null, hidden from the
integration user by field-level security, or absent from the organization. Fields of the customer's own making get
their names from the settings: `of()` makes the shapes of one organization.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

ACCOUNT_FIELDS = ("tier", "legal_name", "email", "tax_id", "vip", "legal_hold", "credit_hold")
CONTRACT_FIELDS = ("credit_cap", "sla_tier", "auto_renew", "total_value")
OPTIONAL_FIELDS = ACCOUNT_FIELDS + CONTRACT_FIELDS
"""What no Salesforce organization has by itself: each is kept in a field of the customer's own making."""


class Spoiled(msgspec.Struct, frozen=True):
    """A row that did not fit its shape: whose it is."""

    Id: str
    AccountId: str | None = None


class FieldDescription(msgspec.Struct, frozen=True):
    """A field of an object, as describe has it."""

    name: str
    type: str = ""


class Describe(msgspec.Struct, frozen=True):
    """An object, as describe has it."""

    fields: list[FieldDescription]


class User(msgspec.Struct, frozen=True):
    """The user who owns a record."""

    Name: str | None = None


class AddressParts(msgspec.Struct, frozen=True):
    """A compound address field. Codes exist only where the organization has state and country picklists."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    stateCode: str | None = None
    postalCode: str | None = None
    country: str | None = None
    countryCode: str | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every row has."""

    Id: str
    CreatedDate: str


class Account(Row, frozen=True, kw_only=True):
    """A customer."""

    Name: str
    SystemModstamp: str
    IsDeleted: bool
    Industry: str | None = None
    Website: str | None = None
    Phone: str | None = None
    ParentId: str | None = None
    Owner: User | None = None
    BillingAddress: AddressParts | None = None
    ShippingAddress: AddressParts | None = None
    IsPersonAccount: bool = False
    PersonEmail: str | None = None
    PersonMobilePhone: str | None = None
    number: str | None = None
    tier: str | None = None
    legal_name: str | None = None
    email: str | None = None
    tax_id: str | None = None
    vip: bool | None = None
    legal_hold: bool | None = None
    credit_hold: bool | None = None


class Child(Row, frozen=True, kw_only=True):
    """What belongs to an account."""

    AccountId: str | None


class Contact(Child, frozen=True, kw_only=True):
    """A person."""

    Name: str | None = None
    Email: str | None = None
    Phone: str | None = None
    MobilePhone: str | None = None
    Title: str | None = None


class Contract(Child, frozen=True, kw_only=True):
    """A contract. StatusCode is the category behind the organization's own label in Status."""

    ContractNumber: str
    Status: str | None = None
    StatusCode: str | None = None
    StartDate: str | None = None
    EndDate: str | None = None
    CurrencyIsoCode: str | None = None
    credit_cap: Decimal | None = None
    sla_tier: str | None = None
    auto_renew: bool | None = None
    total_value: Decimal | None = None


class Opportunity(Child, frozen=True, kw_only=True):
    """A sale. IsClosed and IsWon follow the stage through the organization's own table of stages."""

    Name: str
    StageName: str
    IsClosed: bool
    IsWon: bool
    CloseDate: str | None = None
    Amount: Decimal | None = None
    Probability: Decimal | None = None
    Owner: User | None = None
    CurrencyIsoCode: str | None = None


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A row that changed; an account has no AccountId."""

    Id: str
    SystemModstamp: str
    AccountId: str | None = None


class Shapes(msgspec.Struct, frozen=True):
    """The shapes of one organization."""

    account: type[Account]
    contact: type[Contact]
    contract: type[Contract]
    opportunity: type[Opportunity]


def of(customer_key: str, fields: Mapping[str, str]) -> Shapes:
    """The shapes with the names that this organization gave to its own fields.

    Raises ValueError where a name is that of a field which is read anyway, or is given twice.
    """
    return Shapes(
        account=_renamed(Account, {"number": customer_key} | {n: fields[n] for n in ACCOUNT_FIELDS if n in fields}),
        contact=Contact,
        contract=_renamed(Contract, {n: fields[n] for n in CONTRACT_FIELDS if n in fields}),
        opportunity=Opportunity,
    )


def _renamed(shape: type[Any], names: dict[str, str]) -> type[Any]:
    inherited = {field.name: field for field in msgspec.structs.fields(shape)}
    taken = [*names.values(), *(set(inherited) - set(names))]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} would be read for two of our fields")
    fields = [(name, inherited[name].type, None) for name in names]
    return msgspec.defstruct(shape.__name__, fields, bases=(shape,), rename=names, frozen=True, kw_only=True)
