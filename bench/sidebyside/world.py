"""The customers of the bench: some that are looked at whole, and some that stand in lists of fifty.

A customer of the view has ten cases, twelve invoices of three lines, three subscriptions and ten payments; one of the
list has three cases and three invoices. Each has an account in the ledger.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sources.simulation.facts import (
    BILLING,
    CRM,
    ERP,
    SUPPORT,
    CaseOpened,
    CustomerKnown,
    Fact,
    InvoiceIssued,
    PaymentTried,
    PersonJoined,
    Place,
    SubscriptionChanged,
    WorldLine,
)

VIEWED = 64  # one for each client: what two requests under way ask for together would be fetched once
LISTS = 16  # of other customers each, for the same reason
LISTED = 50
DAYS_AGO = 100  # within what the support system lists; older cases cost a search besides
BEGAN = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=DAYS_AGO)
DAY = timedelta(days=1)
ALL = frozenset({SUPPORT, BILLING, ERP, CRM})


def number_of(index: int) -> str:
    """The number by which the business knows a customer."""
    return f"C-{index:06}"


def numbers_viewed() -> list[str]:
    return [number_of(index) for index in range(1, VIEWED + 1)]


def numbers_listed(nth: int) -> list[str]:
    """Whose numbers stand in one of the lists."""
    begin = VIEWED + nth * LISTED + 1
    return [number_of(index) for index in range(begin, begin + LISTED)]


def history() -> list[Fact]:
    """Everything that happened, oldest first; the same on each day."""
    facts: list[Fact] = []
    for index in range(1, VIEWED + LISTS * LISTED + 1):
        viewed = index <= VIEWED
        facts += customer(index)
        facts += cases(index, 10 if viewed else 3)
        facts += billing(index, 12 if viewed else 3, 3 if viewed else 1)
    facts.sort(key=lambda fact: fact.at)
    return facts


def customer(index: int) -> Iterator[Fact]:
    number, domain = number_of(index), f"customer-{index}.example"
    name = f"Company {index} Werke"
    yield CustomerKnown(
        at=BEGAN,
        customer=number,
        number=number,
        name=name,
        legal_name=f"{name} GmbH",
        systems=ALL,
        keyed=ALL,
        domain=domain,
        email=f"office@{domain}",
        phone=f"+4930901{index:05}",
        place=Place(line1=f"Hauptstraße {index}", city="Berlin", postal_code="10115", country="DE"),
        tax_id=f"DE{100_000_000 + index}",
        currency="EUR",
        industry="Manufacturing",
        tier="premium",
        owner="Ada Example",
        website=f"https://{domain}",
        credit_limit=Decimal(50_000),
    )
    yield PersonJoined(
        at=BEGAN + DAY,
        customer=number,
        key=f"P-{index}",
        name=f"Person Number{index}",
        email=f"person@{domain}",
        role="Head of Finance",
    )


def cases(index: int, count: int) -> Iterator[Fact]:
    for nth in range(count):
        yield CaseOpened(
            at=BEGAN + (nth + 2) * DAY,
            customer=number_of(index),
            key=str(10_000 + index * 100 + nth),
            subject=f"The import of file {nth} stops",
            text="It stops after the first hundred rows, each time, since yesterday.",
            requester=f"P-{index}",
            assignee="Grace Example",
            priority=("low", "normal", "high", "urgent")[nth % 4],
            channel="email",
            tags=("import", "files"),
        )


def billing(index: int, invoices: int, subscriptions: int) -> Iterator[Fact]:
    number = number_of(index)
    for nth in range(subscriptions):
        yield SubscriptionChanged(
            at=BEGAN + (nth + 1) * DAY,
            customer=number,
            key=f"S-{index}-{nth}",
            plan=("Team", "Business", "Enterprise")[nth],
            quantity=5 + nth,
            unit_amount=Decimal(40),
            currency="EUR",
            interval="month",
            status="active",
            started_at=BEGAN + (nth + 1) * DAY,
            period_end=BEGAN + 400 * DAY,
        )
    for nth in range(invoices):
        at = BEGAN + (10 + nth * 5) * DAY
        lines = tuple(
            WorldLine(
                description=f"Seats, part {part}",
                quantity=Decimal(part + 1),
                unit_price=Decimal(100),
                tax_rate=Decimal(19),
            )
            for part in range(3)
        )
        invoice = f"INV-{index:06}-{nth:04}"
        yield InvoiceIssued(
            at=at,
            customer=number,
            number=invoice,
            currency="EUR",
            issued=at.date(),
            due=(at + 30 * DAY).date(),
            lines=lines,
            subscription=f"S-{index}-0",
        )
        if nth < 10:
            yield PaymentTried(
                at=at + DAY,
                customer=number,
                key=f"PAY-{index}-{nth}",
                invoice=invoice,
                amount=Decimal(714),
                currency="EUR",
                method="card",
            )
