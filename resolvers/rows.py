"""Row limits: which customers a token lets its bearer see."""

import msgspec

from resolvers import ids
from sources.canonical.actor import RowLimit
from sources.canonical.customer import Customer


def normalized(rows: RowLimit) -> RowLimit:
    """The limit with uids in place of global ids, as the crosswalk takes it; numbers stay as they are."""
    if rows.customers is None:
        return rows
    return msgspec.structs.replace(rows, customers=frozenset(_uid(each) for each in rows.customers))


def admits(rows: RowLimit, customer: Customer) -> bool:
    """True where every limit holds for the customer."""
    if rows.unlimited:
        return True
    if rows.customers is not None and not {customer.uid, customer.number} & rows.customers:
        return False
    if rows.owner is not None and customer.owner != rows.owner:
        return False
    return rows.tier is None or customer.tier == rows.tier


def _uid(customer: str) -> str:
    try:
        parts = ids.decode(customer)
    except ids.NotAnId:
        return customer
    return parts.id if parts.type == "Customer" else customer
