"""The world told: who the customers are and what happened to them, in order of time."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from sources.simulation.facts import (
    BILLING,
    CRM,
    ERP,
    SUPPORT,
    CaseOpened,
    CreditIssued,
    CustomerKnown,
    Fact,
    History,
    InvoiceIssued,
)
from sources.simulation.world.billing import billing_of
from sources.simulation.world.cast import CAST
from sources.simulation.world.companies import Company, company
from sources.simulation.world.crm import crm_of
from sources.simulation.world.erp import orders_of
from sources.simulation.world.people import people_of
from sources.simulation.world.plots import PLOTS, Script
from sources.simulation.world.support import support_of

SEED = 7
CUSTOMERS = 500


def world(*, seed: int = SEED, customers: int = CUSTOMERS, until: datetime | None = None) -> History:
    """What happened at that many customers in the two years up to `until` (now), oldest first.

    The same arguments give the same facts. The cast is always there, so there are at least as many customers as parts.
    """
    end = until or datetime.now(UTC).replace(microsecond=0)
    facts: list[Fact] = []
    for index in range(1, max(customers, len(CAST)) + 1):
        facts.extend(history_of(company(index, seed, end), seed, end))
    facts.sort(key=lambda fact: fact.at)
    return tuple(facts)


def customers_only(
    count: int, *, seed: int = SEED, until: datetime | None = None, first: int = 1
) -> Iterator[CustomerKnown]:
    """The customers alone, one at a time, in the order of their numbers; for filling a source with very many."""
    end = until or datetime.now(UTC).replace(microsecond=0)
    for index in range(first, first + count):
        yield company(index, seed, end).known


def history_of(customer: Company, seed: int, until: datetime) -> list[Fact]:
    """Everything about one customer, what caused another before it where both have the same time."""
    rng = random.Random(f"{seed}/history/{customer.index}")
    systems = customer.known.systems
    people = people_of(customer, rng)
    billing = billing_of(customer, rng, until) if {BILLING, ERP} <= systems else []
    invoices = [fact for fact in billing if isinstance(fact, InvoiceIssued)]
    facts: list[Fact] = [customer.known, *people, *billing]
    if CRM in systems:
        facts += crm_of(customer, rng, until)
    if ERP in systems:
        facts += orders_of(customer, rng, until)
    if SUPPORT in systems:
        facts += support_of(customer, rng, people, invoices, until)
        facts = _credits_with_their_cases(facts)
    if customer.part is not None and customer.part.key in PLOTS:
        PLOTS[customer.part.key](Script(company=customer, people=people, facts=facts, rng=rng, until=until))
    return facts


def _credits_with_their_cases(facts: list[Fact]) -> list[Fact]:
    """A credit was given because of the latest case before it, where there was one."""
    cases = sorted((fact for fact in facts if isinstance(fact, CaseOpened)), key=lambda case: case.at)
    told: list[Fact] = []
    for fact in facts:
        if isinstance(fact, CreditIssued):
            before = [case.key for case in cases if case.at < fact.at]
            if before:
                fact = msgspec.structs.replace(fact, case=before[-1], reason="SERVICE_FAILURE")
        told.append(fact)
    return told
