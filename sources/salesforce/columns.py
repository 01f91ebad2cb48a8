"""Which columns are asked for: what the shapes read, less what this organization does not have or does not show.

Naming a column that is missing, or hidden from the integration user, spoils a whole query with INVALID_FIELD. So a
column that may be missing is dropped after the first such answer, when describe says which one it is; its field is
then null. Source: REST API Developer Guide, sObject Describe; Object Reference, CurrencyIsoCode.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sources.salesforce.client import SalesforceClient
from sources.salesforce.flight import Flight
from sources.salesforce.settings import SalesforceSettings
from sources.salesforce.shapes import OPTIONAL_FIELDS, Describe, Shapes

RELATED = {"Owner": "Owner.Name"}  # fields of our shapes that are a row of another object
CURRENCY = "CurrencyIsoCode"
PERSON_COLUMNS = ("IsPersonAccount", "PersonEmail", "PersonMobilePhone")
WITH_CURRENCY = ("Opportunity", "Contract")  # the second is asked where the user does not see the first


class Columns:
    """The columns of the four objects, for one organization."""

    def __init__(self, settings: SalesforceSettings, client: SalesforceClient, shapes: Shapes) -> None:
        self._settings = settings
        self._client = client
        self._described: dict[str, Describe | None] = {}
        self._asking: dict[str, Flight[Describe | None]] = {}
        self._missing: dict[str, frozenset[str]] = {}
        by_entity = {"Account": shapes.account, "Contact": shapes.contact}
        by_entity |= {"Contract": shapes.contract, "Opportunity": shapes.opportunity}
        self._wanted = {entity: _columns(shape) for entity, shape in by_entity.items()}

    async def of(self, entity: str) -> tuple[str, ...]:
        """The columns to ask for now."""
        without = set(self._missing.get(entity, ()))
        if not self._settings.person_accounts:
            without.update(PERSON_COLUMNS)
        if CURRENCY in self._wanted[entity] and not await self.multi_currency():
            without.add(CURRENCY)
        return tuple(column for column in self._wanted[entity] if column not in without)

    async def narrowed(self, entity: str, asked: Sequence[str]) -> tuple[str, ...] | None:
        """Fewer columns than were asked for with INVALID_FIELD as the answer; None where describe knows them all."""
        shown = await self.visible(entity)
        if shown is None:
            return None
        missing = {column for column, required in self._wanted[entity].items() if not required} - shown
        self._missing[entity] = frozenset(missing)
        columns = await self.of(entity)
        return columns if columns != tuple(asked) else None

    async def multi_currency(self) -> bool:
        """Whether this organization keeps a currency with each record; asked once where it is not configured."""
        if self._settings.multi_currency != "auto":
            return self._settings.multi_currency
        for entity in WITH_CURRENCY:
            shown = await self.visible(entity)
            if shown is not None:
                return CURRENCY in shown
        return False

    async def visible(self, entity: str) -> frozenset[str] | None:
        """The columns of an object that the integration user sees; None where it does not see the object."""
        described = await self.description(entity)
        if described is None:
            return None
        names = frozenset(field.name for field in described.fields)
        return names | {column for field, column in RELATED.items() if f"{field}Id" in names}

    async def description(self, entity: str) -> Describe | None:
        """The object as describe has it, asked once and kept."""
        if entity not in self._described:
            flight = self._asking.get(entity)
            if flight is None or not flight.joinable:
                flight = self._asking[entity] = Flight(lambda: self._client.describe(entity))
            self._described[entity] = await flight.join()
        return self._described[entity]


def _columns(shape: type[Any]) -> dict[str, bool]:
    """The columns of a shape, and whether the shape must have them."""
    fields = msgspec.structs.fields(shape)
    named = [field for field in fields if not (field.encode_name in OPTIONAL_FIELDS or field.encode_name == "number")]
    return {RELATED.get(field.encode_name, field.encode_name): field.required for field in named}
