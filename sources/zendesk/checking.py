"""What is to be mended before a Zendesk account can be read as configured, a sentence each."""

import time
from collections.abc import Awaitable

import msgspec

from sources.capabilities import MAX_UPSTREAM_PAGES
from sources.faults import Refused, SourceFault
from sources.zendesk import shapes
from sources.zendesk.changes import BEHIND_SECONDS
from sources.zendesk.client import ROWS, Client, Decodes
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
    if not settings.read_only and not await client.may_write():
        found.append("comments cannot be written: scope lacks tickets:write; where that is meant, set read_only = true")
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
    found += await _missing(client, "organization", of_organizations, _ORGANIZATION_FIELDS)
    return found + await _missing(client, "user", of_users, _USER_FIELDS)


async def _missing(
    client: Client,
    kind: str,
    configured: dict[str, str | None],
    decoder: Decodes[shapes.OrganizationFields | shapes.UserFields],
) -> list[str]:
    """Which configured fields the account has not; where its fields cannot be read, that."""
    if not any(configured.values()):
        return []
    try:
        keys = await _keys(client, f"{kind}_fields", decoder)
    except Refused as fault:
        return [f"the {kind} fields cannot be read ({fault}): whether those that are configured exist is not known"]
    return [
        f"{setting}: the account has no {kind} field with the key {key}"
        for setting, key in configured.items()
        if key and key not in keys
    ]


async def _keys(client: Client, path: str, decoder: Decodes[shapes.OrganizationFields | shapes.UserFields]) -> set[str]:
    keys: set[str] = set()
    params: dict[str, str | int] = {"page[size]": ROWS}
    for _ in range(MAX_UPSTREAM_PAGES):
        page, _at = await client.get(path, decoder, params)
        keys.update(field.key for field in page.fields)
        if not page.meta.has_more or page.meta.after_cursor is None:
            break
        params["page[after]"] = page.meta.after_cursor
    return keys


async def _refusal(work: Awaitable[object]) -> SourceFault | None:
    try:
        await work
    except Refused as fault:
        return fault
    return None
