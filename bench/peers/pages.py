"""What the Python peers read of the vendors' answers: only the fields that an answer of theirs shows.

Decoding into these costs half of decoding everything into dicts, and is how one would write it by hand.
"""

import msgspec


class Struct(msgspec.Struct, frozen=True, gc=False):
    """One object of an answer."""


class Via(Struct):
    channel: str


class Ticket(Struct):
    id: int
    subject: str
    status: str
    priority: str | None
    via: Via
    requester_id: int
    assignee_id: int | None
    created_at: str
    updated_at: str


class User(Struct):
    id: int
    name: str


class Tickets(Struct):
    tickets: list[Ticket]
    users: list[User]


class Row(Struct):
    id: int
    organization_id: int
    created_at: str


class Found(Struct):
    results: list[Row]


class Pricing(Struct):
    unit_amount_decimal: str


class Line(Struct):
    description: str
    quantity_decimal: str
    amount: int
    pricing: Pricing


class Lines(Struct):
    data: list[Line]


class Invoice(Struct):
    id: str
    number: str
    status: str
    currency: str
    amount_paid: int
    amount_remaining: int
    total: int
    effective_at: int | None
    due_date: int | None
    lines: Lines


class Invoices(Struct):
    data: list[Invoice]


class Recurring(Struct):
    interval: str


class Price(Struct):
    unit_amount_decimal: str
    nickname: str
    recurring: Recurring


class Item(Struct):
    quantity: int
    price: Price


class Items(Struct):
    data: list[Item]


class Subscription(Struct):
    id: str
    status: str
    currency: str
    start_date: int
    items: Items


class Subscriptions(Struct):
    data: list[Subscription]


class Card(Struct):
    brand: str
    last4: str


class Method(Struct):
    type: str
    card: Card | None = None


class Charge(Struct):
    id: str
    status: str
    amount: int
    currency: str
    created: int
    payment_method_details: Method


class Charges(Struct):
    data: list[Charge]


class Amount(Struct):
    decimal: str


class Term(Struct):
    name: str


class Party(Struct, rename={"customer_payment_term": "customer_payment_term."}):
    id: int
    code: str
    receivable: Amount
    receivable_today: Amount
    credit_amount: Amount | None
    credit_limit_amount: Amount | None
    customer_payment_term: Term | None


class Dunned(Struct):
    party: int
