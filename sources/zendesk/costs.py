"""What Zendesk is asked: see the tables at the head of cases.py, contacts.py and customers.py."""

from sources.capabilities import MAX_UPSTREAM_PAGES
from sources.costs import Batch, CallBudget, parts
from sources.zendesk.client import MANY
from sources.zendesk.search import CHUNK

LISTS = frozenset(["cases_of", "contacts_of"])
KINDS = 2  # organizations and persons are searched for separately
UPKEEP_CALLS = 4  # the token, the account's own statuses, two that try whether searches are obeyed
LISTED_CASES = 3  # of one customer: the list; where it has none as young as that, the search and its tickets
SEARCHED_CASES = 2  # an older part of them: a page of the search, and its tickets
LISTED_CONTACTS = MAX_UPSTREAM_PAGES + 1  # of one organization: its pages, then the search


def calls(batch: Batch) -> int:
    """Lists of one, searches for many, a hundred at a time by id, messages case by case."""
    if batch.method == "case_messages":
        return batch.keys * (MAX_UPSTREAM_PAGES if batch.further else 1)
    if batch.method not in LISTS:
        return parts(batch.keys, MANY) * (KINDS if batch.method.startswith("customer") else 1)
    if batch.keys == 1:
        return _of_one(batch)
    searches = parts(batch.keys, CHUNK) + KINDS - 1
    shown = MAX_UPSTREAM_PAGES if batch.method == "cases_of" else 0
    not_obeyed = batch.keys  # then each has a list of its own
    return MAX_UPSTREAM_PAGES * searches + max(shown * searches, not_obeyed)


def _of_one(batch: Batch) -> int:
    if batch.method == "contacts_of":
        return LISTED_CONTACTS
    return SEARCHED_CASES if batch.further else LISTED_CASES


COSTS = CallBudget(calls=calls, upkeep=UPKEEP_CALLS)
