"""Maps one golden example: a row as Salesforce gives it, to the canonical record that it becomes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from sources.canonical.provenance import Origin
from sources.salesforce import mapping, shapes
from sources.salesforce.mapping import Reading

FIELDS = {
    "tier": "Tier__c",
    "legal_name": "Legal_Name__c",
    "tax_id": "Tax_Id__c",
    "vip": "VIP__c",
    "legal_hold": "Legal_Hold__c",
    "credit_hold": "Credit_Hold__c",
    "credit_cap": "Credit_Cap__c",
    "sla_tier": "Sla_Tier__c",
    "auto_renew": "Auto_Renew__c",
    "total_value": "Total_Value__c",
}
FETCHED_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # the examples were read then; a contract expires by it
WEB = "https://acme.lightning.force.com"

_shapes = shapes.of("AccountNumber", FIELDS)
_MAPPERS: dict[str, tuple[type[Any], Callable[[Any, Reading], Any]]] = {
    "Account": (_shapes.account, mapping.customer),
    "Contact": (_shapes.contact, mapping.contact),
    "Contract": (_shapes.contract, mapping.contract),
    "Opportunity": (_shapes.opportunity, mapping.opportunity),
}


def map_example(type_: str, row: bytes, origin: Origin) -> Any:
    """The canonical record of a row of Account, Contact, Contract or Opportunity."""
    shape, read = _MAPPERS[type_]
    reading = Reading(origin=origin, fetched_at=FETCHED_AT, web=WEB)
    return read(msgspec.json.decode(row, type=shape), reading)
