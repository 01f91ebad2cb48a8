"""Queries that several suites ask, and small helpers to read answers."""

from collections.abc import Iterator
from typing import Any

EVERYTHING = """
query Everything($id: ID!) {
  customer(id: $id) {
    id number displayName legalName kind tier owner industry website flags emails phones createdAt
    addresses { line1 city postalCode country }
    identities { system kind recordType recordId url method confidence evidence decidedAt }
    survivorship { name value system rule alternatives { system value } }
    parent { number }
    children(first: 5) { nodes { number } totalCount }
    contacts(first: 5) { nodes { id name email phone role provenance { system freshness } } }
    taxContext { taxIds { type value verified } exempt jurisdiction sellerEntity provenance { system } }
    status {
      standing reasons { code system } openCases highestPriority slaBreached oldestOverdueDays subscriptionState
      creditHold incomplete openExposure { amount currency } overdue { amount currency }
    }
    erpAccount {
      customerNumber creditHold paymentTerms
      receivable { amount currency } overdue { amount currency } creditLimit { amount currency }
      provenance { system freshness }
    }
    cases(first: 5) {
      nodes {
        id number subject status priority channel requester assignee openedAt
        slaMilestones { name dueAt breached }
        invoices { number } creditMemos { number }
      }
      pageInfo { hasNextPage endCursor }
    }
    contracts(first: 5) { nodes { number status startDate endDate creditCap { amount currency } slaTier } }
    subscriptions(first: 5) { nodes { plan status quantity interval recurring { amount currency } } }
    invoices(first: 5) {
      nodes {
        id number status issuedAt dueAt overdueDays
        total { amount currency } tax { amount } amountPaid { amount } balance { amount }
        lines { description quantity unitPrice total { amount } taxRate }
        payments { status amount { amount } } creditMemos { number } disputes { status } cases { number }
        ledger { system state recordId total { amount currency } difference { amount } postedAt }
      }
      pageInfo { hasNextPage endCursor }
    }
    payments(first: 5) { nodes { status amount { amount currency } refundable { amount } invoice { number } } }
    refunds(first: 5) { nodes { status amount { amount currency } payment { status } } }
    creditMemos(first: 5) {
      nodes { number status amount { amount } invoice { number } case { number } ledger { state } }
    }
    disputes(first: 5) { nodes { kind status amount { amount } invoice { number } case { number } } }
    orders(first: 5) { nodes { number status total { amount currency } placedAt } }
    opportunities(first: 5) { nodes { name stage probability won amount { amount currency } } }
    timeline(first: 10) {
      nodes { kind occurredAt title amount { amount currency } record { __typename id } provenance { system } }
      gaps { system reason }
    }
    sources { system freshness reachable fetchedAt reason }
  }
}
"""


def nodes(connection: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The nodes of a connection; none of null."""
    return connection["nodes"] if connection else []


def codes(answer: dict[str, Any]) -> set[tuple[str, str | None]]:
    """The (code, source) of every error of an answer."""
    return {(e["extensions"]["code"], e["extensions"].get("source")) for e in answer.get("errors", ())}


def leaves(value: Any) -> Iterator[Any]:
    """Every leaf of an answer."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value
