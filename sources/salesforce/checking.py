"""What is to be mended at an organization or in its section of the configuration, a sentence each."""

import asyncio
from collections.abc import Iterator, Mapping

from sources.salesforce.columns import CURRENCY, Columns
from sources.salesforce.settings import SalesforceSettings
from sources.salesforce.shapes import ACCOUNT_FIELDS, CONTRACT_FIELDS, Describe

OBJECTS = ("Account", "Contact", "Contract", "Opportunity")
CHECKBOXES = ("vip", "legal_hold", "credit_hold", "auto_renew")
AMOUNTS = ("credit_cap", "total_value")
TYPES = dict.fromkeys(CHECKBOXES, ("boolean",)) | dict.fromkeys(AMOUNTS, ("currency", "double"))


async def problems(settings: SalesforceSettings, columns: Columns) -> tuple[str, ...]:
    """Describes the four objects in one call. Raises a SourceFault where the organization cannot be reached."""
    described = dict(zip(OBJECTS, await asyncio.gather(*map(columns.description, OBJECTS)), strict=True))
    asked = {name: await columns.of(name) for name in OBJECTS}
    shown = {name: await columns.visible(name) for name in OBJECTS}
    found = [f"the integration user does not see the object {name}" for name in OBJECTS if shown[name] is None]
    for name, visible in shown.items():
        if visible is not None:
            own = {settings.customer_key, *settings.fields.values()}
            found += [
                f"{name} has no field {column} that the integration user sees: it stays null"
                for column in asked[name]
                if column not in visible and column not in own
            ]
    found += _own_fields(settings, described)
    found += _currency(settings, shown["Opportunity"])
    return tuple(found)


def _own_fields(settings: SalesforceSettings, described: Mapping[str, Describe | None]) -> Iterator[str]:
    keys = [("customer_key", settings.customer_key, "Account")]
    keys += [(f"fields.{name}", settings.fields.get(name, ""), "Account") for name in ACCOUNT_FIELDS]
    keys += [(f"fields.{name}", settings.fields.get(name, ""), "Contract") for name in CONTRACT_FIELDS]
    for key, column, entity in keys:
        description = described[entity]
        if not column:
            yield f"{key} is not set: it stays null"
        elif description is not None:
            types = {field.name: field.type for field in description.fields}
            expected = TYPES.get(key.removeprefix("fields."))
            if column not in types:
                yield f"{key} = {column}: {entity} has no such field that the integration user sees"
            elif expected and types[column] not in expected:
                yield f"{key} = {column}: the field is of type {types[column]}, not {' or '.join(expected)}"


def _currency(settings: SalesforceSettings, shown: frozenset[str] | None) -> Iterator[str]:
    if shown is not None and settings.multi_currency is False and CURRENCY in shown:
        yield f"multi_currency = false, but records carry a currency: amounts would be shown as {settings.currency}"
