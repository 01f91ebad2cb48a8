"""The [sources.NAME] section of a Stripe account."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from sources.plugin import SourceSettings

API_VERSION = "2026-10-28.endive"  # the shapes in shapes.py; Source: Stripe API, Versioning
OFFICIAL_HOST = "api.stripe.com"
METADATA = "metadata."
OPTIONAL_FIELDS = ("case_number", "invoice_number")
DEFAULT_CASE_NUMBER = "metadata.case_number"
LONGEST_METADATA_KEY = 40  # Source: Stripe API, Metadata


class StripeSettings(SourceSettings):
    """How the account is reached.

    `fields.case_number`: where a credit note names the support case. `fields.invoice_number`: where an invoice keeps
    its number on a server that gives none of its own.
    """

    kind: Literal["stripe"] = "stripe"
    base_url: str = f"https://{OFFICIAL_HOST}"
    api_key: SecretStr = Field(min_length=1)
    customer_key: str = "metadata.customer_number"

    @field_validator("customer_key")
    @classmethod
    def _in_the_metadata(cls, key: str) -> str:
        return metadata_place(key)

    @model_validator(mode="after")
    def _known_fields(self) -> "StripeSettings":
        for name, place in self.fields.items():
            if name not in OPTIONAL_FIELDS:
                raise ValueError(f"fields.{name} is not one of: {', '.join(OPTIONAL_FIELDS)}")
            metadata_place(place)
        return self

    def secrets(self) -> tuple[str, ...]:
        return (self.api_key.get_secret_value(),)

    @property
    def official(self) -> bool:
        """Whether base_url is Stripe itself and not a server that plays it."""
        return urlsplit(self.base_url).hostname == OFFICIAL_HOST

    @property
    def live(self) -> bool:
        """Whether the key is one of live mode."""
        return "_live_" in self.api_key.get_secret_value()

    @property
    def number_key(self) -> str:
        """The metadata key under which a customer's number is kept."""
        return self.customer_key.removeprefix(METADATA)

    def metadata_key(self, field: str) -> str | None:
        """The metadata key of an optional field; None where it is not configured."""
        default = DEFAULT_CASE_NUMBER if field == "case_number" else None
        place = self.fields.get(field, default)
        return place.removeprefix(METADATA) if place else None


def metadata_place(place: str) -> str:
    """The place itself. Raises ValueError where it is no metadata key, the only place that Stripe leaves to us."""
    key = place.removeprefix(METADATA)
    if not place.startswith(METADATA) or not 0 < len(key) <= LONGEST_METADATA_KEY or set(key) & set("[]'\\\""):
        raise ValueError(f"is not a metadata key of at most {LONGEST_METADATA_KEY} characters, such as metadata.number")
    return place
