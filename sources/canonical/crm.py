"""CRM: contacts, contracts, opportunities."""

from datetime import date
from enum import Enum

from sources.canonical.money import Money
from sources.canonical.provenance import Listed
from sources.canonical.sensitivity import Financial, Personal, Sensitivity, classified


class ContractStatus(Enum):
    """Where a contract stands."""

    DRAFT = "DRAFT"
    """Not in force yet."""
    ACTIVE = "ACTIVE"
    """In force."""
    SUSPENDED = "SUSPENDED"
    """Out of force for a time."""
    EXPIRED = "EXPIRED"
    """Ended by its date."""
    TERMINATED = "TERMINATED"
    """Ended before its date."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


@classified(Sensitivity.INTERNAL)
class Contact(Listed, frozen=True, kw_only=True):
    """A person at the customer."""

    name: Personal[str | None] = None
    """The person's name."""
    email: Personal[str | None] = None
    """The person's e-mail address."""
    phone: Personal[str | None] = None
    """The person's telephone number."""
    role: str | None = None
    """What the person does there."""


@classified(Sensitivity.INTERNAL)
class Contract(Listed, frozen=True, kw_only=True):
    """What was agreed with the customer."""

    number: str
    """The contract's number."""
    status: ContractStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    start_date: date | None = None
    """The first day."""
    end_date: date | None = None
    """The last day."""
    auto_renew: bool | None = None
    """True where it goes on by itself."""
    total_value: Financial[Money | None] = None
    """What it is worth over its whole term."""
    sla_tier: str | None = None
    """The level of service that was promised."""
    credit_cap: Financial[Money | None] = None
    """Up to what credits may be given in 30 days."""


@classified(Sensitivity.INTERNAL)
class Opportunity(Listed, frozen=True, kw_only=True):
    """A sale that may come."""

    name: str
    """What it is about."""
    stage: str
    """The stage, in the sales team's own words."""
    amount: Financial[Money | None] = None
    """What it would bring."""
    probability: float | None = None
    """How likely it is, 0 to 1."""
    close_date: date | None = None
    """When it is expected to be decided."""
    won: bool | None = None
    """True where it was won, false where lost, null while open."""
    owner: str | None = None
    """The sales person who has it."""
