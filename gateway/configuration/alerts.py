"""[alerts]: where each role is told of what nobody asked for."""

import base64
import binascii

from pydantic import ConfigDict, SecretStr, field_validator, model_validator

from gateway.configuration.places import why_not
from gateway.configuration.sections import Section

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)  # Source: Standard Webhooks, Signature scheme


class ReceiverSection(Section):
    """A receiver of Standard Webhooks. The secret is what such a receiver gives: base64, with or without whsec_."""

    url: str
    secret: SecretStr

    @field_validator("secret")
    @classmethod
    def _a_key(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value().removeprefix(PREFIX)
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except binascii.Error:
            raise ValueError("is no base64, with or without whsec_ before it") from None
        if len(key) not in SECRET_BYTES:
            raise ValueError(f"has {len(key)} bytes; a key has {SECRET_BYTES[0]} to {SECRET_BYTES[-1]}")
        return secret


class AlertsSection(Section):
    """[alerts]: a receiver for each role, by the role's name. `allow`: hosts that may be private or loopback."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, ReceiverSection]

    allow: tuple[str, ...] = ()

    @property
    def receivers(self) -> dict[str, ReceiverSection]:
        """By role."""
        return self.__pydantic_extra__

    @field_validator("allow")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.strip("[]").lower() for host in hosts)

    @model_validator(mode="after")
    def _places_that_are_allowed(self) -> "AlertsSection":
        for role, receiver in self.receivers.items():
            if refused := why_not(receiver.url, self.allow):
                raise ValueError(f"{role}.url {refused}")
        return self

    def secrets(self) -> tuple[str, ...]:
        """The configured secrets, so that logs and errors can be held against them."""
        return tuple(receiver.secret.get_secret_value() for receiver in self.receivers.values())
