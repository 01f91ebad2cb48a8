"""The world as facts: what happened at one company's customers, in no vendor's words.

The history of the world is a list of facts in order of time; what happens later is more facts. Each simulator
absorbs those that its vendor would know about. Ids (`number`, `key`) are the world's; a simulator keeps its
own vendor-like ids and remembers which is which.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

SUPPORT, BILLING, ERP, CRM = "support", "billing", "erp", "crm"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, to whom and when (UTC). `customer` is the company's key in the world."""

    at: datetime
    customer: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A postal address; country is ISO 3166 alpha-2."""

    line1: str
    city: str
    postal_code: str
    country: str
    region: str | None = None


class CustomerKnown(Fact, frozen=True, kw_only=True):
    """A customer came to be, or its data changed (then the same `customer` again; a newer fact replaces)."""

    number: str  # the customer number, e.g. "C-000123"; the same as `customer` unless the story differs
    name: str
    legal_name: str
    person: bool = False
    systems: frozenset[str]  # in which of SUPPORT, BILLING, ERP, CRM it has a record
    keyed: frozenset[str]  # in which of these the record carries the customer number
    names_by_system: dict[str, str] = {}  # where a system spells the name differently
    emails_by_system: dict[str, str] = {}  # where a system has another address
    domain: str | None
    email: str
    phone: str
    place: Place
    tax_id: str | None = None  # e.g. "DE123456789" (an EU VAT number), or the country's own
    currency: str
    industry: str
    tier: str  # "standard" | "premium" | "enterprise"
    owner: str  # the account manager's name
    website: str | None = None
    parent: str | None = None  # the parent's key
    vip: bool = False
    legal_hold: bool = False
    credit_limit: Decimal | None = None
    credit_hold: bool = False
    payment_terms_days: int = 30
    tax_exempt: bool = False


class PersonJoined(Fact, frozen=True, kw_only=True):
    """A person at the customer: a CRM contact and a support end user."""

    key: str
    name: str
    email: str
    phone: str | None = None
    role: str


class ContractSigned(Fact, frozen=True, kw_only=True):
    """A contract in the CRM."""

    number: str
    start: date
    months: int
    status: str = "activated"  # "draft" | "activated" | "terminated"
    auto_renew: bool = False
    total_value: Decimal | None = None
    currency: str
    sla_tier: str | None = None
    credit_cap: Decimal | None = None


class OpportunityMoved(Fact, frozen=True, kw_only=True):
    """An opportunity came to be or moved to another stage (the same key again)."""

    key: str
    name: str
    stage: str  # "Prospecting" | "Proposal" | "Negotiation" | "Closed Won" | "Closed Lost"
    amount: Decimal
    currency: str
    close_date: date
    owner: str


class SubscriptionChanged(Fact, frozen=True, kw_only=True):
    """A subscription in billing began or changed (the same key again)."""

    key: str
    plan: str
    quantity: int
    unit_amount: Decimal
    currency: str
    interval: str  # "month" | "year"
    status: str  # "active" | "trialing" | "past_due" | "canceled" | "paused" | "unpaid"
    started_at: datetime
    period_end: datetime
    cancel_at: datetime | None = None


class WorldLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an invoice, net; tax_rate is a percentage."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal


class InvoiceIssued(Fact, frozen=True, kw_only=True):
    """An invoice: in billing, and posted in the ERP unless `ledger` says otherwise."""

    number: str
    currency: str
    issued: date
    due: date
    lines: tuple[WorldLine, ...]
    subscription: str | None = None
    ledger: str = "agrees"  # "agrees" | "differs" (the ledger has ledger_total) | "missing"
    ledger_total: Decimal | None = None
    in_billing: bool = True  # False: an invoice that only the ledger has
    ledger_copies: int = 1  # 2: somebody entered it twice, with the same reference


class InvoiceClosed(Fact, frozen=True, kw_only=True):
    """An invoice was withdrawn or given up."""

    number: str
    how: str  # "void" | "uncollectible"


class PaymentTried(Fact, frozen=True, kw_only=True):
    """A payment by card or transfer for an invoice. A failed one leaves the invoice as it was."""

    key: str
    invoice: str
    amount: Decimal
    currency: str
    method: str  # "card" | "sepa_debit" | "bank_transfer"
    succeeded: bool = True
    failure: str | None = None  # e.g. "card_declined"
    in_ledger: bool = True  # whether the ledger has booked it


class RefundMade(Fact, frozen=True, kw_only=True):
    """Money given back for a payment."""

    key: str
    payment: str
    amount: Decimal
    currency: str
    reason: str
    status: str = "succeeded"  # "succeeded" | "pending" | "failed"


class CreditIssued(Fact, frozen=True, kw_only=True):
    """A credit memo against an invoice, in billing and in the ledger; amount is gross."""

    key: str
    invoice: str
    amount: Decimal
    currency: str
    reason: str  # "SLA_BREACH" | "SERVICE_FAILURE" | "BILLING_ERROR" | "DUPLICATE" | "GOODWILL"
    case: str | None = None  # the case's key


class DisputeOpened(Fact, frozen=True, kw_only=True):
    """A card holder disputed a payment (the same key again: its status changed)."""

    key: str
    payment: str
    amount: Decimal
    currency: str
    reason: str  # e.g. "product_not_received"
    status: str = "needs_response"  # "needs_response" | "under_review" | "won" | "lost"


class CaseOpened(Fact, frozen=True, kw_only=True):
    """A support case was opened by a person of the customer."""

    key: str  # decimal digits: the number that the customer is told
    subject: str
    text: str
    requester: str  # a PersonJoined key
    assignee: str | None
    priority: str | None  # "low" | "normal" | "high" | "urgent" | None
    channel: str  # "email" | "web" | "api"
    tags: tuple[str, ...] = ()
    invoices: tuple[str, ...] = ()  # invoice numbers that it is about
    first_reply_due: datetime | None = None


class CaseMoved(Fact, frozen=True, kw_only=True):
    """A case changed its status; custom_status is the label of an own status within it."""

    key: str
    status: str  # "new" | "open" | "pending" | "hold" | "solved" | "closed"
    custom_status: str | None = None


class MessageWritten(Fact, frozen=True, kw_only=True):
    """A message or an internal note in a case."""

    key: str
    case: str
    author: str  # a PersonJoined key, or "agent:Full Name"
    public: bool
    text: str


class OrderPlaced(Fact, frozen=True, kw_only=True):
    """A sales order in the ERP (the same number again: its state changed)."""

    number: str
    currency: str
    lines: tuple[WorldLine, ...]
    state: str  # "draft" | "quotation" | "confirmed" | "processing" | "done" | "cancelled"
    placed: date


History: TypeAlias = tuple[Fact, ...]
