"""The keys of a [sources.NAME] section of kind "zendesk"."""

import re
from collections.abc import Mapping

from pydantic import ConfigDict, SecretStr, field_validator, model_validator

from sources.plugin import SourceSettings

FIELD_FORMS = {
    "invoice_numbers": re.compile(r"custom_field_(\d+)"),  # a ticket field
    "tier": re.compile(r"organization_fields\.(\w+)"),  # for a person, the user field of the same key
    "vip": re.compile(r"organization_fields\.(\w+)"),
    "contact_role": re.compile(r"user_fields\.(\w+)"),
}
CUSTOMER_KEY = re.compile(r"organization\.(?:external_id|organization_fields\.(\w+))")
PERSON_KEY = re.compile(r"user\.(?:external_id|user_fields\.(\w+))")


class ZendeskSettings(SourceSettings):
    """How one Zendesk Support account is reached and read.

    OAuth client credentials are `client_id` and `client_secret`; `email` and `api_token` are the older way, which
    ends on 2027-04-30. One of the two, never both.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    customer_key: str = "organization.external_id"
    person_key: str = "user.external_id"
    """Where a person that is a customer of its own keeps its number; empty: persons are not customers here."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scope: str | None = None
    """What the OAuth client asks to be allowed; unset, what is needed: read_only decides whether that is writing."""
    email: str | None = None
    api_token: SecretStr | None = None
    sla: bool = True
    """Whether service levels are asked for with the tickets; they make the answers larger."""

    @field_validator("customer_key")
    @classmethod
    def _a_key_of_an_organization(cls, key: str) -> str:
        if not CUSTOMER_KEY.fullmatch(key):
            raise ValueError('is neither "organization.external_id" nor "organization.organization_fields.<key>"')
        return key

    @field_validator("person_key")
    @classmethod
    def _a_key_of_a_user(cls, key: str) -> str:
        if key and not PERSON_KEY.fullmatch(key):
            raise ValueError('is neither "user.external_id" nor "user.user_fields.<key>" nor empty')
        return key

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        for name, place in fields.items():
            form = FIELD_FORMS.get(name)
            if form is None:
                raise ValueError(f"has {name}, which is none of {', '.join(FIELD_FORMS)}")
            if not form.fullmatch(place):
                raise ValueError(f"has {name} at a place that is not of the form {form.pattern}")
        return fields

    @model_validator(mode="after")
    def _one_credential(self) -> "ZendeskSettings":
        oauth = self.client_id is not None and self.client_secret is not None
        basic = self.email is not None and self.api_token is not None
        if oauth == basic:
            raise ValueError("needs either client_id and client_secret, or email and api_token")
        return self

    @property
    def asked_scope(self) -> str:
        """The scope of the token that is asked for. Audits need all of "read". Source: Zendesk, Ticket audits."""
        return self.scope or ("read" if self.read_only else "read tickets:write")

    def secrets(self) -> tuple[str, ...]:
        return tuple(secret.get_secret_value() for secret in (self.client_secret, self.api_token) if secret)

    def place(self, field: str) -> str | None:
        """The id or key at which an optional field is kept; None where it is not configured."""
        configured = self.fields.get(field)
        match = FIELD_FORMS[field].fullmatch(configured) if configured else None
        return match[1] if match else None

    @property
    def customer_field(self) -> str | None:
        """The key of the organization field that holds the customer's number; None: it is the external id."""
        match = CUSTOMER_KEY.fullmatch(self.customer_key)
        return match[1] if match else None

    @property
    def person_field(self) -> str | None:
        """The key of the user field that holds a person's customer number; None: it is the external id."""
        match = PERSON_KEY.fullmatch(self.person_key)
        return match[1] if match else None
