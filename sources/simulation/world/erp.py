"""What customers order. The ledger's documents follow from the invoices and payments of billing."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from sources.simulation.facts import Fact, OrderPlaced, WorldLine
from sources.simulation.world.billing import tax_rate
from sources.simulation.world.companies import Company, price

HOW_MANY = {"small": (0, 1), "medium": (0, 3), "big": (2, 6)}
WARES = (("Onboarding workshop", 1_200), ("Hardware gateway", 350), ("Training day", 900), ("Data migration", 2_400))
STATES = ("draft", "quotation", "confirmed", "processing", "done", "cancelled")


def orders_of(company: Company, rng: random.Random, until: datetime) -> list[Fact]:
    """Orders; each is placed and then, where time allows, moves on to a final state."""
    facts: list[Fact] = []
    days = max(2, (until - company.known.at).days)
    for sequence in range(1, rng.randint(*HOW_MANY[company.size]) + 1):
        at = company.known.at + timedelta(days=rng.randint(1, days - 1), seconds=rng.randint(0, 40_000))
        lines = _lines(company, rng)
        facts.append(order(company, sequence, at, lines, rng.choice(STATES[:4]), at))
        final_at = at + timedelta(days=rng.randint(5, 25))
        if final_at <= until:
            facts.append(order(company, sequence, at, lines, rng.choice(("done", "done", "cancelled")), final_at))
    return facts


def _lines(company: Company, rng: random.Random) -> tuple[WorldLine, ...]:
    return tuple(
        WorldLine(
            description=ware,
            quantity=Decimal(rng.randint(1, 5)),
            unit_price=price(amount, company.known.currency),
            tax_rate=tax_rate(company),
        )
        for ware, amount in rng.sample(WARES, rng.randint(1, 2))
    )


def order(
    company: Company, sequence: int, placed: datetime, lines: tuple[WorldLine, ...], state: str, at: datetime
) -> OrderPlaced:
    """An order in a state."""
    return OrderPlaced(
        at=at,
        customer=company.key,
        number=f"SO-{company.index:06}-{sequence}",
        currency=company.known.currency,
        lines=lines,
        state=state,
        placed=placed.date(),
    )
