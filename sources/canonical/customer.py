"""The customer: what one source says (CustomerRecord), and the golden record made of it (Customer)."""

from datetime import datetime
from enum import Enum

import msgspec

from sources.canonical.erp import TaxId
from sources.canonical.provenance import CustomerRef
from sources.canonical.sensitivity import Hidden, Personal, Sensitivity, classified


class CustomerKind(Enum):
    """What a customer is."""

    ORGANIZATION = "ORGANIZATION"
    """A company, an authority, an association."""
    PERSON = "PERSON"
    """A natural person."""


class CustomerFlag(Enum):
    """What must not be overlooked about a customer."""

    VIP = "VIP"
    """Treated before others."""
    LEGAL_HOLD = "LEGAL_HOLD"
    """Nothing may be changed or deleted without the lawyers."""
    FRAUD = "FRAUD"
    """Suspected of fraud."""
    CREDIT_HOLD = "CREDIT_HOLD"
    """Nothing more is delivered on credit."""
    OTHER = "OTHER"
    """A flag of a source that has no equal here."""


class MatchMethod(Enum):
    """Why a record is believed to be this customer's."""

    EXPLICIT_KEY = "EXPLICIT_KEY"
    """The source's record carries the customer's number."""
    RULE = "RULE"
    """A rule matched: tax number, own domain, e-mail."""
    STEWARD = "STEWARD"
    """A person decided."""


@classified(Sensitivity.PERSONAL)
class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A postal address."""

    line1: str | None = None
    """Street and number."""
    line2: str | None = None
    """What goes below the street."""
    city: str | None = None
    """The place."""
    region: str | None = None
    """State, province or county."""
    postal_code: str | None = None
    """The postal code."""
    country: str | None = None
    """ISO 3166 alpha-2 code where the source has one, else its own word."""
    purpose: str | None = None
    """What it is for, e.g. billing."""


class CustomerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says about a customer: the crosswalk's input. Never shown as it is."""

    ref: CustomerRef
    number: str | None = None  # the customer's number where this source keeps it: an explicit key
    name: str
    legal_name: str | None = None
    kind: CustomerKind = CustomerKind.ORGANIZATION
    tier: str | None = None
    owner: str | None = None
    industry: str | None = None
    website: str | None = None
    flags: tuple[CustomerFlag, ...] | None = None  # None: the source does not tell
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    tax_ids: tuple[TaxId, ...] = ()
    parent: CustomerRef | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted: bool = False
    url: str | None = None


@classified(Sensitivity.INTERNAL)
class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A linked record in another system. Evidence names rules and fields, never their values."""

    system: str
    """The configured name of the source."""
    kind: str
    """The connector."""
    record_type: str
    """What the record is there, e.g. organization."""
    record_id: str
    """The vendor's own id."""
    url: str | None = None
    """The record in the vendor's own user interface."""
    method: MatchMethod
    """Why it is believed to be this customer."""
    confidence: float
    """How sure that is, 0 to 1."""
    evidence: tuple[str, ...]
    """The rules and fields that matched, never their values."""
    decided_by: str | None = None
    """The person who decided, where one did."""
    decided_at: datetime
    """When the link was made."""
    source: Hidden[str]


@classified(Sensitivity.INTERNAL)
class GoldenAlternative(msgspec.Struct, frozen=True, kw_only=True):
    """What another system says about the same field."""

    system: str
    """The system that says it."""
    value: str | None
    """What it says."""


@classified(Sensitivity.INTERNAL)
class GoldenField(msgspec.Struct, frozen=True, kw_only=True):
    """Which system won for a golden field, and what the others say."""

    name: str
    """The field of Customer, as in the schema."""
    value: str | None
    """The value that won."""
    system: str
    """The system that won."""
    rule: str
    """The rule by which it won."""
    alternatives: tuple[GoldenAlternative, ...] = ()
    """What the other systems say."""


@classified(Sensitivity.INTERNAL)
class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """One customer, whole: the golden record, kept in the crosswalk, and edges into every system."""

    uid: Hidden[str]
    number: str | None = None
    """The customer number by which the business knows it."""
    display_name: str
    """The name to show."""
    legal_name: str | None = None
    """The registered name."""
    kind: CustomerKind = CustomerKind.ORGANIZATION
    """What the customer is."""
    tier: str | None = None
    """The level of service the customer is in."""
    owner: str | None = None
    """Who looks after the customer."""
    industry: str | None = None
    """The customer's trade."""
    website: str | None = None
    """The customer's web site."""
    flags: tuple[CustomerFlag, ...] | None = None
    """What must not be overlooked."""
    emails: Personal[tuple[str, ...] | None] = None
    """E-mail addresses of the customer itself."""
    phones: Personal[tuple[str, ...] | None] = None
    """Telephone numbers, in E.164 where they could be read."""
    addresses: tuple[Address, ...] | None = None
    """Postal addresses."""
    created_at: datetime | None = None
    """Since when the customer is known."""
    identities: tuple[Identity, ...] = ()
    """One entry for each linked record in another system, with why we believe that it is the same customer."""
    survivorship: tuple[GoldenField, ...] = ()
    """Which system won for each golden field, and what the others say. An entry takes the class of its field."""
    parent_uid: Hidden[str | None] = None
