"""What sales has agreed with a customer and hopes to agree."""

import random
from datetime import datetime, timedelta

from sources.simulation.facts import ContractSigned, Fact, OpportunityMoved
from sources.simulation.world.companies import Company, price

OPPORTUNITIES = {"small": (0, 1), "medium": (0, 2), "big": (1, 4)}
STAGES = ("Prospecting", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
CREDIT_CAPS = {"standard": None, "premium": 500, "enterprise": 2_500}
TOPICS = ("More seats", "Renewal", "Premium support", "A second site", "Data warehouse add-on")


def crm_of(company: Company, rng: random.Random, until: datetime) -> list[Fact]:
    """Contracts and opportunities."""
    return [*_contracts(company, rng, until), *_opportunities(company, rng, until)]


def _contracts(company: Company, rng: random.Random, until: datetime) -> list[Fact]:
    if company.size == "small" and rng.random() < 0.6:
        return []
    facts: list[Fact] = []
    signed = company.known.at + timedelta(hours=5)
    months = 12 if (until - signed).days > 400 else 24
    while signed < until:
        facts.append(contract(company, len(facts) + 1, signed, months, rng.choice((12_000, 36_000, 90_000))))
        signed += timedelta(days=months * 365 // 12)
    return facts


def contract(
    company: Company, sequence: int, at: datetime, months: int, worth: int, status: str = "activated"
) -> ContractSigned:
    """A contract whose service level and credit cap follow the customer's tier."""
    known = company.known
    cap = CREDIT_CAPS[known.tier]
    return ContractSigned(
        at=at,
        customer=company.key,
        number=f"{company.index:06}{sequence:02}",
        start=at.date(),
        months=months,
        status=status,
        auto_renew=sequence % 2 == 1,
        total_value=price(worth, known.currency),
        currency=known.currency,
        sla_tier={"standard": "bronze", "premium": "silver", "enterprise": "gold"}[known.tier],
        credit_cap=price(cap, known.currency) if cap else None,
    )


def _opportunities(company: Company, rng: random.Random, until: datetime) -> list[Fact]:
    facts: list[Fact] = []
    days = max(2, (until - company.known.at).days)
    for sequence in range(1, rng.randint(*OPPORTUNITIES[company.size]) + 1):
        at = company.known.at + timedelta(days=rng.randint(1, days - 1), seconds=rng.randint(0, 40_000))
        topic, amount = rng.choice(TOPICS), rng.choice((3_000, 8_000, 25_000))
        for stage in STAGES[: rng.randint(1, 3)] + rng.choice(((), STAGES[3:4], STAGES[4:5])):
            if at <= until:
                facts.append(opportunity(company, sequence, at, topic, stage, amount))
            at += timedelta(days=rng.randint(3, 30))
    return facts


def opportunity(company: Company, sequence: int, at: datetime, topic: str, stage: str, amount: int) -> OpportunityMoved:
    """An opportunity at a stage."""
    known = company.known
    return OpportunityMoved(
        at=at,
        customer=company.key,
        key=f"O-{company.index:06}-{sequence}",
        name=f"{topic} for {known.name}",
        stage=stage,
        amount=price(amount, known.currency),
        currency=known.currency,
        close_date=at.date() + timedelta(days=0 if stage.startswith("Closed") else 45),
        owner=known.owner,
    )
