"""Tryton's records, only the fields that are read. A nested record stands under its field's name with a dot.

Source: Tryton server, ModelStorage.read: "field.sub" gives "field." with the record, or a list of records.
"""

from decimal import Decimal

import msgspec

from sources.tryton.values import Day, Moment, Numeric


class Shape(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Any record: a tree, so no collector need look at it."""

    id: int


class Coded(Shape, frozen=True, kw_only=True):
    """A country, a subdivision, a currency."""

    code: str


class Named(Shape, frozen=True, kw_only=True):
    """A payment term, a relation type."""

    name: str | None


class Subdivision(Coded, frozen=True, kw_only=True):
    """A state or province; its code is ISO 3166-2."""

    name: str | None = None


class Address(Shape, frozen=True, kw_only=True):
    """party.address"""

    party_name: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: Coded | None = msgspec.field(name="country.", default=None)
    subdivision: Subdivision | None = msgspec.field(name="subdivision.", default=None)
    invoice: bool | None = None
    delivery: bool | None = None


class Identifier(Shape, frozen=True, kw_only=True):
    """party.identifier"""

    type: str | None
    code: str


class Mechanism(Shape, frozen=True, kw_only=True):
    """party.contact_mechanism"""

    type: str
    value: str | None


class Relation(Shape, frozen=True, kw_only=True):
    """party.relation.all"""

    to: int
    type: Named = msgspec.field(name="type.")


class Party(Shape, frozen=True, kw_only=True):
    """party.party"""

    code: str
    name: str | None
    active: bool
    replaced_by: int | None = None
    create_date: Moment | None
    write_date: Moment | None
    addresses: tuple[Address, ...] = msgspec.field(name="addresses.", default=())
    identifiers: tuple[Identifier, ...] = msgspec.field(name="identifiers.", default=())
    mechanisms: tuple[Mechanism, ...] = msgspec.field(name="contact_mechanisms.", default=())
    relations: tuple[Relation, ...] = msgspec.field(name="relations.", default=())


class Account(Shape, frozen=True, kw_only=True):
    """party.party, as a debtor. Amounts are in the company's currency."""

    code: str
    receivable: Numeric
    receivable_today: Numeric
    credit_amount: Numeric | None = None
    credit_limit_amount: Numeric | None = None
    identifiers: tuple[Identifier, ...] = msgspec.field(name="identifiers.", default=())
    term: Named | None = msgspec.field(name="customer_payment_term.", default=None)


class RuleLine(Shape, frozen=True, kw_only=True):
    """account.tax.rule.line"""

    tax: int | None


class Rule(Shape, frozen=True, kw_only=True):
    """account.tax.rule"""

    lines: tuple[RuleLine, ...] = msgspec.field(name="lines.")


class TaxedParty(Shape, frozen=True, kw_only=True):
    """party.party, as taxes see it."""

    addresses: tuple[Address, ...] = msgspec.field(name="addresses.", default=())
    identifiers: tuple[Identifier, ...] = msgspec.field(name="identifiers.", default=())
    rule: Rule | None = msgspec.field(name="customer_tax_rule.", default=None)


class Company(Shape, frozen=True, kw_only=True):
    """company.company"""

    party: Named = msgspec.field(name="party.")
    currency: Coded = msgspec.field(name="currency.")


class ToPay(Shape, frozen=True, kw_only=True):
    """account.move.line, one of those by which an invoice is owed"""

    maturity_date: Day | None
    reconciliation: int | None = None  # None: not settled yet


class Move(Shape, frozen=True, kw_only=True):
    """account.move"""

    post_date: Day | None


class Invoice(Shape, frozen=True, kw_only=True):
    """account.invoice of the type "out". A negative total is a credit note."""

    party: int
    number: str | None
    reference: str | None
    description: str | None = None
    state: str
    invoice_date: Day | None
    create_date: Moment
    total_amount: Numeric
    tax_amount: Numeric
    amount_to_pay: Numeric
    currency: Coded = msgspec.field(name="currency.")
    to_pay: tuple[ToPay, ...] = msgspec.field(name="lines_to_pay.", default=())
    move: Move | None = msgspec.field(name="move.", default=None)
    origin_invoices: tuple[int, ...] = ()


class LineTax(Shape, frozen=True, kw_only=True):
    """account.tax; the rate of a percentage is a fraction"""

    type: str | None
    rate: Numeric | None


class InvoiceOfLine(Shape, frozen=True, kw_only=True):
    """The invoice that a line belongs to."""

    currency: Coded = msgspec.field(name="currency.")


class InvoiceLine(Shape, frozen=True, kw_only=True):
    """account.invoice.line of the type "line"; quantity comes as a JSON number and is read as a decimal."""

    description: str | None
    quantity: Decimal | None
    unit_price: Numeric | None
    amount: Numeric | None
    taxes: tuple[LineTax, ...] = msgspec.field(name="taxes.", default=())
    invoice: InvoiceOfLine = msgspec.field(name="invoice.")


class Sale(Shape, frozen=True, kw_only=True):
    """sale.sale"""

    party: int
    number: str | None
    reference: str | None
    state: str
    sale_date: Day | None
    create_date: Moment
    total_amount: Numeric
    currency: Coded = msgspec.field(name="currency.")


class Dunning(Shape, frozen=True, kw_only=True):
    """account.dunning"""

    party: int


class Owned(Shape, frozen=True, kw_only=True):
    """Any record of a party."""

    party: int


class Touched(Shape, frozen=True, kw_only=True):
    """When a record came to be and last changed."""

    create_date: Moment | None
    write_date: Moment | None

    @property
    def stamp(self) -> Moment | None:
        return self.write_date or self.create_date


class TouchedDocument(Touched, frozen=True, kw_only=True):
    """An invoice or a sale that changed."""

    party: int
    total_amount: Numeric | None = None


class TouchedParty(Touched, frozen=True, kw_only=True):
    """A party that changed, or something that hangs on it."""

    addresses: tuple[Touched, ...] = msgspec.field(name="addresses.", default=())
    identifiers: tuple[Touched, ...] = msgspec.field(name="identifiers.", default=())
    mechanisms: tuple[Touched, ...] = msgspec.field(name="contact_mechanisms.", default=())


class Group(Shape, frozen=True, kw_only=True):
    """res.group"""

    name: str
