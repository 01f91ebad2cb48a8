"""The [sources.NAME] section of kind "tryton"."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from sources.plugin import SourceSettings

OPTIONAL_FIELDS = ("credit_hold", "industry", "owner", "parent_relation", "tier")
BY_CODE = "party.code"
BY_IDENTIFIER = "party.identifiers."
_PATH = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")


class CreditSettings(BaseModel):
    """What a credit without an invoice is posted with: database ids of an account, a journal and a tax."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: int = Field(ge=1)
    journal: int = Field(ge=1)
    tax: int | None = Field(None, ge=1)


class RefundSettings(BaseModel):
    """Where refunds are booked, in place of where the payment was: database ids of a journal and of an account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    journal: int = Field(ge=1)
    account: int = Field(ge=1)


class TrytonSettings(SourceSettings):
    """A database of a Tryton server: `base_url` ends with the database's name, e.g. https://erp.example.com/acme.

    `fields` may hold: `credit_hold` (a boolean of the party, in place of what dunning says), `tier`, `owner`,
    `industry` (a field of the party or a path to one, e.g. "account_manager.name"), and `parent_relation` (the name
    of the relation type that leads from a party to its parent).
    """

    key: SecretStr
    """The key of a validated user application of the kind "rest"."""
    company: int = Field(ge=1)
    """The database id of the company whose books are read."""
    customer_key: str = BY_CODE
    credit: CreditSettings | None = None
    refund: RefundSettings | None = None

    @field_validator("customer_key")
    @classmethod
    def _a_place_for_numbers(cls, place: str) -> str:
        if place != BY_CODE and not (place.startswith(BY_IDENTIFIER) and place != BY_IDENTIFIER):
            raise ValueError(f'is neither "{BY_CODE}" nor "{BY_IDENTIFIER}<type>"')
        return place

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: Any) -> Any:
        for name, place in fields.items():
            if name not in OPTIONAL_FIELDS:
                raise ValueError(f'has no "{name}"; known: {", ".join(OPTIONAL_FIELDS)}')
            if name != "parent_relation" and not _PATH.match(place):
                raise ValueError(f'{name} = "{place}" is not a field of the party, such as "tier" or "manager.name"')
        return fields

    @property
    def identifier_type(self) -> str | None:
        """The type of the identifier that holds the customer's number; None where the party's code does."""
        return None if self.customer_key == BY_CODE else self.customer_key.removeprefix(BY_IDENTIFIER)

    def secrets(self) -> tuple[str, ...]:
        return (self.key.get_secret_value(),)
