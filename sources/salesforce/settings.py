"""The [sources.NAME] section of kind "salesforce"."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from sources.canonical.crm import ContractStatus
from sources.plugin import SourceSettings
from sources.salesforce import shapes
from sources.salesforce.shapes import OPTIONAL_FIELDS

FIELD_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,79}$"
"""There are no bind variables in SOQL over REST: a name goes into the query text, so nothing else may be a name."""

ApiName = Annotated[str, StringConstraints(pattern=FIELD_NAME)]
MY_DOMAIN = ".my.salesforce.com"
LIGHTNING = ".lightning.force.com"


class SalesforceSettings(SourceSettings):
    """How a Salesforce organization is reached and where it keeps what it does not have by itself.

    The credential is that of an External Client App with the client credentials flow; the user that the app runs as
    decides what is visible. Source: Salesforce help, OAuth 2.0 Client Credentials Flow.
    """

    kind: str = "salesforce"
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    customer_key: ApiName = "AccountNumber"
    fields: Mapping[str, ApiName] = {}
    api_version: str = Field("v67.0", pattern=r"^v[1-9][0-9]\.0$")
    """Pinned: an organization upgrades by itself three times a year, our shapes do not."""
    multi_currency: Literal["auto"] | bool = "auto"
    """Whether records carry CurrencyIsoCode. "auto" asks the organization once, before the first query."""
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$")
    """The currency of every amount where the organization has only one."""
    person_accounts: bool = False
    """Whether person accounts are switched on; only then IsPersonAccount and PersonEmail exist."""
    contract_statuses: Mapping[str, ContractStatus] = {}
    """What a label of Contract.Status means, where its category (StatusCode) says too little, e.g. a label of its own
    for a contract that was given notice."""
    token_path: str = Field("/services/oauth2/token", pattern=r"^/[A-Za-z0-9/_.-]*$")

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        unknown = sorted(set(fields) - set(OPTIONAL_FIELDS))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not one of {', '.join(OPTIONAL_FIELDS)}")
        return fields

    @model_validator(mode="after")
    def _one_field_one_meaning(self) -> "SalesforceSettings":
        shapes.of(self.customer_key, self.fields)
        return self

    def secrets(self) -> tuple[str, ...]:
        return (self.client_secret.get_secret_value(),)

    def web_origin(self) -> str | None:
        """Where people see the records; None where base_url is no My Domain of Salesforce.

        Source: Salesforce help, My Domain URL formats.
        """
        host = urlsplit(self.base_url).hostname or ""
        if not host.endswith(MY_DOMAIN) or not re.fullmatch(r"[a-z0-9.-]+", host):
            return None
        return f"https://{host.removesuffix(MY_DOMAIN)}{LIGHTNING}"
