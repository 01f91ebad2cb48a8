"""ERP: the customer's account in the ledger, tax, documents, orders."""

from datetime import datetime
from enum import Enum

import msgspec

from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef, Listed, Provenance, Record
from sources.canonical.sensitivity import Financial, Hidden, Sensitivity, classified


class OrderStatus(Enum):
    """Where an order stands."""

    DRAFT = "DRAFT"
    """Not confirmed yet."""
    CONFIRMED = "CONFIRMED"
    """Promised."""
    PROCESSING = "PROCESSING"
    """Being carried out."""
    ON_HOLD = "ON_HOLD"
    """Stopped for a reason: see hold."""
    FULFILLED = "FULFILLED"
    """Delivered and invoiced."""
    CANCELED = "CANCELED"
    """Called off."""
    OTHER = "OTHER"
    """A status of the vendor's that has no equal here: see vendorStatus."""


@classified(Sensitivity.FINANCIAL)
class ErpAccount(Record, frozen=True, kw_only=True):
    """The customer's account in the ledger."""

    customer_number: str
    """The customer's number in the ledger."""
    receivable: Money | None = None
    """What the customer owes in all."""
    overdue: Money | None = None
    """What of it is past due."""
    credit_limit: Money | None = None
    """Up to what the customer may owe; null where no limit is set."""
    credit_hold: bool | None = None
    """True where nothing more is delivered on credit; null where the ledger does not tell."""
    payment_terms: str | None = None
    """How long the customer may take to pay."""


@classified(Sensitivity.TAX)
class TaxId(msgspec.Struct, frozen=True, kw_only=True):
    """A number under which a tax authority knows the customer."""

    type: str
    """The kind of number, e.g. eu_vat."""
    value: str
    """The number."""
    verified: bool | None = None
    """True where an authority confirmed it; null where that is not known."""


@classified(Sensitivity.TAX)
class TaxContext(Record, frozen=True, kw_only=True):
    """What decides how the customer is taxed."""

    tax_ids: tuple[TaxId, ...] = ()
    """The customer's tax numbers."""
    exempt: bool | None = None
    """True where the customer pays no tax."""
    jurisdiction: str | None = None
    """Where the customer is taxed: ISO 3166 country, and region where it matters."""
    seller_entity: str | None = None
    """Which of our companies sells to the customer."""


@classified(Sensitivity.INTERNAL)
class Order(Listed, frozen=True, kw_only=True):
    """What a customer ordered."""

    number: str
    """The order's number."""
    status: OrderStatus
    """Where it stands."""
    vendor_status: str | None = None
    """The vendor's own word for the status."""
    total: Financial[Money | None] = None
    """The gross amount."""
    placed_at: datetime | None = None
    """When it was placed."""
    fulfilled_at: datetime | None = None
    """When it was delivered."""
    hold: str | None = None
    """Why it is on hold, where it is."""


class LedgerDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or credit note in the ledger, to be compared with billing's. Not shown itself."""

    record_id: str
    number: str | None
    reference: str | None
    customer_ref: CustomerRef
    total: Money  # gross; positive for a credit note too
    balance: Money
    settled: bool  # nothing is owed any more
    canceled: bool
    posted_at: datetime | None  # None: a draft
    provenance: Provenance


class LedgerState(Enum):
    """Whether the ledger has the same document."""

    AGREES = "AGREES"
    """Total, currency, party and state are the same."""
    DIFFERS = "DIFFERS"
    """The document is there and something differs."""
    MISSING = "MISSING"
    """The ledger answered that it has no such document."""
    PENDING = "PENDING"
    """Not in the ledger yet, and younger than the configured posting lag."""


@classified(Sensitivity.FINANCIAL)
class LedgerMatch(msgspec.Struct, frozen=True, kw_only=True):
    """The same document in the ledger, and whether the two agree."""

    system: str
    """The ledger that was asked."""
    state: LedgerState
    """Whether the two agree."""
    record_id: str | None = None
    """The ledger's own id of the document."""
    total: Money | None = None
    """The ledger's gross amount."""
    difference: Money | None = None
    """The ledger's amount minus billing's; null where the currencies differ or there is none."""
    posted_at: datetime | None = None
    """When the ledger posted it."""
    source: Hidden[str]
