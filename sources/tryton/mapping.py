"""Tryton's parties, debtors, tax data and orders as canonical records. Documents: documents.py."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from sources.canonical.customer import Address, CustomerRecord
from sources.canonical.erp import ErpAccount, Order, OrderStatus, TaxContext, TaxId
from sources.canonical.money import Money, NotExact
from sources.canonical.provenance import CustomerRef, Origin, Provenance
from sources.faults import Malformed
from sources.tryton import shapes
from sources.tryton.values import Numeric

MAPPING_VERSION = 1
PARTY = "party.party"
REGIONS_THAT_TAX = frozenset(["US", "CA"])  # sales tax differs by state, GST/PST by province

ORDER_STATUS = {
    "draft": OrderStatus.DRAFT,
    "quotation": OrderStatus.DRAFT,
    "confirmed": OrderStatus.CONFIRMED,
    "processing": OrderStatus.PROCESSING,
    "done": OrderStatus.FULFILLED,
    "cancelled": OrderStatus.CANCELED,
}


class Mapper(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of one source is mapped with."""

    origin: Origin
    base_url: str
    identifier_type: str | None  # of the identifier that holds the customer's number; None: the party's code does
    parent_relation: str | None = None

    def stamp(self, model: str, record: shapes.Shape, fetched_at: datetime) -> Provenance:
        """The provenance of a record."""
        return self.origin.stamp(str(record.id), fetched_at, self.url(model, record.id))

    def url(self, model: str, record_id: int) -> str | None:
        """The record in Tryton's web client; None where the base is not https. Source: Tryton, URL of a record."""
        client = _web_client(self.base_url)
        return f"{client}/model/{model}/{record_id}" if client else None


@lru_cache(maxsize=16)  # one for each configured database
def _web_client(base_url: str) -> str | None:
    parts = urlsplit(base_url)
    return f"https://{parts.netloc}/#{parts.path.strip('/')}" if base_url.startswith("https://") else None


@lru_cache(maxsize=1024)  # the documents of a page are those of few parties
def ref_of(party: int) -> CustomerRef:
    """The reference of a party."""
    return CustomerRef(PARTY, str(party))


def money(value: Numeric | Decimal, currency: str) -> Money:
    """An exact amount. Raises Malformed where it is finer than the currency's minor unit."""
    amount = value.decimal if isinstance(value, Numeric) else value
    try:
        return Money.of(amount, currency)
    except NotExact:
        raise Malformed(f"an amount in {currency} is finer than the currency's minor unit") from None


def number_of(code: str, identifiers: tuple[shapes.Identifier, ...], mapper: Mapper) -> str | None:
    """The customer's number, where this source is configured to keep it."""
    if mapper.identifier_type is None:
        return code
    return next((each.code for each in identifiers if each.type == mapper.identifier_type), None)


def customer_record(party: shapes.Party, mapper: Mapper, told: Mapping[str, str | None]) -> CustomerRecord:
    """A party as a customer; `told` holds the configured tier, owner and industry.

    The legal name is the one that is printed on invoices: that of the invoice address, else the party's.
    """
    printed = next((each.party_name for each in party.addresses if each.invoice and each.party_name), None)
    name = party.name or party.code
    changed = party.write_date or party.create_date
    return CustomerRecord(
        ref=ref_of(party.id),
        number=number_of(party.code, party.identifiers, mapper),
        name=name,
        legal_name=printed or name,
        tier=told.get("tier"),
        owner=told.get("owner"),
        industry=told.get("industry"),
        website=next(iter(_reached(party, "website")), None),
        emails=_reached(party, "email"),
        phones=_reached(party, "phone", "mobile"),
        addresses=tuple(address(each) for each in party.addresses),
        tax_ids=_tax_ids(party.identifiers, mapper),
        parent=_parent(party, mapper),
        created_at=party.create_date.at if party.create_date else None,
        updated_at=changed.at if changed else None,
        deleted=not party.active or party.replaced_by is not None,
        url=mapper.url(PARTY, party.id),
    )


