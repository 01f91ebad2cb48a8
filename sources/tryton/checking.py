"""What is to be mended before a Tryton database serves as a source."""

from collections.abc import Sequence

from sources.faults import NotOffered, Refused
from sources.tryton import shapes
from sources.tryton.client import Client, NotAllowed
from sources.tryton.mapping import PARTY
from sources.tryton.settings import OPTIONAL_FIELDS, TrytonSettings

# What is read, and what is missing without it.
READ = {
    PARTY: "customers",
    "account.invoice": "invoices, credit memos and the ledger",
    "sale.sale": "orders",
    "account.dunning": "the credit hold",
}


NULL_IF_UNSET = tuple(name for name in OPTIONAL_FIELDS if name != "credit_hold")  # that one is derived where unset


async def complaints(settings: TrytonSettings, client: Client) -> tuple[str, ...]:
    """A sentence for each thing to mend. Raises a SourceFault where the database cannot be asked at all."""
    try:
        await client.company()
    except Refused as fault:
        return (f"{fault.reason}: check base_url, key and company",)
    found = [complaint for model, what in READ.items() if (complaint := await _unreadable(client, model, what))]
    return (*found, *await _fields(settings, client))


async def _unreadable(client: Client, model: str, what: str) -> str | None:
    try:
        await client.search(model, [], shapes.Shape, ["id"], limit=1)
    except NotAllowed:
        return f"the key's user may not read {model}: {what} will be missing; add the user to a group that may"
    except NotOffered:
        return f"this server has no {model}: {what} will be missing; activate the module"
    return None


async def _fields(settings: TrytonSettings, client: Client) -> Sequence[str]:
    found = [f"fields.{name} is not set: it will be null" for name in NULL_IF_UNSET if name not in settings.fields]
    for name, place in settings.fields.items():
        wanted = "relations.type.name" if name == "parent_relation" else place
        try:
            await client.search(PARTY, [], shapes.Shape, [wanted], limit=1)
        except (NotOffered, NotAllowed) as fault:
            found.append(f'fields.{name} = "{place}": {fault.reason}')
    return found
