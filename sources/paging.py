"""A part of a list out of what was read of it: order, position, filter, cut, and where to go on.

The order is the canonical one of capabilities.py: newest first, ties by record id descending, compared as strings.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

from sources.canonical.billing import Invoice, InvoiceStatus
from sources.canonical.provenance import Listed, Position
from sources.canonical.support import CaseMessage, SupportCase
from sources.capabilities import PAGE_SIZE, CaseFilter, InvoiceFilter, Page, Window
from sources.faults import NotOffered

Paged: TypeAlias = Listed | CaseMessage
R = TypeVar("R", bound=Paged)

OWED = frozenset([InvoiceStatus.OPEN, InvoiceStatus.PARTIALLY_PAID])


def position_of(record: Paged) -> Position:
    """Where a record stands in its list."""
    return record.position if isinstance(record, Listed) else Position(record.at, record.record_id)


def fits(record: Paged, filter: CaseFilter | InvoiceFilter | None) -> bool:
    """Whether a record is one of those asked for. Raises TypeError where the filter is of another kind of record."""
    if filter is None:
        return True
    if isinstance(record, SupportCase) and isinstance(filter, CaseFilter):
        return _case_fits(record, filter)
    if isinstance(record, Invoice) and isinstance(filter, InvoiceFilter):
        return _invoice_fits(record, filter)
    raise TypeError(f"a {type(filter).__name__} does not apply to a {type(record).__name__}")


def page_of(records: Sequence[R], window: Window, *, exhausted: bool, scanned_to: Position | None = None) -> Page[R]:
    """The page of a window, out of the records that were read for it.

    `exhausted`: nothing older is left at the source. `scanned_to`: up to where the list was read without a gap, if
    that is known; records beyond it are left to a later window. Without it, reading went up to the oldest record.
    The records may be in any order, may repeat, and may begin before the window. Raises NotOffered where nothing was
    read beyond the window's position although more is there: going on would never end.
    """
    scanned = _scanned(_newest_first(records), window.after, scanned_to)
    fitting = scanned if window.filter is None else [record for record in scanned if fits(record, window.filter)]
    given = tuple(fitting[:PAGE_SIZE])
    if len(fitting) > PAGE_SIZE:
        return Page(given, position_of(given[-1]))
    return Page(given, None if exhausted else _end_of(scanned, window, scanned_to))


def _newest_first(records: Sequence[R]) -> Sequence[R]:
    """The records in order, each once; they themselves where they are so already, as sources mostly give them."""
    for newer, older in pairwise(records):
        if older.at >= newer.at and position_of(older) >= position_of(newer):
            by_position = {position_of(record): record for record in records}
            return [by_position[position] for position in sorted(by_position, reverse=True)]
    return records


def _scanned(ordered: Sequence[R], after: Position | None, end: Position | None) -> Sequence[R]:
    """Those beyond the window's position and before the end of what was read without a gap: mostly all."""
    if after is not None and ordered and position_of(ordered[0]) >= after:
        ordered = [record for record in ordered if position_of(record) < after]
    if end is not None and ordered and position_of(ordered[-1]) < end:
        ordered = [record for record in ordered if position_of(record) >= end]
    return ordered


def _end_of(scanned: Sequence[Paged], window: Window, scanned_to: Position | None) -> Position:
    end = scanned_to or (position_of(scanned[-1]) if scanned else None)
    if end is None or (window.after is not None and end >= window.after):
        raise NotOffered("the list is longer than the source lets be read from its newest record on")
    return end


def _case_fits(case: SupportCase, filter: CaseFilter) -> bool:
    return (not filter.status or case.status in filter.status) and (
        not filter.priority or case.priority in filter.priority
    )


def _invoice_fits(invoice: Invoice, filter: InvoiceFilter) -> bool:
    if filter.status and invoice.status not in filter.status:
        return False
    if filter.issued_after and not (invoice.issued_at and invoice.issued_at > filter.issued_after):
        return False
    return filter.overdue is None or _overdue(invoice, filter) == filter.overdue


def _overdue(invoice: Invoice, filter: InvoiceFilter) -> bool:
    if filter.today is None:
        raise TypeError("overdue is judged against a day: InvoiceFilter.today is not set")
    owed = invoice.status in OWED and invoice.balance.minor > 0
    return owed and invoice.due_at is not None and invoice.due_at < filter.today
