"""What customers ask the support team, and what it answers."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sources.simulation.facts import CaseMoved, CaseOpened, Fact, InvoiceIssued, MessageWritten, PersonJoined
from sources.simulation.world import names
from sources.simulation.world.companies import Company

HOW_MANY = {"small": (0, 2), "medium": (1, 5), "big": (4, 10)}
CASES_EACH = 1000  # case numbers that a customer may use up: its index times this, plus a sequence
FIRST_REPLY = {"standard": timedelta(hours=24), "premium": timedelta(hours=8), "enterprise": timedelta(hours=2)}
PRIORITIES = ("low", "normal", "normal", "high", "urgent", None)


def support_of(
    company: Company, rng: random.Random, people: list[PersonJoined], invoices: list[InvoiceIssued], until: datetime
) -> list[Fact]:
    """The cases of a customer with their messages; older ones are solved and closed, the newest may be open."""
    days = max(2, (until - company.known.at).days - 1)
    facts: list[Fact] = []
    for sequence in range(1, rng.randint(*HOW_MANY[company.size]) + 1):
        opened = company.known.at + timedelta(days=rng.randint(1, days), seconds=rng.randint(0, 80_000))
        at = min(opened, until - timedelta(hours=1))
        about = [invoice.number for invoice in invoices if invoice.at < at]
        case = case_fact(company, rng, sequence, at, people, about)
        facts.append(case)
        facts.extend(fact for fact in conversation(rng, case, until) if fact.at <= until)
    return facts


def case_fact(
    company: Company,
    rng: random.Random,
    sequence: int,
    at: datetime,
    people: list[PersonJoined],
    invoices: list[str],
) -> CaseOpened:
    """The customer's case of that sequence, opened by one of its people."""
    subject, text, tag = rng.choice(names.SUBJECTS)
    about = (rng.choice(invoices),) if tag == "billing" and invoices else ()
    return CaseOpened(
        at=at,
        customer=company.key,
        key=str(company.index * CASES_EACH + sequence),
        subject=subject,
        text=text.format(n=rng.randint(2, 40), city=company.known.place.city),
        requester=rng.choice(people).key,
        assignee=rng.choice((*names.AGENTS, None)),
        priority=rng.choice(PRIORITIES),
        channel=rng.choice(("email", "email", "web", "api")),
        tags=(tag, *(("vip",) if company.known.vip else ())),
        invoices=about,
        first_reply_due=at + FIRST_REPLY[company.known.tier],
    )


def conversation(rng: random.Random, case: CaseOpened, until: datetime) -> Iterator[Fact]:
    """What is written in a case and how it moves; some of it may lie after `until`."""
    agent = f"agent:{case.assignee or rng.choice(names.AGENTS)}"
    in_time = case.first_reply_due is None or rng.random() < 0.9
    at = case.at + (timedelta(minutes=rng.randint(5, 100)) if in_time else timedelta(hours=30))
    yield message(case, 1, at, agent, rng.choice(names.ANSWERS))
    yield moved(case, at, "open")
    if rng.random() < 0.4:
        at += timedelta(minutes=rng.randint(5, 200))
        yield message(case, 2, at, agent, rng.choice(names.NOTES), public=False)
    if rng.random() < 0.6:
        at += timedelta(hours=rng.randint(1, 30))
        yield moved(case, at - timedelta(minutes=30), rng.choice(("pending", "hold")))
        yield message(case, 3, at, case.requester, rng.choice(names.REPLIES))
        yield moved(case, at, "open")
    if until - case.at > timedelta(days=6) or rng.random() < 0.5:
        at += timedelta(hours=rng.randint(2, 40))
        yield moved(case, at, "solved")
        if rng.random() < 0.7:
            yield moved(case, at + timedelta(days=4), "closed")


def message(
    case: CaseOpened, sequence: int, at: datetime, author: str, text: str, *, public: bool = True
) -> MessageWritten:
    """A message or a note in a case."""
    return MessageWritten(
        at=at,
        customer=case.customer,
        key=f"M-{case.key}-{sequence}",
        case=case.key,
        author=author,
        public=public,
        text=text,
    )


def moved(case: CaseOpened, at: datetime, status: str, custom_status: str | None = None) -> CaseMoved:
    """A case in another status."""
    return CaseMoved(at=at, customer=case.customer, key=case.key, status=status, custom_status=custom_status)
