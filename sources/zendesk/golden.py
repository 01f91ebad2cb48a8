"""Maps one golden example: the vendor's JSON in, the canonical record out, with settings that have every field."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from sources.canonical.provenance import Origin
from sources.zendesk import shapes
from sources.zendesk.mapping import Mapper
from sources.zendesk.settings import ZendeskSettings

READ_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SETTINGS = ZendeskSettings.model_validate(
    {
        "kind": "zendesk",
        "base_url": "https://acme.zendesk.com",
        "client_id": "example",
        "client_secret": "example",
        "fields": {
            "invoice_numbers": "custom_field_36001",
            "tier": "organization_fields.tier",
            "vip": "organization_fields.vip",
            "contact_role": "user_fields.job_title",
        },
    }
)


class CaseExample(msgspec.Struct, frozen=True):
    """A ticket with what is read beside it."""

    ticket: shapes.TicketWithFields
    users: tuple[shapes.NamedUser, ...] = ()
    custom_statuses: tuple[shapes.CustomStatus, ...] = ()


class MessageExample(msgspec.Struct, frozen=True):
    """A comment with its author."""

    comment: shapes.Comment
    users: tuple[shapes.NamedUser, ...] = ()


def map_example(type: str, input: bytes, origin: Origin) -> Any:
    """`type` is customer, person, contact, case or message."""
    return _MAPPED[type](Mapper(SETTINGS, origin), input)


def _case(mapper: Mapper, input: bytes) -> Any:
    example = msgspec.json.decode(input, type=CaseExample)
    statuses = {status.id: status for status in example.custom_statuses}
    return mapper.case(example.ticket, {user.id: user for user in example.users}, statuses, READ_AT)


def _message(mapper: Mapper, input: bytes) -> Any:
    example = msgspec.json.decode(input, type=MessageExample)
    return mapper.message(example.comment, {user.id: user for user in example.users})


_MAPPED: dict[str, Callable[[Mapper, bytes], Any]] = {
    "customer": lambda mapper, input: mapper.organization(msgspec.json.decode(input, type=shapes.Organization)),
    "person": lambda mapper, input: mapper.person(msgspec.json.decode(input, type=shapes.User)),
    "contact": lambda mapper, input: mapper.contact(msgspec.json.decode(input, type=shapes.User), READ_AT),
    "case": _case,
    "message": _message,
}
