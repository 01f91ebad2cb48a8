"""What Stripe is asked: one customer or one object at a time (see client.py, windows.py)."""

from sources.capabilities import MAX_UPSTREAM_PAGES
from sources.costs import Batch, CallBudget, parts
from sources.stripe.customers import CLAUSES

DIALECT_CALLS = 1  # to learn once which dialect a server speaks: a call of its own, or one that is asked again
# A list of notes and what moved the balance; a memo, and whether it was countered since.
MEMO_CALLS = {"credit_memos_of": 2, "credit_memos": 2}
LONG_PARTS = 1  # an invoice with more than ten payments, a payment with more than ten refunds: rare, a call


def calls(batch: Batch) -> int:
    """A call or two for each key; where a filter leaves pages short, up to MAX_UPSTREAM_PAGES for each."""
    if batch.method == "customers_by_number":
        return parts(batch.keys, CLAUSES)
    return batch.keys * MEMO_CALLS.get(batch.method, 1) * (MAX_UPSTREAM_PAGES if batch.filtered else 1)


COSTS = CallBudget(calls=calls, upkeep=DIALECT_CALLS + LONG_PARTS)
