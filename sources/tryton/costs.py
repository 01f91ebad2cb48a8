"""What Tryton is asked: hundreds of keys at a time (see books.py, parties.py, lists.py)."""

from sources.costs import Batch, CallBudget, parts
from sources.tryton.client import BATCH
from sources.tryton.lists import PARTIES

LISTS = frozenset(["invoices_of", "credit_memos_of", "orders_of"])
TWOFOLD = frozenset(["ledger_accounts", "customers_of_document"])  # what is owed and dunning; invoices and sales
# The company, once; then what is asked again without a field that this server lacks, or for the rest of a day with
# more than a page of documents.
UPKEEP_CALLS = 3


def calls(batch: Batch) -> int:
    """ceil(keys / 100) for lists, ceil(keys / 500) for the rest, some of them twofold."""
    each = parts(batch.keys, PARTIES if batch.method in LISTS else BATCH)
    return each * 2 if batch.method in TWOFOLD else each


COSTS = CallBudget(calls=calls, upkeep=UPKEEP_CALLS)
