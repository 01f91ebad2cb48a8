"""What Salesforce is asked: queries by lists of ids, several of them in one call (see composite.py, soql.py)."""

from sources.costs import Batch, CallBudget, parts
from sources.salesforce.lists import ROWS_PER_PAGE
from sources.salesforce.soql import WHERE_CHARACTERS

IDS = WHERE_CHARACTERS // 24  # in one query: an id is 18 characters in quotes with a comma, and the rest has room
ROWS_OF_A_CUSTOMER = 50  # what customers have on average in a list, at most; page after page is read beyond that
UPKEEP_CALLS = 4  # the token, two descriptions of objects, a query again without the columns that are not there


def calls(batch: Batch) -> int:
    """A query for each part of the ids, and one for each further page of rows. That queries share calls is extra."""
    pages = batch.keys * ROWS_OF_A_CUSTOMER // ROWS_PER_PAGE if batch.method.endswith("_of") else 0
    return parts(batch.keys, IDS) + pages


COSTS = CallBudget(calls=calls, upkeep=UPKEEP_CALLS)
