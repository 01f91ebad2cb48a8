"""One simulated Stripe account on a real socket, and adapters on the real wire."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sources.canonical.provenance import CustomerRef, Origin
from sources.simulation.facts import (
    BILLING,
    CreditIssued,
    CustomerKnown,
    DisputeOpened,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    PaymentTried,
    Place,
    RefundMade,
    SubscriptionChanged,
    WorldLine,
)
from sources.simulation.real.localstripe import localstripe
from sources.simulation.serving import serving
from sources.stripe import PLUGIN
from sources.stripe.adapter import StripeAdapter
from sources.stripe.simulator import StripeSimulator
from sources.stripe.simulator.translating import derived_id
from sources.wire.wire import open_wire

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ORIGIN = Origin("billing", "stripe", "src-stripe", PLUGIN.mapping_version)
Adapters = Callable[..., StripeAdapter]


class Tale:
    """Facts about customers of a simulated account, told shortly."""

    def __init__(self, absorb: Callable[[Fact], None]) -> None:
        self.absorb = absorb

    def customer(self, key: str = "C-1", *, keyed: bool = True, **changes: Any) -> CustomerRef:
        fields: dict[str, Any] = {
            "at": START, "customer": key, "number": key, "name": f"Company {key}", "legal_name": f"Company {key} GmbH",
            "systems": frozenset([BILLING]), "keyed": frozenset([BILLING] if keyed else []), "domain": "a.example",
            "email": f"{key.lower()}@a.example", "phone": "+493023125000", "tax_id": "DE123456789",
            "place": Place(line1="1 Mill Lane", city="Berlin", postal_code="10117", country="DE"),
            "currency": "EUR", "industry": "Software", "tier": "premium", "owner": "Thea Malling", **changes,
        }  # fmt: skip
        self.absorb(CustomerKnown(**fields))
        return CustomerRef("customer", derived_id("cus", key))

    def invoice(self, number: str, customer: str = "C-1", *, at: datetime = START, lines: int = 1, net: str = "100",
                currency: str = "EUR", **changes: Any) -> str:  # fmt: skip
        line = WorldLine(
            description="Ware", quantity=Decimal(1), unit_price=Decimal(net), tax_rate=Decimal(20 if lines == 1 else 0)
        )
        fields: dict[str, Any] = {
            "at": at, "customer": customer, "number": number, "currency": currency, "issued": at.date(),
            "due": at.date() + timedelta(days=30), "lines": (line,) * lines, **changes,
        }  # fmt: skip
        self.absorb(InvoiceIssued(**fields))
        return derived_id("in", number)

    def closed(self, number: str, how: str, customer: str = "C-1") -> None:
        self.absorb(InvoiceClosed(at=START + timedelta(days=60), customer=customer, number=number, how=how))

    def payment(self, key: str, invoice: str, amount: str = "120", customer: str = "C-1", *,
                currency: str = "EUR", **changes: Any) -> str:  # fmt: skip
        fields: dict[str, Any] = {
            "at": START + timedelta(hours=1), "customer": customer, "key": key, "invoice": invoice,
            "amount": Decimal(amount), "currency": currency, "method": "card", **changes,
        }  # fmt: skip
        self.absorb(PaymentTried(**fields))
        return derived_id("ch" if fields["method"] == "card" else "py", key)

    def refund(self, key: str, payment: str, amount: str, customer: str = "C-1", status: str = "succeeded") -> str:
        self.absorb(RefundMade(at=START + timedelta(days=1), customer=customer, key=key, payment=payment,
                               amount=Decimal(amount), currency="EUR", reason="requested_by_customer",
                               status=status))  # fmt: skip
        return derived_id("re", key)

    def credit(self, key: str, invoice: str, amount: str, customer: str = "C-1", case: str | None = None) -> str:
        self.absorb(CreditIssued(at=START + timedelta(days=2), customer=customer, key=key, invoice=invoice,
                                 amount=Decimal(amount), currency="EUR", reason="SLA_BREACH", case=case))  # fmt: skip
        return derived_id("cn", key)

    def dispute(self, key: str, payment: str, customer: str = "C-1", status: str = "needs_response") -> str:
        self.absorb(DisputeOpened(at=START + timedelta(days=3), customer=customer, key=key, payment=payment,
                                  amount=Decimal(120), currency="EUR", reason="product_not_received",
                                  status=status))  # fmt: skip
        return derived_id("dp", key)

    def subscription(self, key: str, customer: str = "C-1", status: str = "active", **changes: Any) -> str:
        fields: dict[str, Any] = {
            "at": START, "customer": customer, "key": key, "plan": "Business", "quantity": 4,
            "unit_amount": Decimal(90), "currency": "EUR", "interval": "month", "status": status,
            "started_at": START, "period_end": START + timedelta(days=30), **changes,
        }  # fmt: skip
        self.absorb(SubscriptionChanged(**fields))
        return derived_id("sub", key)


@pytest.fixture(scope="session")
def localstripe_url() -> Iterator[str]:
    """The base URL of a localstripe that this folder's tests share."""
    with localstripe() as url:
        yield url


@pytest.fixture
def simulator() -> StripeSimulator:
    return StripeSimulator()


@pytest.fixture
def tale(simulator: StripeSimulator) -> Tale:
    return Tale(simulator.absorb)


@pytest.fixture
async def base_url(simulator: StripeSimulator) -> AsyncIterator[str]:
    async with serving(simulator.harness) as url:
        yield url


@pytest.fixture
async def adapters(simulator: StripeSimulator, base_url: str) -> AsyncIterator[Adapters]:
    """Makes adapters of the simulated account, with changes to their section."""
    wires = []

    def make(**changes: Any) -> StripeAdapter:
        settings = PLUGIN.settings.model_validate({**simulator.section(base_url), **changes})
        wire = open_wire("billing", settings, PLUGIN.classify)
        wires.append(wire)
        return StripeAdapter(settings, ORIGIN, wire)

    yield make
    for wire in wires:
        await wire.close()


@pytest.fixture
def adapter(adapters: Adapters) -> StripeAdapter:
    return adapters()
