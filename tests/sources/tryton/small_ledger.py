"""A few facts of fixed days, small enough that a real server is filled with them in half a minute."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sources.simulation.facts import (
    ERP,
    CreditIssued,
    CustomerKnown,
    Fact,
    InvoiceIssued,
    OrderPlaced,
    PaymentTried,
    Place,
    WorldLine,
)

FIRST = date(2026, 1, 5)
NOBODY = "C-999999"


def moment(days: int) -> datetime:
    return datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(days=days)


def known(customer: str, currency: str = "EUR", country: str = "DE", **changes: object) -> CustomerKnown:
    fields: dict[str, object] = {
        "at": moment(0),
        "customer": customer,
        "number": customer,
        "name": f"Ledger {customer}",
        "legal_name": f"Ledger {customer} GmbH",
        "systems": frozenset([ERP]),
        "keyed": frozenset([ERP]),
        "domain": None,
        "email": f"ap@{customer.lower()}.example",
        "phone": "+49302312500",
        "place": Place(line1="1 Mill Lane", city="Berlin", postal_code="10117", country=country),
        "currency": currency,
        "industry": "Software",
        "tier": "premium",
        "owner": "Thea Malling",
        **changes,
    }
    return CustomerKnown(**fields)  # type: ignore[arg-type]


def line(net: str, rate: str = "20", quantity: str = "2") -> WorldLine:
    return WorldLine(
        description=f"Ware {net}", quantity=Decimal(quantity), unit_price=Decimal(net), tax_rate=Decimal(rate)
    )


def invoice(customer: str, number: str, days: int, *lines: WorldLine, currency: str = "EUR", **more: object) -> Fact:
    issued = FIRST + timedelta(days=days)
    return InvoiceIssued(
        at=moment(days),
        customer=customer,
        number=number,
        currency=currency,
        issued=issued,
        due=issued + timedelta(days=30),
        lines=lines or (line("50"),),
        **more,  # type: ignore[arg-type]
    )


def paid(customer: str, number: str, days: int, amount: str, currency: str = "EUR") -> Fact:
    return PaymentTried(
        at=moment(days),
        customer=customer,
        key=f"PAY-{number}",
        invoice=number,
        amount=Decimal(amount),
        currency=currency,
        method="bank_transfer",
    )


def ordered(customer: str, number: str, days: int, state: str) -> Fact:
    day = FIRST + timedelta(days=days)
    return OrderPlaced(
        at=moment(days), customer=customer, number=number, currency="EUR", lines=(line("100"),), state=state, placed=day
    )


HISTORY: tuple[Fact, ...] = (
    known("C-1", credit_limit=Decimal(1000)),
    known("C-2", credit_limit=Decimal(100), parent="C-1"),
    known("C-3", "JPY", "JP"),
    known("C-4", "KWD", "KW", tax_exempt=True),
    known("C-5", place=Place(line1="7 Bay St", city="Toronto", postal_code="M5J", country="CA", region="ON")),
    invoice("C-1", "INV-01", 1),
    invoice("C-1", "INV-02", 10, line("50"), line("12.50", quantity="1")),
    paid("C-1", "INV-02", 12, "75"),
    invoice("C-1", "INV-03", 20),
    paid("C-1", "INV-03", 21, "120"),
    invoice("C-1", "INV-04", 20, ledger="differs", ledger_total=Decimal("121.50")),
    invoice("C-2", "INV-05", 30, line("100", rate="0")),
    invoice("C-3", "INV-06", 40, line("5000"), currency="JPY"),
    invoice("C-4", "INV-07", 45, line("1.125", rate="0"), currency="KWD"),
    invoice("C-1", "INV-08", 50, ledger="missing"),
    invoice("C-5", "INV-09", 55, ledger_copies=2),
    invoice("C-5", "INV-10", 56),
    CreditIssued(
        at=moment(60),
        customer="C-1",
        key="CR-01",
        invoice="INV-01",
        amount=Decimal(24),
        currency="EUR",
        reason="GOODWILL",
    ),
    ordered("C-1", "SO-1", 3, "draft"),
    ordered("C-1", "SO-2", 4, "quotation"),
    ordered("C-1", "SO-3", 5, "confirmed"),
    ordered("C-1", "SO-4", 6, "cancelled"),
)
