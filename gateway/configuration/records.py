"""[records]: which source is the system of record, by kind of record, and for single fields of a customer."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.configuration.problems import Problem, SettingsError

RECORD_ROLES: Mapping[str, tuple[str, ...]] = {
    "customer": ("erp", "crm"),
    "contact": ("crm", "support"),
    "case": ("support",),
    "contract": ("crm",),
    "opportunity": ("crm",),
    "subscription": ("billing",),
    "invoice": ("billing",),
    "payment": ("billing",),
    "credit_memo": ("billing",),
    "dispute": ("billing",),
    "order": ("erp",),
    "ledger": ("erp",),
}
"""The roles whose sources hold a kind of record where the section does not say otherwise, best first."""

SECTION = "records"


class Records(msgspec.Struct, frozen=True):
    """Names of sources, best first."""

    systems: Mapping[str, tuple[str, ...]]
    """By kind of record, e.g. "invoice". Every kind of RECORD_ROLES is there; a tuple may be empty."""
    fields: Mapping[str, tuple[str, ...]]
    """By field of the customer record, e.g. "legal_name": only those that differ from "customer"."""


def read_records(section: Mapping[str, Any], roles: Mapping[str, str]) -> Records:
    """The section over the defaults. `roles`: each configured source's role. Raises SettingsError."""
    systems = {kind: _with_roles(wanted, roles) for kind, wanted in RECORD_ROLES.items()}
    fields: dict[str, tuple[str, ...]] = {}
    for key, value in _flat(section):
        kind, _, field = key.partition(".")
        if kind not in RECORD_ROLES or (field and kind != "customer"):
            raise _wrong(key, f"is not a kind of record; there are {', '.join(RECORD_ROLES)} and customer.FIELD")
        names = _names(key, value, roles)
        if field:
            fields[field] = names
        else:
            systems[kind] = names
    return Records(systems, fields)


def _with_roles(wanted: tuple[str, ...], roles: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for role in wanted for name, has in roles.items() if has == role)


def _flat(section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """customer.legal_name may be written as a quoted key, or as a table where customer itself keeps its default."""
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{field}", names) for field, names in value.items())
        else:
            yield key, value


def _names(key: str, value: Any, roles: Mapping[str, str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _wrong(key, 'is not a list of source names, such as ["erp", "crm"]')
    unknown = next((name for name in value if name not in roles), None)
    if unknown is not None:
        raise _wrong(key, f'names "{unknown}", which is not a configured source; there are {", ".join(roles)}')
    return tuple(value)


def _wrong(key: str, sentence: str) -> SettingsError:
    return SettingsError([Problem(SECTION, key, sentence)])
