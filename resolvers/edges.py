"""Every edge that crosses to a system, once: parent, field, kind of record, capability method, filter.

A batch key is what the method takes: for a list of a customer, the record in the source that stands for the
customer; for a record by its id, the vendor's id.
"""

from typing import Any

import msgspec

from sources.canonical import billing, crm, erp, support
from sources.canonical.provenance import Listed


class ListEdge(msgspec.Struct, frozen=True):
    """A list of a customer, merged over the systems of record of its kind."""

    field: str
    record: type[Listed]
    kind: str
    method: str
    description: str


class RecordRead(msgspec.Struct, frozen=True):
    """How a record is read by its own id."""

    record: type[Any]
    kind: str
    method: str


CONTACTS = ListEdge("contacts", crm.Contact, "contact", "contacts_of", "People at the customer.")
CASES = ListEdge("cases", support.SupportCase, "case", "cases_of", "Support cases.")
CONTRACTS = ListEdge("contracts", crm.Contract, "contract", "contracts_of", "Contracts.")
SUBSCRIPTIONS = ListEdge(
    "subscriptions", billing.CustomerSubscription, "subscription", "subscriptions_of", "Subscriptions, ended ones too."
)
INVOICES = ListEdge("invoices", billing.Invoice, "invoice", "invoices_of", "Invoices.")
PAYMENTS = ListEdge("payments", billing.Payment, "payment", "payments_of", "Payments, and attempts to pay.")
CREDIT_MEMOS = ListEdge("credit_memos", billing.CreditMemo, "credit_memo", "credit_memos_of", "Credits given.")
ORDERS = ListEdge("orders", erp.Order, "order", "orders_of", "Orders.")
OPPORTUNITIES = ListEdge("opportunities", crm.Opportunity, "opportunity", "opportunities_of", "Sales that may come.")

# Lists that one method gives; refunds ride on payments, disputes are asked for by payment (types/billing.py).
CUSTOMER_LISTS = (
    CONTACTS,
    CASES,
    CONTRACTS,
    SUBSCRIPTIONS,
    INVOICES,
    PAYMENTS,
    CREDIT_MEMOS,
    ORDERS,
    OPPORTUNITIES,
)

RECORD_READS = (
    RecordRead(crm.Contact, "contact", "contacts"),
    RecordRead(support.SupportCase, "case", "cases"),
    RecordRead(crm.Contract, "contract", "contracts"),
    RecordRead(billing.CustomerSubscription, "subscription", "subscriptions"),
    RecordRead(billing.Invoice, "invoice", "invoices"),
    RecordRead(billing.Payment, "payment", "payments"),
    RecordRead(billing.Refund, "payment", "refunds"),
    RecordRead(billing.CreditMemo, "credit_memo", "credit_memos"),
    RecordRead(billing.Dispute, "dispute", "disputes"),
    RecordRead(erp.Order, "order", "orders"),
    RecordRead(crm.Opportunity, "opportunity", "opportunities"),
)
