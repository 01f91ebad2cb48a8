"""Row limits: which customers a token lets its bearer see."""

from resolvers import ids
from sources.canonical.actor import RowLimit
from sources.canonical.customer import Customer


def admits(rows: RowLimit, customer: Customer) -> bool:
    """True where every limit of the token holds for the customer."""
    if rows.unlimited:
        return True
    if rows.customers is not None and not _named(rows.customers, customer):
        return False
    if rows.owner is not None and customer.owner != rows.owner:
        return False
    return rows.tier is None or customer.tier == rows.tier


def _named(customers: frozenset[str], customer: Customer) -> bool:
    return customer.number in customers or ids.encode("Customer", "", customer.uid) in customers
