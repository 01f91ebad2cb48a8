"""Salesforce's rows as canonical records: pure, one row in, one record out.

A value that cannot be read (a date that is none, an amount finer than its currency's minor unit) raises ValueError;
whoever asked makes that the fault of the one customer whom it concerns.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec

from sources.canonical.crm import Contact, Contract, ContractStatus, Opportunity
from sources.canonical.customer import Address, CustomerFlag, CustomerKind, CustomerRecord
from sources.canonical.erp import TaxId
from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef, Origin, Provenance
from sources.salesforce import shapes

MAPPING_VERSION = 1
ACCOUNT = "Account"

CATEGORIES = {
    "Draft": ContractStatus.DRAFT,
    "InApproval": ContractStatus.DRAFT,
    "Activated": ContractStatus.ACTIVE,
    "Terminated": ContractStatus.TERMINATED,
    "Expired": ContractStatus.EXPIRED,
}
"""Source: Object Reference, ContractStatus: the category of a label, StatusCode."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Under what circumstances rows were read."""

    origin: Origin
    fetched_at: datetime
    web: str | None = None  # the origin of the user interface
    currency: str = "EUR"  # of amounts without a currency of their own
    contract_statuses: Mapping[str, ContractStatus] = {}

    def url(self, entity: str, record_id: str) -> str | None:
        return f"{self.web}/lightning/r/{entity}/{record_id}/view" if self.web else None

    def stamp(self, entity: str, record_id: str) -> Provenance:
        return self.origin.stamp(record_id, self.fetched_at, self.url(entity, record_id))


def customer(row: shapes.Account, reading: Reading) -> CustomerRecord:
    """An account. Its domain is the host of its web site; a person account is a person."""
    return CustomerRecord(
        ref=CustomerRef(ACCOUNT, row.Id),
        number=row.number,
        name=row.Name,
        legal_name=row.legal_name,
        kind=CustomerKind.PERSON if row.IsPersonAccount else CustomerKind.ORGANIZATION,
        tier=row.tier,
        owner=row.Owner.Name if row.Owner else None,
        industry=row.Industry,
        website=row.Website,
        flags=_flags(row),
        emails=_known(row.PersonEmail, row.email),
        phones=_known(row.Phone, row.PersonMobilePhone),
        domains=_domains(row.Website),
        addresses=_addresses(row),
        tax_ids=(TaxId(type="tax_id", value=row.tax_id),) if row.tax_id else (),
        parent=CustomerRef(ACCOUNT, row.ParentId) if row.ParentId else None,
        created_at=instant(row.CreatedDate),
        updated_at=instant(row.SystemModstamp),
        deleted=row.IsDeleted,
        url=reading.url(ACCOUNT, row.Id),
    )


def contact(row: shapes.Contact, reading: Reading) -> Contact:
    """A person at the account that Contact.AccountId names; relations to further accounts are not read."""
    return Contact(
        provenance=reading.stamp("Contact", row.Id),
        at=instant(row.CreatedDate),
        customer_ref=account_ref(row.AccountId),
        name=row.Name,
        email=row.Email,
        phone=row.Phone or row.MobilePhone,
        role=row.Title,
    )


def contract(row: shapes.Contract, reading: Reading) -> Contract:
    """A contract; one in force whose last day has passed is EXPIRED."""
    currency = row.CurrencyIsoCode or reading.currency
    end = _day(row.EndDate)
    return Contract(
        provenance=reading.stamp("Contract", row.Id),
        at=instant(row.CreatedDate),
        customer_ref=account_ref(row.AccountId),
        number=row.ContractNumber,
        status=_contract_status(row, end, reading),
        vendor_status=row.Status,
        start_date=_day(row.StartDate),
        end_date=end,
        auto_renew=row.auto_renew,
        total_value=_money(row.total_value, currency),
        sla_tier=row.sla_tier,
        credit_cap=_money(row.credit_cap, currency),
    )


def opportunity(row: shapes.Opportunity, reading: Reading) -> Opportunity:
    """An opportunity; whether it is won is what the organization's table of stages says, never the stage's name."""
    return Opportunity(
        provenance=reading.stamp("Opportunity", row.Id),
        at=instant(row.CreatedDate),
        customer_ref=account_ref(row.AccountId),
        name=row.Name,
        stage=row.StageName,
        amount=_money(row.Amount, row.CurrencyIsoCode or reading.currency),
        probability=None if row.Probability is None else float(row.Probability / 100),
        close_date=_day(row.CloseDate),
        won=row.IsWon if row.IsClosed else None,
        owner=row.Owner.Name if row.Owner else None,
    )


def account_ref(account_id: str | None) -> CustomerRef | None:
    """The customer whose record this is; a contact or a sale may belong to nobody."""
    return CustomerRef(ACCOUNT, account_id) if account_id else None


def instant(text: str) -> datetime:
    """A dateTime as Salesforce writes it, "2026-11-21T10:00:00.000+0000"; raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.of(amount, currency)


def _contract_status(row: shapes.Contract, end: date | None, reading: Reading) -> ContractStatus:
    status = reading.contract_statuses.get(row.Status or "") or CATEGORIES.get(
        row.StatusCode or "", ContractStatus.OTHER
    )
    if status is ContractStatus.ACTIVE and end is not None and end < reading.fetched_at.date():
        return ContractStatus.EXPIRED
    return status


def _flags(row: shapes.Account) -> tuple[CustomerFlag, ...] | None:
    told = {
        CustomerFlag.VIP: row.vip,
        CustomerFlag.LEGAL_HOLD: row.legal_hold,
        CustomerFlag.CREDIT_HOLD: row.credit_hold,
    }
    if all(value is None for value in told.values()):
        return None
    return tuple(flag for flag, value in told.items() if value)


def _known(*values: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _domains(website: str | None) -> tuple[str, ...]:
    if not website:
        return ()
    host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    domain = host.removeprefix("www.")
    return (domain,) if "." in domain else ()


def _addresses(row: shapes.Account) -> tuple[Address, ...]:
    parts = ((row.BillingAddress, "billing"), (row.ShippingAddress, "shipping"))
    return tuple(address for compound, purpose in parts if (address := _address(compound, purpose)))


def _address(parts: shapes.AddressParts | None, purpose: str) -> Address | None:
    if parts is None or not any((parts.street, parts.city, parts.postalCode, parts.country, parts.countryCode)):
        return None
    lines = [line.strip() for line in (parts.street or "").splitlines() if line.strip()]
    return Address(
        line1=lines[0] if lines else None,
        line2=", ".join(lines[1:]) or None,
        city=parts.city,
        region=parts.state or parts.stateCode,
        postal_code=parts.postalCode,
        country=parts.countryCode or parts.country,
        purpose=purpose,
    )
