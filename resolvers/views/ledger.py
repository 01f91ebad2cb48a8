"""Billing's document held against the ledger's: total, currency, party and state."""

from typing import Any

from strawberry.types import Info

from resolvers.context import context
from resolvers.errors import from_fault
from sources.canonical.billing import CreditMemo, CreditMemoStatus, Invoice, InvoiceStatus
from sources.canonical.erp import LedgerDocument, LedgerMatch, LedgerState
from sources.canonical.money import Money
from sources.faults import SourceFault
from sources.systems import System
from sources.writing import ledger_reference

WITH_LEDGER = ("invoices_of", "credit_memos_of")  # the lists whose records are looked for in the ledger


async def ledger_match(document: Invoice | CreditMemo, info: Info[Any, Any]) -> LedgerMatch | None:
    """The same document in the ledger. None for a draft, for a document of the ledger itself, and without a ledger."""
    shared = context(info)
    ledgers = [each for each in shared.systems.of("ledger") if each.uid != document.provenance.source]
    number = document.number or _own_reference(document)
    if not ledgers or number is None or document.status.value == "DRAFT":
        return None
    ledger = ledgers[0]
    try:
        found = await _booked(document, number, ledger, info)
    except SourceFault as fault:
        raise from_fault(ledger.name, fault) from None
    if not found:
        age = (shared.started_at - document.at).total_seconds()
        state = LedgerState.PENDING if age < shared.posting_lag_seconds else LedgerState.MISSING
        return LedgerMatch(system=ledger.name, source=ledger.uid, state=state)
    return await _compared(document, found, ledger, info)


async def _booked(
    document: Invoice | CreditMemo, number: str, ledger: System, info: Info[Any, Any]
) -> tuple[LedgerDocument, ...]:
    """What the ledger has under our own reference, where we wrote the document; else under its number."""
    loaders, key = context(info).loaders, _own_reference(document) or number
    await loaders.wave(*WITH_LEDGER)
    found: tuple[LedgerDocument, ...] = await loaders.one(ledger, "ledger_documents", key)
    return found


def _own_reference(document: Invoice | CreditMemo) -> str | None:
    return ledger_reference(document.reference) if isinstance(document, CreditMemo) else None


async def _compared(
    document: Invoice | CreditMemo, found: tuple[LedgerDocument, ...], ledger: System, info: Info[Any, Any]
) -> LedgerMatch:
    shared = context(info)
    booked = min(found, key=lambda each: (each.canceled, each.posted_at is None, each.record_id))
    same_party = await _same_party(document, booked, ledger, info)
    total = _total(document)
    if booked.posted_at is None:
        young = (shared.started_at - document.at).total_seconds() < shared.posting_lag_seconds
        state = LedgerState.PENDING if young else LedgerState.DIFFERS
    elif same_party and booked.total == total and len(found) == 1 and _same_state(document, booked):
        state = LedgerState.AGREES
    else:
        state = LedgerState.DIFFERS
    return LedgerMatch(
        system=ledger.name,
        source=ledger.uid,
        state=state,
        record_id=booked.record_id,
        total=booked.total,
        difference=booked.total - total if booked.total.currency == total.currency else None,
        posted_at=booked.posted_at,
    )


async def _same_party(
    document: Invoice | CreditMemo, booked: LedgerDocument, ledger: System, info: Info[Any, Any]
) -> bool:
    shared = context(info)
    ours = await shared.loaders.owner(document)
    theirs = await shared.loaders.owner_of(ledger.uid, booked.customer_ref)
    return ours is not None and ours.uid == theirs


def _total(document: Invoice | CreditMemo) -> Money:
    return document.total if isinstance(document, Invoice) else document.amount


def _same_state(document: Invoice | CreditMemo, booked: LedgerDocument) -> bool:
    """Withdrawn in both or in neither; an invoice besides: settled in both or in neither."""
    if isinstance(document, CreditMemo):
        return booked.canceled == (document.status is CreditMemoStatus.VOID)
    if document.status in (InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE):
        return booked.canceled or booked.settled
    return not booked.canceled and booked.settled == (document.balance.minor == 0)
