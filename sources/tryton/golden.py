"""Golden examples: one record of Tryton's and what it means."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from sources.canonical.provenance import Origin
from sources.tryton import documents, mapping, shapes

EXAMPLE_BASE = "https://erp.example.com/acme"
EXAMPLE_TIME = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLE_RELATION = "is subsidiary of"


class Debtor(msgspec.Struct, frozen=True):
    """A party's account comes out of three answers."""

    party: shapes.Account
    company: shapes.Company
    dunned: bool | None = None


class Taxed(msgspec.Struct, frozen=True):
    """A tax context comes out of two."""

    party: shapes.TaxedParty
    company: shapes.Company


def map_example(kind: str, data: bytes, origin: Origin) -> Any:
    """The canonical record of an example. Raises KeyError for an unknown type."""
    mapper = mapping.Mapper(
        origin=origin, base_url=EXAMPLE_BASE, identifier_type=None, parent_relation=EXAMPLE_RELATION
    )
    shapes_and_mappings: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {
        "customer": (shapes.Party, lambda row: mapping.customer_record(row, mapper, {})),
        "account": (
            Debtor,
            lambda row: mapping.erp_account(row.party, row.company, row.dunned, mapper, EXAMPLE_TIME),
        ),
        "tax": (Taxed, lambda row: mapping.tax_context(row.party, row.company, mapper, EXAMPLE_TIME)),
        "invoice": (shapes.Invoice, lambda row: documents.invoice(row, mapper, EXAMPLE_TIME)),
        "invoice_line": (shapes.InvoiceLine, documents.invoice_line),
        "credit_memo": (shapes.Invoice, lambda row: documents.credit_memo(row, mapper, EXAMPLE_TIME)),
        "ledger_document": (shapes.Invoice, lambda row: documents.ledger_document(row, mapper, EXAMPLE_TIME)),
        "order": (shapes.Sale, lambda row: mapping.order(row, mapper, EXAMPLE_TIME)),
    }
    shape, mapped = shapes_and_mappings[kind]
    return mapped(msgspec.json.decode(data, type=shape))
