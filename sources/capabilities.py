"""What a source can give, as protocols: a batch of keys in, a mapping out.

Rules of every method, which the contract suite holds against each vendor:
- every key asked for is in the answer, once, whatever the order or the duplicates in the question;
- a key that the source does not know holds None (one record) or an empty Page (a list);
- a key may hold a SourceFault: what failed for one key leaves the others alone. A fault that concerns
  all keys is raised;
- a list gives the newest first, ties by record id descending, about PAGE_SIZE records for a key, only
  such as fit the window's filter; where the vendor cannot filter, at most MAX_UPSTREAM_PAGES are read and
  `next` says where to go on;
- N keys cost ceil(N / the vendor's own batch size) calls.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec

from sources.canonical.billing import (
    CreditMemo,
    CustomerSubscription,
    Dispute,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    Payment,
    Refund,
)
from sources.canonical.crm import Contact, Contract, Opportunity
from sources.canonical.customer import CustomerRecord
from sources.canonical.erp import ErpAccount, LedgerDocument, Order, TaxContext
from sources.canonical.provenance import CustomerRef, Position
from sources.canonical.support import CaseMessage, CasePriority, CaseStatus, SupportCase
from sources.faults import SourceFault

PAGE_SIZE = 100  # records for a customer in one answer: the largest page that Zendesk and Stripe give
MAX_UPSTREAM_PAGES = 5  # read while a filter that the vendor lacks leaves a page short

R = TypeVar("R")
K = TypeVar("K")
Answer: TypeAlias = Mapping[K, R | SourceFault]


class CaseFilter(msgspec.Struct, frozen=True):
    """Which cases; empty means all."""

    status: frozenset[CaseStatus] = frozenset()
    priority: frozenset[CasePriority] = frozenset()


class InvoiceFilter(msgspec.Struct, frozen=True):
    """Which invoices; `overdue` is judged against `today`."""

    status: frozenset[InvoiceStatus] = frozenset()
    overdue: bool | None = None
    issued_after: date | None = None
    today: date | None = None


class Window(msgspec.Struct, frozen=True):
    """Which part of a list: what comes after a position, of what fits the filter."""

    after: Position | None = None
    filter: CaseFilter | InvoiceFilter | None = None


class Page(msgspec.Struct, Generic[R], frozen=True):
    """A part of a list. `next` is where to go on; None where nothing older fits."""

    records: tuple[R, ...]
    next: Position | None = None


class Change(msgspec.Struct, frozen=True):
    """Something that changed at a source: what kind of record, which, whose, when."""

    kind: str  # "customer", or the canonical record's name, e.g. "Invoice"
    record_id: str
    customer_ref: CustomerRef | None
    at: datetime


class Changes(msgspec.Struct, frozen=True):
    """What changed since a watermark. `more`: ask again at once. Changes may come twice."""

    changes: tuple[Change, ...]
    watermark: str
    more: bool = False


class CustomerBatch(msgspec.Struct, frozen=True):
    """A part of all customers. `resume` is where to go on after this batch; None at the end."""

    records: tuple[CustomerRecord, ...]
    resume: str | None
    total: int | None = None  # how many there are in all, where the vendor says so


@runtime_checkable
class CustomerReads(Protocol):
    """The records that stand for customers: what the crosswalk is made of."""

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, CustomerRecord | None]: ...
    async def customers_by_number(self, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]: ...
    def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]: ...


@runtime_checkable
class ChangeReads(Protocol):
    """What changed since a watermark; None starts now and gives no changes."""

    async def changes(self, watermark: str | None) -> Changes: ...


@runtime_checkable
class CaseReads(Protocol):
    """Support cases."""

    async def cases(self, ids: Sequence[str]) -> Answer[str, SupportCase | None]: ...
    async def cases_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[SupportCase]]: ...
    async def case_messages(self, ids: Sequence[str], window: Window) -> Answer[str, Page[CaseMessage]]: ...


@runtime_checkable
class ContactReads(Protocol):
    """People at a customer."""

    async def contacts(self, ids: Sequence[str]) -> Answer[str, Contact | None]: ...
    async def contacts_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Contact]]: ...


@runtime_checkable
class ContractReads(Protocol):
    """Contracts."""

    async def contracts(self, ids: Sequence[str]) -> Answer[str, Contract | None]: ...
    async def contracts_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Contract]]: ...


@runtime_checkable
class OpportunityReads(Protocol):
    """Sales opportunities."""

    async def opportunities(self, ids: Sequence[str]) -> Answer[str, Opportunity | None]: ...
    async def opportunities_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Opportunity]]: ...


@runtime_checkable
class SubscriptionReads(Protocol):
    """Subscriptions, ended ones too."""

    async def subscriptions(self, ids: Sequence[str]) -> Answer[str, CustomerSubscription | None]: ...
    async def subscriptions_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[CustomerSubscription]]: ...


@runtime_checkable
class InvoiceReads(Protocol):
    """Invoices to customers, without credit notes."""

    async def invoices(self, ids: Sequence[str]) -> Answer[str, Invoice | None]: ...
    async def invoices_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Invoice]]: ...
    async def invoice_lines(self, ids: Sequence[str]) -> Answer[str, tuple[InvoiceLine, ...]]: ...


@runtime_checkable
class PaymentReads(Protocol):
    """Payments, each with its refunds; a refund alone by its id."""

    async def refunds(self, ids: Sequence[str]) -> Answer[str, Refund | None]: ...
    async def payments(self, ids: Sequence[str]) -> Answer[str, Payment | None]: ...
    async def payments_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[Payment]]: ...


@runtime_checkable
class CreditMemoReads(Protocol):
    """Credit memos."""

    async def credit_memos(self, ids: Sequence[str]) -> Answer[str, CreditMemo | None]: ...
    async def credit_memos_of(
        self, customers: Sequence[CustomerRef], window: Window
    ) -> Answer[CustomerRef, Page[CreditMemo]]: ...


@runtime_checkable
class DisputeReads(Protocol):
    """Disputes, by their id or by the record id of the payment that they are about."""

    async def disputes(self, ids: Sequence[str]) -> Answer[str, Dispute | None]: ...
    async def disputes_of_payments(self, payments: Sequence[str]) -> Answer[str, tuple[Dispute, ...]]: ...


@runtime_checkable
class OrderReads(Protocol):
    """Orders."""

    async def orders(self, ids: Sequence[str]) -> Answer[str, Order | None]: ...
    async def orders_of(self, customers: Sequence[CustomerRef], window: Window) -> Answer[CustomerRef, Page[Order]]: ...


@runtime_checkable
class LedgerReads(Protocol):
    """The ledger: accounts, and documents by the number that another system gave them."""

    async def ledger_accounts(self, customers: Sequence[CustomerRef]) -> Answer[CustomerRef, ErpAccount | None]: ...
    async def ledger_documents(self, numbers: Sequence[str]) -> Answer[str, tuple[LedgerDocument, ...]]: ...


@runtime_checkable
class TaxReads(Protocol):
    """What decides how a customer is taxed."""

    async def tax_contexts(self, customers: Sequence[CustomerRef]) -> Answer[CustomerRef, TaxContext | None]: ...


@runtime_checkable
class DocumentSearch(Protocol):
    """Whose document carries a number: a case, an invoice, an order, a contract."""

    async def customers_of_document(self, number: str) -> tuple[CustomerRef, ...]: ...
