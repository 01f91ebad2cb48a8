"""The party of an order: it must be there, active, and the one whose invoice it is."""

import msgspec

from sources.canonical.provenance import CustomerRef
from sources.faults import Refused
from sources.tryton.client import Client
from sources.tryton.mapping import PARTY
from sources.tryton.shapes import Shape
from sources.tryton.values import Domain, id_of

EVERYBODY: Domain = ["active", "in", [True, False]]


class PartyAddress(Shape, frozen=True, kw_only=True):
    """party.address"""

    invoice: bool | None


class Debtor(Shape, frozen=True, kw_only=True):
    """party.party, as one that a document is written for"""

    active: bool
    replaced_by: int | None
    account_receivable: int | None
    customer_payment_term: int | None
    tax_identifier: int | None
    addresses: tuple[PartyAddress, ...] = msgspec.field(name="addresses.")

    @property
    def address(self) -> int | None:
        """The one for invoices, else the first."""
        invoiced = (each.id for each in self.addresses if each.invoice)
        return next(invoiced, None) or next((each.id for each in self.addresses), None)


class Configuration(Shape, frozen=True, kw_only=True):
    """account.configuration"""

    default_account_receivable: int | None


FIELDS = (
    *("active", "replaced_by", "account_receivable", "customer_payment_term", "tax_identifier"),
    "addresses.invoice",
)


async def debtor(client: Client, ref: CustomerRef) -> Debtor:
    """The party of a reference. Raises Refused where it is none, or archived, or merged into another."""
    number = id_of(ref.id) if ref.type == PARTY else None
    if number is None:
        raise Refused("the customer of the order is no party of this ledger")
    rows = await client.search(PARTY, [["id", "=", number], EVERYBODY], Debtor, FIELDS)
    if not rows.records:
        raise Refused("the ledger has no such party")
    party = rows.records[0]
    if not party.active or party.replaced_by is not None:
        raise Refused("the party is archived or merged into another")
    return party


async def receivable_of(client: Client, party: Debtor) -> int:
    """The account that the party's invoices are owed on. Raises Refused where none is set."""
    if party.account_receivable is not None:
        return party.account_receivable
    rows = await client.search("account.configuration", [], Configuration, ["default_account_receivable"], limit=1)
    found = next((row.default_account_receivable for row in rows.records), None)
    if found is None:
        raise Refused("neither the party nor the ledger's configuration has an account receivable")
    return found