def address(each: shapes.Address) -> Address:
    """A postal address; the street's further lines are one."""
    line1, _, rest = (each.street or "").partition("\n")
    return Address(
        line1=line1.strip() or None,
        line2=", ".join(part.strip() for part in rest.splitlines() if part.strip()) or None,
        city=each.city,
        region=each.subdivision.name if each.subdivision else None,
        postal_code=each.postal_code,
        country=each.country.code if each.country else None,
        purpose="billing" if each.invoice else "shipping" if each.delivery else None,
    )


def _reached(party: shapes.Party, *types: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.value for each in party.mechanisms if each.type in types and each.value))


def _tax_ids(identifiers: tuple[shapes.Identifier, ...], mapper: Mapper) -> tuple[TaxId, ...]:
    """The identifiers that have a type, without the one that holds our own number."""
    typed = ((each.type, each.code) for each in identifiers if each.type and each.type != mapper.identifier_type)
    return tuple(TaxId(type=kind, value=code) for kind, code in typed)


def _parent(party: shapes.Party, mapper: Mapper) -> CustomerRef | None:
    if mapper.parent_relation is None:
        return None
    return next((ref_of(each.to) for each in party.relations if each.type.name == mapper.parent_relation), None)


def erp_account(
    account: shapes.Account, company: shapes.Company, dunned: bool | None, mapper: Mapper, fetched_at: datetime
) -> ErpAccount:
    """A party as a debtor. `dunned`: whether a level of dunning stops credit; None where that is not known.

    What is due today counts as overdue, as Tryton's own figure has it. That figure takes off what was paid before it
    was due: where it falls below zero by that, nothing is overdue. The hold is derived as Tryton checks credit: a level
    of dunning that stops it, or more owed than the limit. Source: Tryton, account_credit_limit.
    """
    currency, limit = company.currency.code, account.credit_limit_amount
    over = None if limit is None or account.credit_amount is None else account.credit_amount.decimal > limit.decimal
    return ErpAccount(
        provenance=mapper.stamp(PARTY, account, fetched_at),
        customer_number=number_of(account.code, account.identifiers, mapper) or account.code,
        receivable=money(account.receivable, currency),
        overdue=Money(max(0, money(account.receivable_today, currency).minor), currency),
        credit_limit=money(limit, currency) if limit is not None else None,
        credit_hold=True if over else dunned,
        payment_terms=account.term.name if account.term else None,
    )


def tax_context(party: shapes.TaxedParty, company: shapes.Company, mapper: Mapper, fetched_at: datetime) -> TaxContext:
    """How a party is taxed. Exempt where its tax rule replaces every tax by none; else that is not known."""
    billed = next((each for each in party.addresses if each.invoice), next(iter(party.addresses), None))
    rule = party.rule
    return TaxContext(
        provenance=mapper.stamp(PARTY, party, fetched_at),
        tax_ids=_tax_ids(party.identifiers, mapper),
        exempt=True if rule and rule.lines and all(line.tax is None for line in rule.lines) else None,
        jurisdiction=_jurisdiction(billed) if billed else None,
        seller_entity=company.party.name,
    )


def _jurisdiction(billed: shapes.Address) -> str | None:
    if billed.country is None:
        return None
    country = billed.country.code
    return billed.subdivision.code if billed.subdivision and country in REGIONS_THAT_TAX else country


def order(sale: shapes.Sale, mapper: Mapper, fetched_at: datetime) -> Order:
    """A sale. Before it is quoted it has no number: it is called by the customer's reference, else by its id."""
    placed = sale.sale_date.midnight if sale.sale_date else None
    return Order(
        provenance=mapper.stamp("sale.sale", sale, fetched_at),
        at=placed or sale.create_date.at,
        customer_ref=ref_of(sale.party),
        number=sale.number or sale.reference or f"({sale.id})",
        status=ORDER_STATUS.get(sale.state, OrderStatus.OTHER),
        vendor_status=sale.state,
        total=money(sale.total_amount, sale.currency.code),
        placed_at=placed,
    )
