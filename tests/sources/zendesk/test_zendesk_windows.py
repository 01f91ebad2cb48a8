"""Whatever the times, the ids, the states and the search's obedience: windows neither lose nor repeat a case."""

import random
from datetime import timedelta

import pytest

from sources.canonical.provenance import CustomerRef, Position
from sources.canonical.support import CaseStatus
from sources.capabilities import CaseFilter, Page, Window
from sources.zendesk.mapping import STATUSES
from tests.sources.zendesk.shop import NOW, Shop

FILTERS = (
    None,
    CaseFilter(frozenset([CaseStatus.OPEN, CaseStatus.NEW])),
    CaseFilter(frozenset([CaseStatus.CLOSED])),
)


def scatter(shop: Shop, rng: random.Random, customer: str) -> dict[Position, CaseStatus]:
    """Cases at random times, many in one second; some closed, some of these archived."""
    held: dict[Position, CaseStatus] = {}
    for _ in range(rng.choice((0, 3, 140, 260))):
        key = rng.choice((rng.randint(1, 99), rng.randint(100, 99_999)))
        at = NOW - timedelta(days=rng.choice((1, 2, 119, 200, 300)), seconds=rng.randint(0, 60))
        if key in shop.account.records.tickets:
            continue
        status = rng.choice(("new", "open", "solved", "closed"))
        shop.case(customer, key, at=at)
        shop.moved(customer, key, status, at=at + timedelta(hours=1))
        held[Position(at, str(key))] = STATUSES[status]
    return held


async def followed(shop: Shop, refs: list[CustomerRef], filter: CaseFilter | None) -> dict[CustomerRef, list[Position]]:
    """All records of all customers: the first window together, the later ones of each alone."""
    found: dict[CustomerRef, list[Position]] = {ref: [] for ref in refs}
    asked = [(refs, Window(None, filter))]
    while asked:
        some, window = asked.pop()
        for ref, page in (await shop.adapter.cases_of(some, window)).items():
            assert isinstance(page, Page), page
            found[ref] += [case.position for case in page.records]
            if page.next is not None:
                assert window.after is None or page.next < window.after
                asked.append(([ref], Window(page.next, filter)))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("obedience", ["either", "ignored", "refused"])
async def test_windows_give_every_case_once_in_order(shop: Shop, seed: int, obedience: str) -> None:
    rng = random.Random(f"{seed} {obedience}")
    names = ("ACME", "BETA", "GAMMA")
    refs = [shop.customer(name) for name in names]
    held = {ref: scatter(shop, rng, name) for ref, name in zip(refs, names, strict=True)}
    shop.account.index.repeated_keyword = obedience

    for filter in FILTERS:
        found = await followed(shop, refs, filter)
        for ref in refs:
            fitting = [place for place, status in held[ref].items() if not filter or status in filter.status]
            assert found[ref] == sorted(fitting, reverse=True), (filter, ref)
