"""What is to be mended before a Zendesk account can be read as configured, a sentence each."""

import time
from collections.abc import Awaitable

import msgspec

from sources.faults import Refused, SourceFault
from sources.zendesk import shapes
from sources.zendesk.changes import BEHIND_SECONDS
from sources.zendesk.client import Client
from sources.zendesk.settings import FIELD_FORMS, ZendeskSettings

_ANYTHING = msgspec.json.Decoder(shapes.Anything)
_ORGANIZATION_FIELDS = msgspec.json.Decoder(shapes.OrganizationFields)
_USER_FIELDS = msgspec.json.Decoder(shapes.UserFields)

TOKENS_END = (
    "API tokens end on 2027-04-30: "
    "make an OAuth client and set client_id and client_secret instead of email and api_token"
)


async def problems(client: Client, settings: ZendeskSettings) -> tuple[str, ...]:
    """What is wrong. Raises a SourceFault where the account cannot be reached, which says nothing of the settings."""
    found = [] if settings.email is None else [TOKENS_END]
    # not /users/me: it answers 200 to a caller without a credential
    refused = await _refusal(client.get("tickets/count", _ANYTHING))
    if refused:
        return (*found, f"tickets cannot be read ({refused}): check the credential and its scope, base_url too")
    start = int(time.time()) - BEHIND_SECONDS
    refused = await _refusal(client.get("incremental/tickets/cursor", _ANYTHING, {"start_time": start}))
    if refused:
        found.append(f"changes cannot be read ({refused}): the credential must be an administrator's")
    found += await _fields(client, settings)
    found += [f"fields.{name} is not set: it stays empty" for name in FIELD_FORMS if name not in settings.fields]
    return tuple(found)


async def _fields(client: Client, settings: ZendeskSettings) -> list[str]:
    found = []
    invoices = settings.place("invoice_numbers")
    if invoices and await _refusal(client.get(f"ticket_fields/{invoices}", _ANYTHING)):
        found.append(f"fields.invoice_numbers: the account has no ticket field {invoices}")
    of_organizations = {"customer_key": settings.customer_field} | {
        f"fields.{name}": settings.place(name) for name in ("tier", "vip")
    }
    of_users = {"person_key": settings.person_field, "fields.contact_role": settings.place("contact_role")}
    if any(of_organizations.values()):
        organization_fields, _ = await client.get("organization_fields", _ORGANIZATION_FIELDS, {"page[size]": 100})
        keys = {field.key for field in organization_fields.organization_fields}
        found += _missing("organization", of_organizations, keys)
    if any(of_users.values()):
        user_fields, _ = await client.get("user_fields", _USER_FIELDS, {"page[size]": 100})
        found += _missing("user", of_users, {field.key for field in user_fields.user_fields})
    return found


def _missing(kind: str, configured: dict[str, str | None], keys: set[str]) -> list[str]:
    return [
        f"{setting}: the account has no {kind} field with the key {key}"
        for setting, key in configured.items()
        if key and key not in keys
    ]


async def _refusal(work: Awaitable[object]) -> SourceFault | None:
    try:
        await work
    except Refused as fault:
        return fault
    return None
