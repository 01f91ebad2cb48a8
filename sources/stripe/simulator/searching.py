"""Searches: `field:'value'` clauses joined by OR, on the fields that are kept in an index here.

Source: Stripe, Search: at most ten clauses, OR or AND and never both. AND, negation, substrings, numbers and the other
fields are Stripe's too and not simulated: they answer 400. That values are compared without regard to case is
unverified.
"""

import re

from sources.stripe.simulator.asking import Wrong
from sources.stripe.simulator.records import Kept
from sources.stripe.simulator.shop import Shop

CLAUSES = 10
CLAUSE = re.compile(
    r"""\s*(?:metadata\[(?P<q>['"])(?P<key>[^'"\]]+)(?P=q)\]|(?P<field>[a-z_]+)):(?P<v>['"])(?P<value>(?:\\.|(?!(?P=v)).)*)(?P=v)\s*"""
)
FIELDS = {"customers": frozenset(["email"]), "invoices": frozenset(["number", "customer"])}


def found(shop: Shop, resource: str, query: str, visible_until: float) -> list[Kept]:
    """What a query finds of what last changed before `visible_until`, the newest first. Raises Wrong."""
    clauses = _clauses(query)
    shelf = getattr(shop, resource)
    ids: set[str] = set()
    for key, field, value in clauses:
        if key:
            ids |= shop.metadata[resource].get((key, value.lower()), set())
        elif field in FIELDS[resource]:
            ids |= {record.id for record in shelf.where(field, value if field != "number" else value.lower()).records}
        else:
            raise Wrong(400, f"Field `{field}` is an unsupported search field.", param="query")
    records = [shelf.by_id[id] for id in ids if shelf.by_id[id].changed <= visible_until]
    return sorted(records, key=lambda record: (record.created, record.sequence), reverse=True)


def _clauses(query: str) -> list[tuple[str | None, str | None, str]]:
    clauses, at = [], 0
    while True:
        match = CLAUSE.match(query, at)
        if not match:
            raise Wrong(400, "We were unable to parse your search query.", param="query")
        value = re.sub(r"\\(.)", r"\1", match["value"])
        clauses.append((match["key"], match["field"], value))
        at = match.end()
        if at == len(query):
            break
        if not query.startswith("OR ", at):
            raise Wrong(400, "We were unable to parse your search query.", param="query")
        at += 3
    if len(clauses) > CLAUSES:
        raise Wrong(400, f"Search queries may have up to {CLAUSES} clauses.", param="query")
    return clauses
