"""The world that the contract suite tells to every source: few customers, each there for a reason."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sources.simulation.facts import (
    BILLING,
    CRM,
    ERP,
    SUPPORT,
    CaseMoved,
    CaseOpened,
    ContractSigned,
    CreditIssued,
    CustomerKnown,
    DisputeOpened,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    MessageWritten,
    OpportunityMoved,
    OrderPlaced,
    PaymentTried,
    PersonJoined,
    Place,
    RefundMade,
    SubscriptionChanged,
    WorldLine,
)

NOW = datetime.now(UTC).replace(microsecond=0)
EVERYWHERE = frozenset((SUPPORT, BILLING, ERP, CRM))

RICH = "C-100001"  # something of everything
BULKY = "C-100002"  # more than two pages of everything
YEN = "C-100003"
DINAR = "C-100004"
PROSPECT = "C-100005"  # only in the CRM
PERSON = "C-100006"
UNKEYED = "C-100007"  # neither billing nor support has its number
CHILD = "C-100008"  # of RICH; VIP, legal hold, credit hold, tax exempt
EMPTY = "C-100009"  # known everywhere, and nothing ever happened
CURRENCIES = {YEN: "JPY", DINAR: "KWD"}
COUNTRIES = {YEN: "JP", DINAR: "KW"}

BULK_INVOICES = 250
BULK_CASES = 230
BULK_OTHERS = 105
TIED = 5  # neighbours in a bulky list that have the same time


def ago(days: float = 0, **span: float) -> datetime:
    return NOW - timedelta(days=days, **span)


def known(customer: str, **changes: object) -> CustomerKnown:
    digits = customer[-3:]
    fields: dict[str, object] = {
        "at": ago(900),
        "customer": customer,
        "number": customer,
        "name": f"Contract Company {digits}",
        "legal_name": f"Contract Company {digits} GmbH",
        "systems": EVERYWHERE,
        "keyed": EVERYWHERE,
        "domain": f"contract-{digits}.example",
        "email": f"billing@contract-{digits}.example",
        "phone": f"+493023125{digits}",
        "place": Place(line1="1 Mill Lane", city="Berlin", postal_code="10117", country=COUNTRIES.get(customer, "DE")),
        "tax_id": f"DE900000{digits}",
        "currency": CURRENCIES.get(customer, "EUR"),
        "industry": "Software",
        "tier": "premium",
        "owner": "Thea Malling",
        "website": f"https://www.contract-{digits}.example",
        "credit_limit": Decimal(5000),
        **changes,
    }
    return CustomerKnown(**fields)


def customers() -> list[Fact]:
    return [
        known(RICH),
        known(BULKY),
        known(YEN, tax_id=None),
        known(DINAR, tax_id=None),
        known(PROSPECT, systems=frozenset((CRM,)), keyed=frozenset((CRM,))),
        known(PERSON, person=True, name="Paloma Garrano", legal_name="Paloma Garrano", domain=None, website=None),
        known(UNKEYED, keyed=frozenset((ERP, CRM))),
        known(CHILD, parent=RICH, vip=True, legal_hold=True, credit_hold=True, tax_exempt=True, tier="enterprise"),
        known(EMPTY),
    ]


def person(customer: str, place: int = 1, at: datetime | None = None) -> PersonJoined:
    return PersonJoined(
        at=at or ago(899),
        customer=customer,
        key=f"P-{customer[-3:]}-{place}",
        name=f"Mirja Oakhurst {place}",
        email=f"person{place}@contract-{customer[-3:]}.example",
        phone="+493023125999",
        role="IT Manager",
    )


def lines(currency: str, *nets: int, rate: str = "20") -> tuple[WorldLine, ...]:
    return tuple(
        WorldLine(description=f"Ware {place}", quantity=Decimal(2), unit_price=Decimal(net), tax_rate=Decimal(rate))
        for place, net in enumerate(nets, 1)
    )


def invoice(customer: str, sequence: int, days: float, *nets: int, **changes: object) -> InvoiceIssued:
    at = ago(days)
    currency = CURRENCIES.get(customer, "EUR")
    fields: dict[str, object] = {
        "at": at,
        "customer": customer,
        "number": f"INV-{customer[-3:]}-{sequence:04}",
        "currency": currency,
        "issued": at.date(),
        "due": at.date() + timedelta(days=30),
        "lines": lines(currency, *(nets or (50,)), rate="0" if customer == CHILD else "20"),
        **changes,
    }
    return InvoiceIssued(**fields)


def paid(of: InvoiceIssued, amount: str | Decimal, attempt: int = 1, **changes: object) -> PaymentTried:
    fields: dict[str, object] = {
        "at": of.at + timedelta(hours=attempt),
        "customer": of.customer,
        "key": f"PAY-{of.number}-{attempt}",
        "invoice": of.number,
        "amount": Decimal(amount),
        "currency": of.currency,
        "method": "card",
        **changes,
    }
    return PaymentTried(**fields)


def refunded(of: PaymentTried, amount: str, status: str = "succeeded", place: int = 1) -> RefundMade:
    return RefundMade(
        at=of.at + timedelta(days=2, hours=place),
        customer=of.customer,
        key=f"REF-{of.key}-{place}",
        payment=of.key,
        amount=Decimal(amount),
        currency=of.currency,
        reason="requested_by_customer",
        status=status,
    )


def case(customer: str, sequence: int, days: float, **changes: object) -> CaseOpened:
    fields: dict[str, object] = {
        "at": ago(days),
        "customer": customer,
        "key": f"{int(customer[-3:])}{sequence:04}",
        "subject": f"Question {sequence}",
        "text": "We have a question.",
        "requester": f"P-{customer[-3:]}-1",
        "assignee": "Sam Ottersby",
        "priority": "normal",
        "channel": "email",
        **changes,
    }
    return CaseOpened(**fields)


def moved(of: CaseOpened, status: str, hours: float = 1, custom: str | None = None) -> CaseMoved:
    at = of.at + timedelta(hours=hours)
    return CaseMoved(at=at, customer=of.customer, key=of.key, status=status, custom_status=custom)


def wrote(of: CaseOpened, place: int, author: str, *, public: bool = True, minutes: float = 30) -> MessageWritten:
    return MessageWritten(
        at=of.at + timedelta(minutes=minutes),
        customer=of.customer,
        key=f"M-{of.key}-{place}",
        case=of.key,
        author=author,
        public=public,
        text=f"Message {place} of {of.key}",
    )


def subscription(customer: str, place: int, days: float, status: str = "active") -> SubscriptionChanged:
    return SubscriptionChanged(
        at=ago(days),
        customer=customer,
        key=f"S-{customer[-3:]}-{place}",
        plan="Business",
        quantity=4,
        unit_amount=Decimal(90),
        currency=CURRENCIES.get(customer, "EUR"),
        interval="month",
        status=status,
        started_at=ago(days),
        period_end=ago(days) + timedelta(days=30),
    )


def contract(customer: str, place: int, days: float, **changes: object) -> ContractSigned:
    fields: dict[str, object] = {
        "at": ago(days),
        "customer": customer,
        "number": f"{customer[-3:]}{place:05}",
        "start": ago(days).date(),
        "months": 240,
        "total_value": Decimal(36000),
        "currency": CURRENCIES.get(customer, "EUR"),
        "sla_tier": "gold",
        "credit_cap": Decimal(2500),
        **changes,
    }
    return ContractSigned(**fields)


def opportunity(customer: str, place: int, days: float, stage: str = "Proposal") -> OpportunityMoved:
    return OpportunityMoved(
        at=ago(days),
        customer=customer,
        key=f"O-{customer[-3:]}-{place}",
        name=f"More seats {place}",
        stage=stage,
        amount=Decimal(8000),
        currency=CURRENCIES.get(customer, "EUR"),
        close_date=ago(days - 40).date(),
        owner="Thea Malling",
    )


def order(customer: str, place: int, days: float, state: str = "confirmed") -> OrderPlaced:
    return OrderPlaced(
        at=ago(days),
        customer=customer,
        number=f"SO-{customer[-3:]}-{place:04}",
        currency=CURRENCIES.get(customer, "EUR"),
        lines=lines(CURRENCIES.get(customer, "EUR"), 100, 50),
        state=state,
        placed=ago(days).date(),
    )


def rich() -> list[Fact]:
    """One of each state that a record can be in."""
    settled, part, open_, failed = (invoice(RICH, n, 100 - n, 50, 30) for n in (1, 2, 3, 4))
    void, given_up, credited, overdue = (invoice(RICH, n, 100 - n) for n in (5, 6, 7, 8))
    fresh = invoice(RICH, 9, 2, 125)
    whole, half, lost = paid(settled, "192.00"), paid(part, "60.00"), paid(failed, "192.00", failure="card_declined",
                                                                         succeeded=False)  # fmt: skip
    back = invoice(RICH, 10, 60, 100)
    returned = paid(back, "240.00")
    first = case(RICH, 1, 50, priority="urgent", tags=("outage",), first_reply_due=ago(49.9))
    facts: list[Fact] = [
        person(RICH, 1), person(RICH, 2),
        settled, part, open_, failed, void, given_up, credited, overdue, fresh, back,
        whole, half, lost, returned,
        InvoiceClosed(at=ago(80), customer=RICH, number=void.number, how="void"),
        InvoiceClosed(at=ago(5), customer=RICH, number=given_up.number, how="uncollectible"),
        refunded(returned, "40.00"), refunded(returned, "10.00", "pending", place=2),
        first,
        CreditIssued(at=ago(45), customer=RICH, key="CR-RICH-1", invoice=credited.number, amount=Decimal("12.00"),
                     currency="EUR", reason="SLA_BREACH", case=first.key),
        DisputeOpened(at=ago(20), customer=RICH, key="DSP-RICH-1", payment=whole.key, amount=Decimal("192.00"),
                      currency="EUR", reason="product_not_received"),
        wrote(first, 1, "agent:Sam Ottersby"), wrote(first, 2, "agent:Sam Ottersby", public=False, minutes=40),
        wrote(first, 3, "P-001-1", minutes=50), moved(first, "open"),
    ]  # fmt: skip
    for place, status in enumerate(("open", "pending", "hold", "solved", "closed"), 2):
        other = case(RICH, place, 40 - place, priority=("low", "high", None, "normal", "low")[place - 2])
        facts += [other, moved(other, status)]
    special = case(RICH, 7, 10)
    facts += [special, moved(special, "hold", custom="Waiting for supplier"), case(RICH, 8, 3, assignee=None)]
    facts += [subscription(RICH, n, 300 - n, s) for n, s in enumerate(("active", "past_due", "canceled", "paused"), 1)]
    facts += [contract(RICH, n, 400 - n, status=s) for n, s in enumerate(("activated", "draft", "terminated"), 1)]
    facts += [opportunity(RICH, n, 90 - n, s) for n, s in enumerate(("Proposal", "Closed Won", "Closed Lost"), 1)]
    facts += [order(RICH, n, 70 - n, s) for n, s in enumerate(("draft", "confirmed", "processing", "done"), 1)]
    return facts


def others() -> list[Fact]:
    yen, dinar = invoice(YEN, 1, 20, 1500), invoice(DINAR, 1, 20, 15)
    alone, child = invoice(UNKEYED, 1, 15), invoice(CHILD, 1, 15)
    facts: list[Fact] = [person(customer) for customer in (YEN, DINAR, PROSPECT, PERSON, UNKEYED, CHILD)]
    facts += [yen, paid(yen, "3600"), dinar, paid(dinar, "36.000"), alone, child, paid(child, "40.00")]
    facts += [case(customer, 1, 12) for customer in (YEN, UNKEYED, CHILD, PERSON)]
    facts += [contract(YEN, 1, 300), contract(DINAR, 1, 300), opportunity(PROSPECT, 1, 8)]
    return facts


def bulky() -> list[Fact]:
    """More than two pages of everything, with several records at the same time."""
    facts: list[Fact] = [person(BULKY, n, ago(800 - n // TIED)) for n in range(1, BULK_OTHERS + 1)]
    for n in range(1, BULK_INVOICES + 1):
        one = invoice(BULKY, n, 700 - n // TIED)
        facts.append(one)
        if n % 2 == 0:
            facts.append(paid(one, "120.00"))
    for n in range(1, BULK_CASES + 1):
        one = case(BULKY, n, 600 - n // TIED, priority=("low", "normal", "high")[n % 3])
        facts.append(one)
        if n % 4 == 0:
            facts.append(moved(one, "solved"))
    talkative = case(BULKY, 999, 60)
    facts.append(talkative)
    facts += [wrote(talkative, n, "P-002-1", minutes=10 + n // TIED) for n in range(1, BULK_OTHERS + 1)]
    for n in range(1, BULK_OTHERS + 1):
        days = 400 - n // TIED
        facts += [subscription(BULKY, n, days), contract(BULKY, n, days), opportunity(BULKY, n, days)]
        facts.append(order(BULKY, n, days))
    return facts


def crowd(count: int) -> list[Fact]:
    """Many customers with one record of each kind."""
    facts: list[Fact] = []
    for n in range(count):
        customer = f"C-2{n:05}"
        facts.append(known(customer, name=f"Crowd {n}", domain=f"crowd-{n}.example", email=f"billing@crowd-{n}.example",
                           tax_id=None))  # fmt: skip
        facts += [
            PersonJoined(at=ago(800), customer=customer, key=f"P-{customer}", name=f"Nell Loxworth {n}",
                         email=f"nell{n}@crowd-{n}.example", role="Procurement"),
            case(customer, 1, 5, key=f"2{n:05}", requester=f"P-{customer}"),
            invoice(customer, 1, 9, number=f"INV-{customer}"),
        ]  # fmt: skip
    return in_time(facts)


def in_time(facts: list[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: fact.at)


def light() -> list[Fact]:
    """Everything but the bulk."""
    return in_time([*customers(), *rich(), *others()])


def deep() -> list[Fact]:
    """Everything."""
    return in_time([*customers(), *rich(), *others(), *bulky()])
